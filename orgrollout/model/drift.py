"""Drift, as CloudFormation tells of it: of stack sets, stack instances and their resources."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orgrollout.model.ids import OperationId


class ResourceDriftStatus(StrEnum):
    """What a detection found of one resource (StackResourceDriftStatus)."""

    IN_SYNC = "IN_SYNC"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    NOT_CHECKED = "NOT_CHECKED"
    UNKNOWN = "UNKNOWN"
    UNSUPPORTED = "UNSUPPORTED"


class DifferenceType(StrEnum):
    """How a property differs from the template."""

    ADD = "ADD"  # to an array or object, behind CloudFormation's back
    REMOVE = "REMOVE"
    NOT_EQUAL = "NOT_EQUAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyDifference:
    """One property that is not what the template says."""

    path: str  # a JSON pointer, e.g. /DisplayName
    expected: str
    actual: str
    kind: DifferenceType


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDrift:
    """One resource of a stack as a detection found it."""

    logical_id: str
    physical_id: str
    resource_type: str
    status: ResourceDriftStatus
    differences: tuple[PropertyDifference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetDrift:
    """The last drift detection of a stack set that ended (StackSetDriftDetectionDetails)."""

    operation: OperationId | None  # None: no list of operations names it any more
    ended: datetime | None
    status: str  # of the detection: COMPLETED, FAILED, PARTIAL_SUCCESS, IN_PROGRESS, STOPPED
    total: int = 0  # stack instances
    drifted: int = 0
    in_sync: int = 0
    failed: int = 0
