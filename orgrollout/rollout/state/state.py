"""Where a rollout stands. All that must survive a crash, and nothing that can be derived."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgrollout.model.cause import OwnVerdict
from orgrollout.model.ids import (
    AccountId,
    Digest,
    OperationId,
    Pair,
    Region,
    RolloutId,
    StackSetKey,
)
from orgrollout.plan.model.targets import Rectangle
from orgrollout.rollout.state.failure_classes import FailureClass


class Outcome(StrEnum):
    """How a rollout ended, or stands, in one word."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILURES = "succeeded with failures"
    HALTED = "halted"
    STOPPED = "stopped"
    WAITING = "waiting for approval"


class Phase(StrEnum):
    """What a rollout is doing."""

    RUNNING = "running"
    SOAKING = "soaking"  # until an absolute time
    WAITING = "waiting for approval"
    STOPPING = "stopping"
    VERIFYING = "proving"  # one full listing tells whether all is as planned
    HALTED = "halted"
    STOPPED = "stopped"
    FINISHED = "finished"

    @property
    def is_over(self) -> bool:
        """Return whether nothing more happens by itself."""
        return self in {Phase.HALTED, Phase.STOPPED, Phase.FINISHED}

    def outcome(self, *, has_failures: bool) -> Outcome:
        """Return how a rollout in this phase ended, or stands."""
        match self:
            case Phase.HALTED:
                return Outcome.HALTED
            case Phase.STOPPED:
                return Outcome.STOPPED
            case Phase.WAITING:
                return Outcome.WAITING
            case Phase.FINISHED:
                return Outcome.FAILURES if has_failures else Outcome.SUCCEEDED
            case _:
                return Outcome.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingOperation:
    """Stack instances still to be done: the whole of a planned operation, or what is left of it."""

    planned: int  # index into the plan's operations
    accounts: tuple[AccountId, ...]
    regions: tuple[Region, ...]
    attempt: int = 1
    not_before: datetime | None = None

    @property
    def pairs(self) -> frozenset[Pair]:
        """Return its stack instances."""
        return frozenset(Pair(a, r) for a in self.accounts for r in self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlightOperation:
    """An operation whose intent is committed. It may or may not have reached AWS."""

    id: OperationId
    number: int
    pending: PendingOperation
    committed: datetime
    ended: datetime | None = None  # when a terminal status was first seen; its results may lag


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedThere:
    """Stack instances that failed in one operation for one cause, whatever became of them later."""

    kind: FailureClass
    reason: str  # of one of them
    where: tuple[Rectangle, ...]
    own: OwnVerdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedOperation:
    """An operation that is over, with what came of it in numbers."""

    id: OperationId
    number: int
    planned: int
    attempt: int
    status: str
    started: datetime
    ended: datetime
    succeeded: int
    failed: int
    cancelled: int
    skipped: int = 0
    failures: tuple[FailedThere, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A stack instance that is not as planned, and why. Not final while it is still retried."""

    planned: int
    pair: Pair
    kind: FailureClass
    reason: str
    attempts: int
    final: bool = False
    own: OwnVerdict | None = None  # given where the reason is ours, and not AWS's


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who let the next wave start, and on the strength of what."""

    by: str  # an ARN
    at: datetime
    shown: str  # how the rollout stood


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """A rollout between two ticks."""

    id: RolloutId
    plan: Digest  # of the artifact in the journal
    created: datetime
    phase: Phase = Phase.RUNNING
    wave: int = 0  # index into the plan's waves
    waiting: tuple[PendingOperation, ...] = ()  # of all waves, in order
    in_flight: tuple[InFlightOperation, ...] = ()
    withdrawn: tuple[
        InFlightOperation, ...
    ] = ()  # stopped before AWS knew them; they may still arrive
    completed: tuple[CompletedOperation, ...] = ()
    failures: tuple[Failure, ...] = ()
    made: frozenset[StackSetKey] = frozenset()  # stack sets that exist for sure
    gone: frozenset[StackSetKey] = frozenset()  # stack sets that were taken away
    next_number: int = 1
    wake: datetime | None = None  # while soaking
    soaks: Mapping[int, datetime] = field(default_factory=dict)  # when they end, by index of wave
    ordered: tuple[
        PendingOperation, ...
    ] = ()  # what an operator had tried again, whatever else has failed
    verifying_since: datetime | None = None
    approved: Mapping[int, Approval] = field(default_factory=dict)  # by index of the wave
    begun_by: str = ""  # the ARN of who began it
    ended: datetime | None = None
    calls: Mapping[str, int] = field(default_factory=dict)  # API requests sent, by operation
    note: str = ""  # why it halted
    undo: bool = False  # it halted, and is to be taken back by itself
    superseded_by: RolloutId | None = None  # who took its stack sets over, for good
    takes_back: RolloutId | None = None  # what it undoes, if that is what it is for

    @property
    def manifest(self) -> str:
        """Return the name of the manifest it is of: an id is that and a number."""
        return self.id.rpartition("-")[0]

    @property
    def holds(self) -> bool:
        """Return whether it may go on, so that no other rollout may change its stack sets."""
        return self.phase is not Phase.FINISHED and self.superseded_by is None

    @property
    def outcome(self) -> Outcome:
        """Return how it ended, or stands."""
        return self.phase.outcome(has_failures=bool(self.failed))

    @property
    def failed(self) -> tuple[Failure, ...]:
        """Return what failed for good, apart from what was skipped."""
        return tuple(f for f in self.failures if f.final and f.kind is not FailureClass.SKIPPED)
