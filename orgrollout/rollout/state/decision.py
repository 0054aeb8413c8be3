"""What goes into a decision and what comes out: values that a test can build and compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from orgrollout.model.cause import OwnVerdict
from orgrollout.model.ids import OperationId, Pair, RolloutId, StackSetKey, StackSetName
from orgrollout.model.operation import Operation, OperationRequest, OperationResult
from orgrollout.model.stack_set import StackInstance, StackSetDefinition
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.state.state import InFlightOperation, PendingOperation, RolloutState


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAccountObservation:
    """What was read of an operation in member accounts: how each of its repairs stands."""

    ended: Mapping[Pair, NextStep] = field(default_factory=dict)
    open: Mapping[Pair, NextStep] = field(default_factory=dict)  # only those in the window


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationObservation:
    """What was read of one operation: nothing where AWS does not know it."""

    operation: Operation | None
    results: tuple[OperationResult, ...] = ()  # read once it is over; of a success, all others
    at: datetime | None = None  # when it was read; None: just now
    early: bool = False  # what was seen before, since it is too early to look again
    gone: str = ""  # why there is nothing to look at any more: the stack set itself is gone

    @property
    def is_to_be_sent(self) -> bool:
        """Return whether AWS has just said that it does not know the operation."""
        return self.operation is None and not self.gone and not self.early


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What was observed of what the state waits for."""

    operations: Mapping[OperationId, OperationObservation] = field(default_factory=dict)
    member_accounts: Mapping[OperationId, MemberAccountObservation] = field(default_factory=dict)
    existing: Mapping[StackSetKey, bool] = field(default_factory=dict)
    instances: Mapping[StackSetKey, Mapping[Pair, StackInstance]] = field(default_factory=dict)
    definitions: Mapping[StackSetKey, StackSetDefinition | None] = field(default_factory=dict)
    actions: Mapping[OperationId, str] = field(default_factory=dict)  # of others' operations
    concurrent: Mapping[StackSetKey, RolloutId] = field(
        default_factory=dict
    )  # at work in its stacks
    alarm: str | None = None  # its state; None: not asked for, or there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRequest:
    """What the next decision needs to see."""

    operations: Mapping[OperationId, StackSetKey] = field(default_factory=dict)
    existing: frozenset[StackSetKey] = frozenset()
    instances: frozenset[StackSetKey] = frozenset()  # with what others did to them last
    definitions: frozenset[StackSetKey] = frozenset()  # told, if also ``existing``, where it exists
    if_unknown: Mapping[OperationId, StackSetKey] = field(default_factory=dict)  # definitions, too
    member_accounts: tuple[InFlightOperation, ...] = ()  # operations in member accounts
    concurrent: frozenset[StackSetKey] = frozenset()  # who else has something under way there
    alarm: str | None = None  # the ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBlock:
    """What keeps anything more from starting, for good or for a time."""

    given_up: bool = False
    frozen: datetime | None = None  # until then

    @property
    def holds(self) -> bool:
        """Return whether anything does."""
        return self.given_up or self.frozen is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An operation that CloudFormation does not take, and would not take if it were sent again."""

    id: OperationId
    reason: str
    absent: frozenset[Pair] = frozenset()  # stack instances that are gone; empty: all was refused
    own: OwnVerdict | None = None  # given where the reason is ours, and not AWS's


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEmpty:
    """A stack set that CloudFormation does not delete, since it has stack instances."""

    stack_set: StackSetName
    left: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStackSet:
    """Make a stack set. Making it again makes nothing."""

    name: StackSetName
    definition: StackSetDefinition
    token: str  # the idempotency token
    bucket: str | None = None  # s3://BUCKET/PREFIX, for a template too large for a call


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStackSet:
    """Take away a stack set that has no stack instances left."""

    name: StackSetName


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOperation:
    """Start an operation under its committed id. Starting it again starts nothing."""

    request: OperationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOperation:
    """Stop a running operation; stack instances in progress are finished."""

    stack_set: StackSetName
    id: OperationId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInMemberAccounts:
    """Do the next step of repairs in member accounts. Each may be done again without harm."""

    id: OperationId
    pending: PendingOperation
    steps: Mapping[Pair, Step]
    discards: frozenset[Pair] = frozenset()  # change sets that will not be executed


Action = CreateStackSet | DeleteStackSet | StartOperation | StopOperation | WorkInMemberAccounts


class EventKind(StrEnum):
    """What there is to tell."""

    WAVE = "wave started"
    STARTED = "operation started"
    ENDED = "operation ended"
    RETRY = "retry"
    BLOCKED = "blocked"
    REFUSED = "refused"
    SOAK = "soaking"
    APPROVAL = "approval needed"
    FROZEN = "frozen"
    WAITING = "waiting"  # for an outage to end
    HALTED = "halted"
    ROLLBACK = "rollback"
    STOPPED = "stopped"
    VERIFYING = "proving"  # as histories of earlier versions have it
    FINISHED = "finished"
    ORDER = "order"  # an operator's, for the history
    NOTICE = "notice"  # a notice could not be sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a person following the rollout wants to know."""

    kind: EventKind
    text: str
    stack_set: StackSetKey | None = None
    number: int | None = None  # of the operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to commit, then what to do, and when to look again."""

    state: RolloutState
    actions: tuple[Action, ...] = ()
    wake_after: timedelta | None = None  # None: nothing happens by itself any more
    events: tuple[Event, ...] = ()
