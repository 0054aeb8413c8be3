"""Looks at posture checks in one account and Region, and mends one by one call.

The connection is one inside the account. What several checks need is read once; what cannot be
read is unknown, with the reason.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from orgrollout.aws.member_accounts.flow_logs_within import Within
from orgrollout.aws.remediation import resource_keys, with_exceptions
from orgrollout.aws.transport.connection import Connection
from orgrollout.drift import posture
from orgrollout.drift.posture import (
    ComplianceFact,
    DeliveryFact,
    FlowLogFact,
    RecorderFact,
    RuleFact,
)
from orgrollout.errors import (
    AwsError,
    InvalidCredentialsError,
    MissingCredentialsError,
    NotStartedError,
    PassingError,
    ReadOnlyError,
)
from orgrollout.manifest.template.content import content_digest
from orgrollout.model.ids import Digest
from orgrollout.model.posture import (
    CONFIG_COMPLIANCE,
    CONFIG_DELIVERY,
    CONFIG_RECORDER,
    CONFIG_RULE,
    DESTINATION,
    DIGEST,
    REMEDIATION,
    SSM_DOCUMENT,
    STACK,
    VPC_FLOW_LOGS,
    PostureCheck,
    PostureSeen,
    PostureState,
    mended_by,
)

T = TypeVar("T")
MOST_SUBJECTS = 100  # resource keys of one StartRemediationExecution (AWS Config API reference)
_NOBODY = (MissingCredentialsError, ReadOnlyError)  # could look at anything
_JUST_NOW = (InvalidCredentialsError, PassingError)
_NO_RULE = "NoSuchConfigRuleException"
# Of StartConfigRulesEvaluation: "if an evaluation is in progress or if you call it more than once
# per minute", and another one that is in progress.
_AT_IT = {"LimitExceededException", "ResourceInUseException"}
_FAILED = {"failure", "failed"}


def look(connection: Connection, check: PostureCheck) -> PostureSeen:
    """Return how a check stands where the connection leads to.

    Raises:
        MissingCredentialsError, InvalidCredentialsError: There is nobody who could look.
        PassingError: Nobody can look just now.
    """
    return Looking(connection, raises=(*_NOBODY, *_JUST_NOW)).look(check)


def mend(connection: Connection, check: PostureCheck, seen: PostureSeen) -> str:
    """Send the one call that mends a broken check, and return its name, service:Operation.

    What it starts ends later: look again. At most 100 resources are handed over at a time. What
    runs already need not be started; that AWS Config then says so is documented, its words are not
    (StartRemediationExecution, FailureMessage).

    Raises:
        ValueError: Nothing is broken that a call mends.
        NotStartedError: AWS Config took it and did not start everything, as where it is at it.
        AwsError: One of its other kinds.
    """
    call = mended_by(check, seen.subjects) if seen.state is PostureState.BROKEN else None
    if call is None:
        raise ValueError(f"no call mends {check.label}: {seen.reason}")
    service, _, operation = call.partition(":")
    subjects = seen.subjects[:MOST_SUBJECTS]
    answer = connection.call(service, operation, _request(check, subjects))
    if failed := [each["resourceId"] for each in answer.get("FailedItems") or ()]:
        said = answer.get("FailureMessage") or "no reason given"
        error = NotStartedError(call, f"not started for {', '.join(failed)}: {said}")
        error.resources = tuple(failed)
        raise error
    return call


def evaluate(connection: Connection, rule: str) -> None:
    """Let a rule be evaluated, unless that is under way, or was asked for within a minute.

    Raises:
        AwsError: One of its other kinds.
    """
    try:
        connection.call("config", "StartConfigRulesEvaluation", {"ConfigRuleNames": [rule]})
    except AwsError as error:
        if error.code not in _AT_IT:
            raise


def _request(check: PostureCheck, subjects: tuple[str, ...]) -> dict[str, Any]:
    if check.name == CONFIG_RECORDER:
        return {"ConfigurationRecorderName": subjects[0]}
    if check.name == CONFIG_RULE:
        return {"ConfigRuleNames": list(subjects)}
    return {
        "ConfigRuleName": check.arguments["rule"],
        "ResourceKeys": resource_keys(check, subjects),
    }


class Looking:
    """Looks at several checks of one account and Region, and reads nothing twice."""

    def __init__(
        self, connection: Connection, *, raises: tuple[type[AwsError], ...] = _NOBODY
    ) -> None:
        """Look through ``connection``; errors that ``raises`` leaves out make it unknown."""
        self._connection = connection
        self._raises = raises
        self._checks: Mapping[str, Callable[[Mapping[str, str]], PostureSeen]] = {
            CONFIG_RECORDER: self._recorder,
            CONFIG_DELIVERY: self._delivery,
            CONFIG_RULE: self._rule,
            CONFIG_COMPLIANCE: self._compliance,
            SSM_DOCUMENT: self._document,
            VPC_FLOW_LOGS: self._flow_logs,
        }

    def look(self, check: PostureCheck) -> PostureSeen:
        """Return how a check stands."""
        for name, value in check.arguments.items():
            if "{{resolve:" in value:
                return posture.unknown(f"the value of {name} is known to CloudFormation alone")
        try:
            return self._with_exceptions(check, self._checks[check.name](check.arguments))
        except self._raises:
            raise
        except AwsError as error:
            return posture.unseen(str(error))

    def _with_exceptions(self, check: PostureCheck, seen: PostureSeen) -> PostureSeen:
        """Return how a check stands, with what AWS Config is told not to remediate."""
        if not seen.parts or mended_by(check, seen.subjects) != REMEDIATION:
            return seen
        now = self._connection.clock.now()
        checked = with_exceptions(self._connection, check, seen, now)
        return replace(checked, evaluated=seen.evaluated)

    def _recorder(self, arguments: Mapping[str, str]) -> PostureSeen:
        answer = self._once("config", "DescribeConfigurationRecorderStatus")
        found = [
            RecorderFact(
                name=each["name"],
                recording=bool(each.get("recording")),
                failure=_failure(each),
            )
            for each in answer.get("ConfigurationRecordersStatus", ())
            if not each.get("servicePrincipal")  # those belong to other services
        ]
        return posture.recorder(found, arguments.get("recorder"))

    def _delivery(self, arguments: Mapping[str, str]) -> PostureSeen:
        answer = self._once("config", "DescribeDeliveryChannelStatus")
        found = [_delivery_fact(each) for each in answer.get("DeliveryChannelsStatus", ())]
        return posture.delivery(found, arguments.get("channel"))

    def _rule(self, arguments: Mapping[str, str]) -> PostureSeen:
        return posture.rule(self._rule_fact(arguments["rule"]), arguments["rule"])

    def _rule_fact(self, name: str) -> RuleFact | None:
        asked = {"ConfigRuleNames": [name]}
        rules = self._unless(_NO_RULE, lambda: self._once("config", "DescribeConfigRules", asked))
        if not rules or not rules.get("ConfigRules"):
            return None
        answer = self._once("config", "DescribeConfigRuleEvaluationStatus", asked)
        told = next(iter(answer.get("ConfigRulesEvaluationStatus", ())), None)
        status = told or {}
        return RuleFact(
            name=name,
            state=rules["ConfigRules"][0].get("ConfigRuleState", "ACTIVE"),
            told=told is not None,
            succeeded=status.get("LastSuccessfulEvaluationTime"),
            failed=status.get("LastFailedEvaluationTime"),
            failure=_words(status.get("LastErrorCode"), status.get("LastErrorMessage")),
        )

    def _compliance(self, arguments: Mapping[str, str]) -> PostureSeen:
        name = arguments["rule"]
        return posture.compliance(self._unless(_NO_RULE, lambda: self._compliance_fact(name)), name)

    def _compliance_fact(self, name: str) -> ComplianceFact | None:
        asked = {"ConfigRuleNames": [name]}
        answer = self._once("config", "DescribeComplianceByConfigRule", asked)
        found = next(iter(answer.get("ComplianceByConfigRules", ())), None)
        if found is None:
            return None
        kind = found.get("Compliance", {}).get("ComplianceType", "INSUFFICIENT_DATA")
        if kind != "NON_COMPLIANT":
            return ComplianceFact(compliance=kind)
        results = list(self._failing(name))
        times = [
            each["ConfigRuleInvokedTime"] for each in results if "ConfigRuleInvokedTime" in each
        ]
        return ComplianceFact(
            compliance=kind,
            failing=tuple(map(_resource, results)),
            evaluated=max(times, default=None),
        )

    def _failing(self, rule: str) -> Iterator[dict[str, Any]]:
        asked = {"ConfigRuleName": rule, "ComplianceTypes": ["NON_COMPLIANT"], "Limit": 100}
        operation, items = "GetComplianceDetailsByConfigRule", "EvaluationResults"
        yield from self._connection.pages("config", operation, asked, items)

    def _document(self, arguments: Mapping[str, str]) -> PostureSeen:
        resource, stack = arguments["resource"], arguments.get(STACK)
        if not stack:
            return posture.unknown("its stack is not known")
        if DIGEST not in arguments:
            return posture.unknown(f"what the template means {resource} to hold is not known here")
        asked = {"StackName": stack, "LogicalResourceId": resource}
        answer = self._once("cloudformation", "DescribeStackResource", asked)
        name = answer["StackResourceDetail"].get("PhysicalResourceId", "")
        return posture.document(
            self._unless("InvalidDocument", lambda: self._content(name)),
            Digest(arguments[DIGEST]),
            name or resource,
        )

    def _content(self, name: str) -> Digest:
        answer = self._once("ssm", "GetDocument", {"Name": name, "DocumentFormat": "JSON"})
        try:
            return content_digest(json.loads(answer.get("Content", "")))
        except json.JSONDecodeError:
            return content_digest(answer.get("Content", ""))

    def _flow_logs(self, arguments: Mapping[str, str]) -> PostureSeen:
        vpcs = self._pages("DescribeVpcs", "Vpcs", MaxResults=1000)
        own = [
            each["VpcId"]
            for each in vpcs
            # A subnet that another account shares shows the VPC too; its owner logs it.
            if each.get("OwnerId", self._connection.account) == self._connection.account
        ]
        logs = self._pages("DescribeFlowLogs", "FlowLogs", MaxResults=1000) if own else []
        facts, where = [_flow_log(each) for each in logs], arguments.get(DESTINATION, "")
        within = Within(self._pages).of(facts)
        return posture.flow_logs(own, facts, arguments["traffic"], where, within)

    def _pages(self, operation: str, items: str, **asked: Any) -> list[dict[str, Any]]:
        def ask() -> list[dict[str, Any]]:
            return list(self._connection.pages("ec2", operation, asked, items))

        found: list[dict[str, Any]] = self._connection.once(operation, ask)
        return found

    def _once(
        self, service: str, operation: str, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the answer to a request that is sent once, however many checks need it."""
        key = f"{operation} {json.dumps(parameters)}"
        found: dict[str, Any] = self._connection.once(
            key, lambda: self._connection.call(service, operation, parameters)
        )
        return found

    @staticmethod
    def _unless(code: str, ask: Callable[[], T]) -> T | None:
        """Return what was asked for, or nothing where AWS says that there is no such thing."""
        try:
            return ask()
        except AwsError as error:
            if error.code == code:
                return None
            raise


