"""What failed in an operation that is over, and when it is tried again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from orgrollout.model.ids import Pair
from orgrollout.model.operation import (
    OperationResult,
)
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.targets import cover
from orgrollout.rollout.failures.classify_failure import find, read
from orgrollout.rollout.state.failure_classes import FailureClass, Reading
from orgrollout.rollout.state.state import (
    Failure,
    PendingOperation,
)


def failures_of(
    plan: Plan,
    pending: PendingOperation,
    results: Mapping[Pair, OperationResult],
    before: Mapping[Pair, Failure],
) -> list[Failure]:
    """Return the failures of an operation, each final or to be tried again."""
    readings = {p: read(r.status, r.reason, plan.failure_rules, r.own) for p, r in results.items()}
    has_cause = any(reading.kind.is_root_cause for reading in readings.values())
    return [
        _failure(
            plan, pending, results[pair], readings[pair], before.get(pair), has_cause=has_cause
        )
        for pair in sorted(readings)
    ]


def _failure(
    plan: Plan,
    pending: PendingOperation,
    result: OperationResult,
    reading: Reading,
    before: Failure | None,
    *,
    has_cause: bool,
) -> Failure:
    # Cancelled because of others: not a try of its own. Cancelled without any cause: a person
    # stops it, and that must not go on for ever.
    tried = 0 if reading.kind is FailureClass.CANCELLED and has_cause else 1
    attempts = (before.attempts if before else 0) + tried
    return Failure(
        planned=pending.planned,
        pair=result.pair,
        kind=reading.kind,
        reason=result.reason,
        attempts=attempts,
        final=attempts >= reading.budget(plan.attempts),
        own=result.own,
    )


def retries_of(
    plan: Plan, pending: PendingOperation, failures: Iterable[Failure], now: datetime
) -> Iterable[PendingOperation]:
    """Yield what is tried again, by the time at which it may start."""
    by_time: dict[datetime, list[Failure]] = defaultdict(list)
    for failure in failures:
        if not failure.final:
            backoff = _reading_of(plan, failure).pause(failure.attempts)
            by_time[now + backoff].append(failure)
    for time, again in sorted(by_time.items()):
        for rectangle in cover(f.pair for f in again):
            yield PendingOperation(
                planned=pending.planned,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                attempt=pending.attempt + 1,
                not_before=time,
            )


def _reading_of(plan: Plan, failure: Failure) -> Reading:
    known = find(failure.reason, plan.failure_rules, failure.own)
    return known if known and known.kind is failure.kind else Reading(kind=failure.kind)
