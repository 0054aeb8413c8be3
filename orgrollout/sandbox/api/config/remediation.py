"""Remediations of AWS Config that are started by hand, and what the runbook does.

Of runbooks, the one for VPC flow logs is carried out, as far as its parameters say where
flow logs go; any other ends FAILED and says so.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from moto.ec2.models import ec2_backends
from moto.logs.models import logs_backends
from moto.ssm.models import ssm_backends

from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.faults.rules import Faults
from orgrollout.sandbox.moto.resource_errors import AWS_ERRORS, message_of
from orgrollout.sandbox.moto.resource_types import REMEDIATIONS
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.operation_runner import spread
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
Key = tuple[str, str, str, str]
"""(account, Region, rule, resource id)."""
_TAG = "orgrollout:name-prefix"
UNKNOWN = "The sandbox carries out only a runbook for VPC flow logs (VpcId, Destination)."


@dataclass(slots=True, kw_only=True)
class Run:
    """One execution of a runbook for one resource."""

    id: str
    resource: dict[str, str]
    invoked: datetime
    updated: datetime
    state: str = "QUEUED"
    error: str | None = None


class RemediationApi:
    """StartRemediationExecution and how it goes."""

    def __init__(
        self,
        timeline: Timeline,
        settings: Settings,
        faults: Faults,
        told: Callable[[tuple[str, str], str, str], None],
    ) -> None:
        """``told`` learns of each flow log that is made: where, the VPC, and its id."""
        self._timeline = timeline
        self._settings = settings
        self._faults = faults
        self._told = told
        self._executions: dict[Key, Run] = {}
        self._exceptions: dict[Key, Answer] = {}

    def start_remediation_execution(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Begin to remediate resources; one whose remediation runs is a failed item."""
        rule = params["ConfigRuleName"]
        configuration = _configuration(caller, rule)
        failed = []
        for resource in params["ResourceKeys"]:
            key = (caller.account, caller.region, rule, resource["resourceId"])
            known = self._executions.get(key)
            if known is not None and known.state in ("QUEUED", "IN_PROGRESS"):
                failed.append(resource)
            else:
                self._begin(key, dict(resource), configuration)
        message = "A remediation of the resource is in progress." if failed else None
        return {"FailureMessage": message, "FailedItems": failed}

    def describe_remediation_execution_status(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the status of the newest remediation of each resource."""
        rule = params["ConfigRuleName"]
        _configuration(caller, rule)
        place = (caller.account, caller.region, rule)
        wanted = {each["resourceId"] for each in params.get("ResourceKeys") or ()}
        found = [
            _view(each)
            for key, each in self._executions.items()
            if key[:3] == place and (not wanted or key[3] in wanted)
        ]
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit")}
        items, token = responses.page(found, paging)
        return {"RemediationExecutionStatuses": items, "NextToken": token}

    def put_remediation_exceptions(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Except resources from a rule's remediation."""
        if not all(each.get("ResourceId") for each in params["ResourceKeys"]):
            raise ApiError("InvalidParameterValueException", "A resource key has no ResourceId.")
        for each in params["ResourceKeys"]:
            key = (caller.account, caller.region, params["ConfigRuleName"], each["ResourceId"])
            self._exceptions[key] = {
                "ConfigRuleName": params["ConfigRuleName"],
                **each,
                **{k: params[k] for k in ("Message", "ExpirationTime") if params.get(k)},
            }
        return {"FailedBatches": []}

    def delete_remediation_exceptions(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Remove the exceptions of resources; those without one are failed items."""
        rule, failed = params["ConfigRuleName"], []
        for each in params["ResourceKeys"]:
            key = (caller.account, caller.region, rule, each.get("ResourceId", ""))
            if self._exceptions.pop(key, None) is None:
                failed.append(dict(each))
        message = "There is no such remediation exception."
        batches = [{"FailureMessage": message, "FailedItems": failed}] if failed else []
        return {"FailedBatches": batches}

    def describe_remediation_exceptions(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Return the exceptions of a rule's remediation, without those that have expired."""
        place = (caller.account, caller.region, params["ConfigRuleName"])
        wanted = {each["ResourceId"] for each in params.get("ResourceKeys") or ()}
        found = [
            each
            for key, each in self._exceptions.items()
            if key[:3] == place and (not wanted or key[3] in wanted) and self._holds(each)
        ]
        paging = {"NextToken": params.get("NextToken"), "MaxResults": params.get("Limit")}
        items, token = responses.page(found, paging)
        return {"RemediationExceptions": items, "NextToken": token}

    def runs(self, account: str, region: str) -> list[Run]:
        """Return the newest execution of each resource in an account and Region."""
        return [run for key, run in self._executions.items() if key[:2] == (account, region)]

    def _holds(self, exception: Mapping[str, Any]) -> bool:
        until = exception.get("ExpirationTime")
        if isinstance(until, int | float):
            until = datetime.fromtimestamp(until, UTC)
        return until is None or self._timeline.now() < until

    def _begin(self, key: Key, resource: dict[str, str], configuration: Mapping[str, Any]) -> None:
        now = self._timeline.now()
        made = Run(id=_id(key, now), resource=resource, invoked=now, updated=now)
        self._executions[key] = made
        taken = spread(self._settings, self._settings.remediation_duration, *key)
        started = now + timedelta(seconds=1)
        self._timeline.at(started, partial(_to_state, made, "IN_PROGRESS", started))
        ended = started + taken
        self._timeline.at(ended, partial(self._end, key, made, configuration))

    def _end(self, key: Key, made: Run, configuration: Mapping[str, Any]) -> None:
        account, region, rule, resource = key
        fault = self._faults.for_remediation(rule, account, region)
        error = fault.reason if fault is not None else ""
        if not error:
            logs = ec2_backends[account][region].flow_logs
            before = set(logs)
            error = _carry_out((account, region), resource, configuration)
            for made_log in set(logs) - before:
                self._told((account, region), resource, made_log)
        made.error = error or None
        _to_state(made, "FAILED" if error else "SUCCEEDED", self._timeline.now())


def _id(key: Key, moment: datetime) -> str:
    """Return an id in the form that Systems Manager gives them: the same for the same run."""
    return str(uuid5(NAMESPACE_OID, f"{'/'.join(key)} {moment.isoformat()}"))


def _to_state(made: Run, state: str, moment: datetime) -> None:
    made.state, made.updated = state, moment


def _configuration(caller: Caller, rule: str) -> Mapping[str, Any]:
    found = REMEDIATIONS.get((caller.account, caller.region), {}).get(rule)
    if found is None:
        message = f"No RemediationConfiguration for rule exists: {rule}"
        raise ApiError("NoSuchRemediationConfigurationException", message)
    return found


def _view(made: Run) -> Answer:
    step = {
        "Name": "EnsureFlowLog",
        "State": "PENDING" if made.state == "QUEUED" else made.state,
        "ErrorMessage": made.error,
        "StartTime": made.invoked,
    }
    return {
        "ResourceKey": made.resource,
        "State": made.state,
        "StepDetails": [{k: v for k, v in step.items() if v is not None}],
        "InvocationTime": made.invoked,
        "LastUpdatedTime": made.updated,
    }


def _carry_out(place: tuple[str, str], vpc: str, configuration: Mapping[str, Any]) -> str:
    """Give a VPC a flow log as the runbook says, and return why that failed, if it did."""
    ssm: Any = ssm_backends[place[0]][place[1]]
    ec2 = ec2_backends[place[0]][place[1]]
    try:
        document = ssm.get_document(str(configuration["TargetId"]), None, None, "JSON")
    except AWS_ERRORS as error:
        return message_of(error)
    values = _defaults(document["Content"])
    if not {"VpcId", "Destination", "TrafficType"} <= values.keys():
        return UNKNOWN
    wanted = (values["TrafficType"], "ALL")
    only_there = values.get("OtherFlowLogs") == "ignore"
    there = (values.get("BucketArn"), f"{values.get('LogGroupPrefix')}/{vpc}")
    _delete_outdated(ec2, vpc, values, there)
    for log in ec2.flow_logs.values():
        is_there = log.log_destination in there or log.log_group_name in there
        covers = log.resource_id == vpc and log.traffic_type in wanted
        if covers and (is_there or not only_there):
            return ""
    try:
        return _create(place, vpc, values)
    except AWS_ERRORS as error:
        return message_of(error)


def _delete_outdated(ec2: Any, vpc: str, values: Mapping[str, str], there: Collection[Any]) -> None:
    """Delete the flow logs that the runbook made for the VPC with other settings."""
    wanted = (values["TrafficType"], values.get("MaxAggregationInterval") or "600")
    for log in list(ec2.flow_logs.values()):
        tags = {each["key"]: each["value"] for each in log.get_tags()}
        is_ours = tags.get(_TAG) == values.get("NamePrefix", "")
        has = (log.traffic_type, str(log.max_aggregation_interval))
        same = has == wanted and log.log_format.split() == values.get("LogFormat", "").split()
        is_there = log.log_destination in there or log.log_group_name in there
        if log.resource_id == vpc and is_ours and not (same and is_there):
            ec2.delete_flow_logs([log.id])


def _create(place: tuple[str, str], vpc: str, values: Mapping[str, str]) -> str:
    in_logs = values["Destination"] == "cloud-watch-logs"
    group = f"{values.get('LogGroupPrefix', '')}/{vpc}" if in_logs else None
    if group is not None and group not in logs_backends[place[0]][place[1]].groups:
        logs_backends[place[0]][place[1]].create_log_group(group, {})
    arguments: dict[str, Any] = {
        "resource_type": "VPC",
        "resource_ids": [vpc],
        "traffic_type": values["TrafficType"],
        "deliver_logs_permission_arn": values.get("DeliveryRoleArn") if in_logs else None,
        "log_destination_type": values["Destination"],
        "log_destination": None if in_logs else values.get("BucketArn"),
        "log_group_name": group,
        "log_format": values.get("LogFormat"),
        "max_aggregation_interval": int(values.get("MaxAggregationInterval") or 600),
    }
    made, refused = ec2_backends[place[0]][place[1]].create_flow_logs(**arguments)
    for log in made:
        log.add_tags({_TAG: values.get("NamePrefix", "")})
    return "; ".join(str(message) for _, _, message in refused)


def _defaults(content: str) -> dict[str, str]:
    parameters = json.loads(content).get("parameters") or {}
    return {name: str(each.get("default", "")) for name, each in parameters.items()}
