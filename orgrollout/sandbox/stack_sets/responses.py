"""Records in the words of the API: what Describe and List answer, page by page."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import islice
from typing import Any

from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.records import NO_GATE, Operation, Result, StackInstance, StackSet

MAX_PAGE = 100
GATE = "AWSCloudFormationStackSetAccountGate"


def page(
    items: Iterable[Any], params: Mapping[str, Any], *, largest: int = MAX_PAGE
) -> tuple[list[Any], str | None]:
    """Return one page of ``items`` and the token of the next.

    Raises:
        ApiError: ValidationError, for a MaxResults out of range or a foreign token.
    """
    size = int(params.get("MaxResults") or largest)
    if not 1 <= size <= largest:
        raise validation(f"MaxResults must be between 1 and {largest}")
    start = _offset(params.get("NextToken"))
    found = list(islice(items, start, start + size + 1))
    token = None if len(found) <= size else _token(start + size)
    return found[:size], token


_QUESTION: ContextVar[str] = ContextVar("question", default="")


@contextmanager
def asked(operation: str, account: str, region: str, params: Mapping[str, Any]) -> Iterator[None]:
    """Bind the tokens of pages to the call: another operation, filter or caller refuses them."""
    kept = {k: v for k, v in params.items() if k not in ("NextToken", "MaxResults", "Limit")}
    text = json.dumps([operation, account, region, kept], sort_keys=True, default=str)
    before = _QUESTION.set(hashlib.sha256(text.encode()).hexdigest()[:16])
    try:
        yield
    finally:
        _QUESTION.reset(before)


def _token(start: int) -> str:
    return base64.b64encode(f"{start} {_QUESTION.get()}".encode()).decode()


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        text = base64.b64decode(token.encode(), validate=True).decode()
    except ValueError as error:
        raise validation("NextToken is not valid") from error
    number, _, question = text.partition(" ")
    if question != _QUESTION.get() or not number.isdecimal():
        raise validation("NextToken is not valid")
    return int(number)


def key_values(values: Mapping[str, str], key: str, value: str) -> list[dict[str, str]]:
    """Return a mapping as a list of pairs."""
    return [{key: k, value: v} for k, v in values.items()]


def parameters(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return parameters as the API lists them."""
    return key_values(values, "ParameterKey", "ParameterValue")


def _auto_deployment(stack_set: StackSet) -> dict[str, Any] | None:
    if stack_set.permission_model != "SERVICE_MANAGED":
        return None
    return stack_set.auto_deployment or {"Enabled": False}


def stack_set_view(stack_set: StackSet) -> dict[str, Any]:
    """Return the ``StackSet`` structure."""
    definition = stack_set.definition
    instances = stack_set.instances.values()
    service_managed = stack_set.permission_model == "SERVICE_MANAGED"
    units = dict.fromkeys(i.unit_id for i in instances if i.unit_id) if service_managed else None
    return {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "Description": stack_set.description,
        "Status": stack_set.status,
        "TemplateBody": definition.template_body,
        "Parameters": parameters(definition.parameters),
        "Capabilities": definition.capabilities,
        "Tags": key_values(definition.tags, "Key", "Value"),
        "StackSetARN": stack_set.arn,
        "AdministrationRoleARN": stack_set.administration_role_arn,
        "ExecutionRoleName": stack_set.execution_role_name,
        "StackSetDriftDetectionDetails": stack_set.drift,
        "AutoDeployment": _auto_deployment(stack_set),
        "PermissionModel": stack_set.permission_model,
        "OrganizationalUnitIds": None if units is None else list(units),
        "ManagedExecution": {"Active": stack_set.managed_execution},
        "Regions": list(dict.fromkeys(i.region for i in instances)),
    }


def stack_set_summary(stack_set: StackSet) -> dict[str, Any]:
    """Return the ``StackSetSummary`` structure."""
    drift = stack_set.drift or {}
    return {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "Description": stack_set.description,
        "Status": stack_set.status,
        "AutoDeployment": _auto_deployment(stack_set),
        "PermissionModel": stack_set.permission_model,
        "DriftStatus": drift.get("DriftStatus", "NOT_CHECKED"),
        "LastDriftCheckTimestamp": drift.get("LastDriftCheckTimestamp"),
        "ManagedExecution": {"Active": stack_set.managed_execution},
    }


def instance_summary(stack_set: StackSet, instance: StackInstance) -> dict[str, Any]:
    """Return the ``StackInstanceSummary`` structure."""
    return {
        "StackSetId": stack_set.id,
        "Region": instance.region,
        "Account": instance.account,
        "StackId": instance.stack_id,
        "Status": instance.status,
        "StatusReason": instance.reason,
        "StackInstanceStatus": {"DetailedStatus": instance.detailed_status},
        "OrganizationalUnitId": instance.unit_id,
        "DriftStatus": instance.drift_status,
        "LastDriftCheckTimestamp": instance.drift_checked,
        "LastOperationId": instance.last_operation_id,
    }


def instance_view(stack_set: StackSet, instance: StackInstance) -> dict[str, Any]:
    """Return the ``StackInstance`` structure: the summary and the overrides."""
    overrides = parameters(instance.overrides)
    return {**instance_summary(stack_set, instance), "ParameterOverrides": overrides}


def operation_summary(operation: Operation) -> dict[str, Any]:
    """Return the ``StackSetOperationSummary`` structure."""
    return {
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": operation.created,
        "EndTimestamp": operation.ended,
        "StatusReason": operation.status_reason,
        "StatusDetails": {"FailedStackInstancesCount": operation.failed},
        "OperationPreferences": {
            "RegionOrder": [],
            **operation.preferences,
        },
    }


def operation_view(stack_set: StackSet, operation: Operation) -> dict[str, Any]:
    """Return the ``StackSetOperation`` structure."""
    return {
        **operation_summary(operation),
        "StackSetId": stack_set.id,
        "RetainStacks": operation.retain_stacks,
        "AdministrationRoleARN": operation.administration_role_arn,
        "ExecutionRoleName": operation.execution_role_name,
        "DeploymentTargets": operation.targets,
        "StackSetDriftDetectionDetails": operation.drift,
    }


def result_view(result: Result, seen_at: datetime) -> dict[str, Any]:
    """Return the ``StackSetOperationResultSummary`` as it stood at ``seen_at``."""
    status, reason = result.status, result.reason
    if result.ended is not None and result.ended > seen_at:
        began = result.started is not None and result.started <= seen_at
        status, reason = ("RUNNING" if began else "PENDING"), None
    elif status == "RUNNING" and result.started is not None and result.started > seen_at:
        status = "PENDING"
    gate = result.gate
    if gate == NO_GATE:
        place = f"arn:{partition_of(result.region)}:lambda:{result.region}"
        arn = f"{place}:{result.account}:function:{GATE}"
        gate = (gate[0], f"Function not found: {arn}")
    return {
        "Account": result.account,
        "Region": result.region,
        "Status": status,
        "StatusReason": reason,
        "AccountGateResult": gate and {"Status": gate[0], "StatusReason": gate[1]},
        "OrganizationalUnitId": result.unit_id,
    }
