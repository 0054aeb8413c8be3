"""Stack set operations: what is asked for, and what CloudFormation says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgrollout.model.cause import OwnVerdict
from orgrollout.model.ids import AccountId, OperationId, Pair, Region, StackSetName, UnitId
from orgrollout.model.stack_set import PermissionModel, StackSetDefinition


class OperationAction(StrEnum):
    """What an operation does, in the words of a plan."""

    CREATE = "create"
    UPDATE = "update"
    DETACH = "detach"  # the stack instance goes, the stack stays
    DELETE = "delete"  # both go
    REVERT = "revert"  # a drift-aware change set in the account itself
    CALL = "call"  # a named call in the account itself, for what is in no template

    @property
    def removes(self) -> bool:
        """Return whether a stack instance is gone afterwards."""
        return self in {OperationAction.DETACH, OperationAction.DELETE}

    @property
    def is_repair(self) -> bool:
        """Return whether it is done by calls in member accounts, and not by StackSets."""
        return self in {OperationAction.REVERT, OperationAction.CALL}


class OperationStatus(StrEnum):
    """The status of a stack set operation."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def is_terminal(self) -> bool:
        """Return whether nothing more will happen."""
        return self in {
            OperationStatus.SUCCEEDED,
            OperationStatus.FAILED,
            OperationStatus.STOPPED,
        }


class ResultStatus(StrEnum):
    """What became of one stack instance in an operation."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPreferences:
    """How fast an operation may move, and how much failure it may absorb.

    Tolerance counts failed accounts per Region, not in total (StackSetOperationPreferences in the
    CloudFormation API reference).
    """

    max_concurrent_percentage: int | None = 25  # of the accounts in a Region
    max_concurrent_count: int | None = None  # instead of the percentage
    failure_tolerance_percentage: int | None = None
    failure_tolerance_count: int | None = None
    parallel_regions: bool = True
    region_order: tuple[Region, ...] = ()  # empty: CloudFormation picks the order
    strict: bool = False  # strict caps concurrency at tolerance + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """One operation, exactly as it will be sent.

    Its pairs are all of ``accounts`` x ``regions``, each of which is meant.
    """

    id: OperationId
    stack_set: StackSetName
    action: OperationAction
    accounts: tuple[AccountId, ...]
    regions: tuple[Region, ...]
    units: tuple[UnitId, ...] = ()  # where the accounts hang; empty for self-managed sets
    overrides: Mapping[str, str] = field(default_factory=dict)
    definition: StackSetDefinition | None = None  # given: sent by UpdateStackSet
    definition_is_known: bool = False  # the stack set has it already: nothing of it is sent again
    stacks: tuple[str, ...] = ()  # ids of stacks that exist; given: imported, one per pair
    bucket: str | None = None  # s3://BUCKET/PREFIX, for what is too large for a call
    permission_model: PermissionModel = PermissionModel.SERVICE_MANAGED
    preferences: OperationPreferences = field(default_factory=OperationPreferences)

    @property
    def pairs(self) -> frozenset[Pair]:
        """Return every (account, Region) it touches."""
        return frozenset(Pair(a, r) for a in self.accounts for r in self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A stack set operation as CloudFormation describes it."""

    id: OperationId
    stack_set: StackSetName
    action: str  # CREATE, UPDATE, DELETE, DETECT_DRIFT
    status: OperationStatus
    created: datetime | None = None
    ended: datetime | None = None
    failed_count: int | None = None  # absent where the endpoint does not count


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What an operation did in one account and Region."""

    pair: Pair
    status: ResultStatus
    reason: str = ""
    own: OwnVerdict | None = None  # given where the reason is ours, and not AWS's
