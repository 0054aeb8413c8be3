"""The records of StackSets: stack sets, stack instances, operations and their results."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Pair = tuple[str, str]
"""(account id, Region)."""

Difference = tuple[str, str, str, str]
"""(path, expected, actual, ADD | REMOVE | NOT_EQUAL)"""

FINAL = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})


NO_GATE = ("SKIPPED", "")
"""The result of an account gate function that does not exist; one object for all results."""
STACK_PREFIX = "StackSet-"


def stack_set_of(stack_name: str) -> str | None:
    """Return the stack set's name in ``StackSet-NAME-uuid``; None for any other stack."""
    if not stack_name.startswith(STACK_PREFIX):
        return None
    return stack_name.removeprefix(STACK_PREFIX)[: -len("-00000000-0000-0000-0000-000000000000")]


@dataclass(slots=True, kw_only=True)
class ResourceDrift:
    """The differences of one resource from its template."""

    logical_id: str
    physical_id: str
    resource_type: str
    status: str
    differences: tuple[Difference, ...] = ()

    @property
    def is_drifted(self) -> bool:
        """Whether it was changed or deleted."""
        return self.status in ("MODIFIED", "DELETED")


@dataclass(slots=True, kw_only=True)
class StackInstance:
    """One account and Region of a stack set, whether or not a stack exists there."""

    account: str
    region: str
    unit_id: str | None = None
    stack_id: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    status: str = "OUTDATED"
    detailed_status: str = "PENDING"
    reason: str | None = None
    last_operation_id: str | None = None
    drift_status: str = "NOT_CHECKED"
    drift_checked: datetime | None = None
    drift_operation_id: str | None = None
    resource_drifts: tuple[ResourceDrift, ...] = ()
    stack_created: datetime | None = None
    stack_updated: datetime | None = None
    """When an operation of the stack set changed the stack last."""
    applied_version: int = 0
    """The version of the stack set's definition that its stack carries; 0: none."""

    @property
    def pair(self) -> Pair:
        """Account and Region."""
        return self.account, self.region


@dataclass(slots=True, kw_only=True)
class Result:
    """The result of an operation in one account and Region, also before it has one."""

    account: str
    region: str
    unit_id: str | None = None
    status: str = "PENDING"
    reason: str | None = None
    gate: tuple[str, str] | None = None
    started: datetime | None = None
    ended: datetime | None = None
    skipped: bool = False


@dataclass(slots=True, kw_only=True)
class Operation:
    """One operation of a stack set, from the call to its end."""

    id: str
    number: int
    """Its place among the stack set's operations; what durations are derived from."""
    action: str
    created: datetime
    preferences: dict[str, Any]
    results: dict[Pair, Result]
    region_order: list[str]
    targets: dict[str, Any] | None = None
    overrides: list[dict[str, Any]] | None = None
    retain_stacks: bool | None = None
    administration_role_arn: str | None = None
    execution_role_name: str | None = None
    digest: str = ""
    status: str = "RUNNING"
    status_reason: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    failed: int = 0
    drift: dict[str, Any] | None = None
    automatic: bool = False
    by_instances: bool = False
    """Whether UpdateStackInstances began it, and not UpdateStackSet."""
    imported: dict[Pair, str] = field(default_factory=dict)
    peak: int = 0
    """The most stack instances that ran at one time."""
    peak_by_region: dict[str, int] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL


@dataclass(slots=True, kw_only=True)
class Definition:
    """The template, parameters and tags of a stack set; each change makes a new version."""

    version: int
    template_body: str
    parameters: dict[str, str]
    capabilities: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class StackSet:
    """A stack set with its instances and operations."""

    id: str
    name: str
    arn: str
    owner: str
    region: str
    definition: Definition
    description: str | None = None
    permission_model: str = "SELF_MANAGED"
    administration_role_arn: str | None = None
    execution_role_name: str | None = None
    auto_deployment: dict[str, Any] = field(default_factory=dict)
    managed_execution: bool = False
    status: str = "ACTIVE"
    created: datetime
    request_token: str | None = None
    request_digest: str = ""
    instances: dict[Pair, StackInstance] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    previous: dict[int, Definition] = field(default_factory=dict)
    drift: dict[str, Any] | None = None
    auto_targets: dict[str, dict[str, None]] = field(default_factory=dict)
    """Unit id to the Regions deployed there; what automatic deployment works from."""

    @property
    def running(self) -> list[Operation]:
        """The operations that have not ended, queued ones included."""
        return [each for each in self.operations.values() if not each.is_final]
