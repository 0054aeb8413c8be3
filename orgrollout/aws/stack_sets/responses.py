"""What StackSets answers, in the words of the domain.

Every field is read as if it might be missing: other endpoints leave some out, and so does AWS for
suspended accounts. What is not known is never taken for good.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from sys import intern
from typing import Any, NamedTuple, TypeVar

from orgrollout.model.ids import AccountId, OperationId, Pair, Region, StackSetName, UnitId
from orgrollout.model.operation import Operation, OperationResult, OperationStatus, ResultStatus
from orgrollout.model.stack_set import (
    DeployedStackSet,
    InstanceStatus,
    PermissionModel,
    StackInstance,
    StackSetDefinition,
)

Answer = Mapping[str, Any]
_Enum = TypeVar("_Enum", bound=StrEnum)


class ListedStackSet(NamedTuple):
    """A stack set as a list shows it."""

    name: StackSetName
    id: str
    permission_model: PermissionModel


def listed_stack_set(summary: Answer) -> ListedStackSet:
    """Return one row of ListStackSets."""
    return ListedStackSet(
        StackSetName(summary["StackSetName"]),
        summary.get("StackSetId") or "",
        _one_of(PermissionModel, summary.get("PermissionModel"), PermissionModel.SELF_MANAGED),
    )


def deployed_stack_set(found: Answer) -> DeployedStackSet:
    """Return a stack set as DescribeStackSet gives it."""
    definition = StackSetDefinition(
        template_body=found.get("TemplateBody") or "",
        parameters=_parameters(found.get("Parameters")),
        description=found.get("Description") or "",
        capabilities=tuple(found.get("Capabilities") or ()),
        tags={tag["Key"]: tag.get("Value", "") for tag in found.get("Tags") or ()},
        permission_model=_one_of(
            PermissionModel, found.get("PermissionModel"), PermissionModel.SELF_MANAGED
        ),
        administration_role_arn=found.get("AdministrationRoleARN"),
        execution_role_name=found.get("ExecutionRoleName"),
        managed_execution=bool((found.get("ManagedExecution") or {}).get("Active")),
    )
    arn = found.get("StackSetARN") or ""
    return DeployedStackSet(
        name=StackSetName(found["StackSetName"]),
        id=found.get("StackSetId") or "",
        arn=arn,
        definition=definition,
        auto_deployment=bool((found.get("AutoDeployment") or {}).get("Enabled")),
        administrator=AccountId(arn.split(":")[4]) if arn.count(":") > 4 else None,  # noqa: PLR2004
    )


def stack_instance(found: Answer) -> StackInstance:
    """Return a stack instance, with overrides if the answer is a description of one."""
    detailed = (found.get("StackInstanceStatus") or {}).get("DetailedStatus")
    unit = found.get("OrganizationalUnitId")
    operation = found.get("LastOperationId")
    described = "ParameterOverrides" in found
    return StackInstance(
        pair=_pair(found),
        status=_one_of(InstanceStatus, found.get("Status"), InstanceStatus.OUTDATED),
        detailed_status=_once(detailed or ""),
        status_reason=found.get("StatusReason") or "",
        unit=UnitId(_once(unit)) if unit else None,
        stack_id=found.get("StackId") or None,
        last_operation=OperationId(_once(operation)) if operation else None,
        drift_status=_once(found.get("DriftStatus") or "NOT_CHECKED"),
        last_drift_check=moment(found.get("LastDriftCheckTimestamp")),
        overrides=_parameters(found["ParameterOverrides"]) if described else None,
    )


def operation(stack_set: StackSetName, found: Answer) -> Operation:
    """Return an operation, listed or described. One of unknown status counts as running."""
    return Operation(
        id=OperationId(found["OperationId"]),
        stack_set=stack_set,
        action=found.get("Action") or "",
        status=_one_of(OperationStatus, found.get("Status"), OperationStatus.RUNNING),
        created=moment(found.get("CreationTimestamp")),
        ended=moment(found.get("EndTimestamp")),
        failed_count=(found.get("StatusDetails") or {}).get("FailedStackInstancesCount"),
    )


def operation_result(found: Answer) -> OperationResult:
    """Return what became of one instance. An unknown status counts as failed and is named."""
    raw = found.get("Status")
    status = _one_of(ResultStatus, raw, ResultStatus.FAILED)
    gate = found.get("AccountGateResult") or {}
    reason = found.get("StatusReason") or ""
    if gate.get("Status") == "FAILED":
        reason = _with_gate(reason, gate.get("StatusReason") or "")
    if status != raw:
        reason = f"result status {raw}. {reason}".strip()
    return OperationResult(pair=_pair(found), status=status, reason=reason)


def _with_gate(reason: str, gate: str) -> str:
    """Return the reason with that of the account gate, which says why it is closed."""
    reason = reason or "AccountGate check failed"
    return reason if gate in reason else f"{reason}: {gate}"


def _pair(found: Answer) -> Pair:
    return Pair(AccountId(_once(found["Account"])), Region(_once(found["Region"])))


def _once(text: str) -> str:
    """Return a text that many of 100,000 rows have, and that is kept once for all of them."""
    return intern(str(text))


def _parameters(found: Iterable[Answer] | None) -> dict[str, str]:
    return {p["ParameterKey"]: p.get("ParameterValue") or "" for p in found or ()}


def _one_of(kind: type[_Enum], raw: object, otherwise: _Enum) -> _Enum:
    return next((member for member in kind if member.value == raw), otherwise)


def moment(raw: datetime | None) -> datetime | None:
    """Return a time of an answer, in UTC."""
    if raw is None:
        return None
    return raw.astimezone(UTC) if raw.tzinfo else raw.replace(tzinfo=UTC)