def _resource(result: Mapping[str, Any]) -> str:
    qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    return str(qualifier["ResourceId"])


def _flow_log(found: Mapping[str, Any]) -> FlowLogFact:
    failed = found.get("DeliverLogsStatus") == "FAILED"
    why = found.get("DeliverLogsErrorMessage") or "it cannot deliver"
    return FlowLogFact(
        id=found["FlowLogId"],
        vpc=found.get("ResourceId", ""),
        traffic=found.get("TrafficType", ""),
        status=found.get("FlowLogStatus", ""),
        failure=why if failed else "",
        destination=found.get("LogGroupName") or found.get("LogDestination") or "",
    )


def _delivery_fact(found: Mapping[str, Any]) -> DeliveryFact:
    # The stream goes to SNS, where there is a topic; what counts is what reaches the bucket.
    kinds = ("configHistoryDeliveryInfo", "configSnapshotDeliveryInfo")
    infos = [found.get(kind) or {} for kind in kinds]
    failures = [why for why in map(_failure, infos) if why]
    return DeliveryFact(
        name=found["name"],
        delivered=any(str(each.get("lastStatus", "")).lower() == "success" for each in infos),
        failure=failures[0] if failures else "",
    )


def _failure(found: Mapping[str, Any]) -> str:
    """Return why the last attempt failed. The API's model writes Failure, and answers FAILURE."""
    if str(found.get("lastStatus", "")).lower() not in _FAILED:
        return ""
    return _words(found.get("lastErrorCode"), found.get("lastErrorMessage")) or "no reason given"


def _words(code: str | None, message: str | None) -> str:
    return ": ".join(part for part in (code, message) if part)
