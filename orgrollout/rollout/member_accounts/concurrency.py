"""Operations in member accounts: how many repairs go on at a time, and when one of them is over.

CloudFormation does this for stack sets. Here it is the same rules over repairs: a window of stack
instances that moves on as they end, a failure tolerance, and results for all of them.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import Pair
from orgrollout.model.operation import Operation, OperationResult, OperationStatus, ResultStatus
from orgrollout.plan.build.preferences import at_a_time
from orgrollout.plan.model.plan import Plan, PlannedOperation, PlannedWave
from orgrollout.rollout.failures.classify_failure import read
from orgrollout.rollout.state.decision import (
    MemberAccountObservation,
    OperationObservation,
    WorkInMemberAccounts,
)
from orgrollout.rollout.state.failure_classes import Reading
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.state.state import InFlightOperation

LOOKS = timedelta(seconds=15)
MOST_AT_ONCE = 64  # stack instances of one operation
EXCEEDED = "Cancelled since failure tolerance has exceeded"
STOPPED = "Cancelled since nothing more was to start"
_NOT_TRIED = OwnVerdict(cause=Cause.NOT_TRIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What to do about an operation in member accounts: work, or take it as over."""

    work: WorkInMemberAccounts | None = None
    over: OperationObservation | None = None


def at_once(plan: Plan, operation: PlannedOperation) -> int:
    """Return how many of its stack instances are worked on at a time."""
    wave = wave_of(plan, operation)
    regions = len(operation.regions) if wave.preferences.parallel_regions else 1
    return min(at_a_time(wave) * regions, MOST_AT_ONCE)


def wave_of(plan: Plan, operation: PlannedOperation) -> PlannedWave:
    """Return the wave that an operation belongs to."""
    return next(wave for wave in plan.waves if wave.index == operation.wave)


def window(pairs: Iterable[Pair], ended: Collection[Pair], size: int) -> list[Pair]:
    """Return the stack instances that may be worked on: the first so many that have not ended.

    They begin in this order only, so all that any process has begun is among them.
    """
    return [pair for pair in sorted(pairs) if pair not in ended][:size]


def progress(
    plan: Plan,
    in_flight: InFlightOperation,
    observation: MemberAccountObservation,
    now: datetime,
    *,
    given_up: bool,
) -> Progress:
    """Return what comes next; with ``given_up`` nothing begins any more.

    What was begun is brought to its end in any case, but a change set that was not executed is
    taken away.
    """
    exceeded = _exceeded(plan, in_flight, observation.ended)
    if not (given_up or exceeded):
        work = {p: v.step for p, v in observation.open.items() if v.step is not Step.WAIT}
        if observation.open:
            return Progress(work=_work(in_flight, work))
        return Progress(over=_over(plan, in_flight, observation.ended, {}, now))
    work = {p: v.step for p, v in observation.open.items() if v.step is Step.DETECT}
    discards = frozenset(p for p, v in observation.open.items() if v.step is Step.EXECUTE)
    if discards or any(v.step.is_under_way for v in observation.open.values()):
        return Progress(work=_work(in_flight, work, discards))
    left = in_flight.pending.pairs - observation.ended.keys()
    cancelled = dict.fromkeys(left, EXCEEDED if exceeded else STOPPED)
    return Progress(over=_over(plan, in_flight, observation.ended, cancelled, now))


def _work(
    in_flight: InFlightOperation, steps: Mapping[Pair, Step], discards: Set[Pair] = frozenset()
) -> WorkInMemberAccounts | None:
    if not steps and not discards:
        return None
    return WorkInMemberAccounts(
        id=in_flight.id, pending=in_flight.pending, steps=dict(steps), discards=frozenset(discards)
    )


def _exceeded(plan: Plan, in_flight: InFlightOperation, ended: Mapping[Pair, NextStep]) -> bool:
    """Return whether more accounts failed than the wave allows; what is tried again is not over."""
    allowed = wave_of(plan, plan.operations[in_flight.pending.planned]).allowed_failures
    failed = {
        pair.account
        for pair, verdict in ended.items()
        if verdict.step is Step.FAILED and _weighs(_reading(plan, verdict))
    }
    return len(failed) > allowed


def _weighs(reading: Reading) -> bool:
    return reading.kind.weighs and not reading.kind.is_retried


def _reading(plan: Plan, verdict: NextStep) -> Reading:
    return read(ResultStatus.FAILED, verdict.reason, plan.failure_rules, verdict.own)


def _over(
    plan: Plan,
    in_flight: InFlightOperation,
    ended: Mapping[Pair, NextStep],
    cancelled: Mapping[Pair, str],
    now: datetime,
) -> OperationObservation:
    results = [_result(pair, verdict) for pair, verdict in ended.items()]
    results += [
        OperationResult(pair=pair, status=ResultStatus.CANCELLED, reason=reason, own=_NOT_TRIED)
        for pair, reason in cancelled.items()
    ]
    planned = plan.operations[in_flight.pending.planned]
    operation = Operation(
        id=in_flight.id,
        stack_set=plan.stack_sets[planned.stack_set].name,
        action=planned.action.value,
        status=OperationStatus.FAILED if cancelled else OperationStatus.SUCCEEDED,
        created=in_flight.committed,
        ended=now,
    )
    return OperationObservation(operation=operation, results=tuple(results))


def _result(pair: Pair, verdict: NextStep) -> OperationResult:
    succeeded = verdict.step is Step.SUCCEEDED
    status = ResultStatus.SUCCEEDED if succeeded else ResultStatus.FAILED
    return OperationResult(pair=pair, status=status, reason=verdict.reason, own=verdict.own)
