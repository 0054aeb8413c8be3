"""Stacks and change sets, as CloudFormation describes them in a member account."""

from dataclasses import dataclass

# StackStatus in which nothing runs and the stack is whole (CloudFormation API reference, Stack).
WHOLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStack:
    """The stack of a stack instance, asked for in its own account."""

    id: str
    status: str
    status_reason: str = ""
    change_set: str = ""  # name of the one that was executed last
    parameters: tuple[str, ...] = ()  # names alone: values may be secret
    capabilities: tuple[str, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Return whether something runs on it."""
        return self.status.endswith("_IN_PROGRESS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What a change set would do to one resource."""

    action: str  # Add, Modify, Remove, Import, Dynamic, SyncWithActual
    logical_id: str
    resource_type: str
    replacement: str = ""  # True, False, Conditional; empty: not said
    properties: tuple[str, ...] = ()  # JSON pointers, as far as they are told
    drift_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A change set, and what it would do."""

    status: str  # CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_COMPLETE, FAILED, DELETE_...
    execution: str  # UNAVAILABLE, AVAILABLE, EXECUTE_IN_PROGRESS, EXECUTE_COMPLETE, ...
    reason: str = ""
    changes: tuple[ResourceChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDetection:
    """How far a drift detection of one stack is, and what it found."""

    status: str  # DETECTION_IN_PROGRESS, DETECTION_COMPLETE, DETECTION_FAILED
    reason: str = ""
    is_in_sync: bool = False
