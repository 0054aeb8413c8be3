"""What came of an operation: who is done, who is tried again, who failed for good.

SUCCEEDED means "within the failure tolerance", not "everywhere", so results are read after every
operation, and they lag: an operation has landed only when they add up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.model.ids import Pair
from orgrollout.model.operation import (
    Operation,
    OperationResult,
    OperationStatus,
    ResultStatus,
)
from orgrollout.plan.plan import Plan
from orgrollout.plan.rectangles import cover
from orgrollout.rollout.decision import Event, EventKind, OperationSeen
from orgrollout.rollout.failures import FailureClass, classify, pause
from orgrollout.rollout.state import Failure, Flight, Landed, Piece, RolloutState

RESULTS_MAY_LAG = timedelta(minutes=10)


def results_add_up(flight: Flight, seen: OperationSeen, now: datetime) -> bool:
    """Return whether the results are all there, or have had long enough to be.

    After a success only the failed ones are read, and their number is known. After any other end
    every stack instance must have a result: what was cancelled is counted nowhere.
    """
    if flight.ended is not None and now - flight.ended >= RESULTS_MAY_LAG:
        return True
    failed = sum(1 for r in seen.results if r.status is ResultStatus.FAILED)
    counted = seen.operation.failed_count if seen.operation else None
    return failed >= (counted or 0) and (_succeeded(seen) or not _unreported(flight, seen))


def land(
    plan: Plan,
    state: RolloutState,
    flight: Flight,
    seen: OperationSeen,
    now: datetime,
) -> tuple[RolloutState, list[Event]]:
    """Return the state after an operation that is over, and what to tell of it."""
    piece = flight.piece
    results = _unsuccessful(flight, seen)
    before = {f.pair: f for f in state.failures if f.planned == piece.planned}
    failures = _failures(plan, piece, results, before)
    retried = tuple(_retries(piece, failures, now))
    done = piece.pairs - results.keys()
    kept = [
        f
        for f in state.failures
        if f.planned != piece.planned or (f.pair not in results and f.pair not in done)
    ]
    landed = _landed(flight, seen.operation, failures, now)
    new = replace(
        state,
        flights=tuple(f for f in state.flights if f.id != flight.id),
        landed=(*state.landed, landed),
        failures=(*kept, *failures),
        waiting=(*state.waiting, *retried),
    )
    return new, list(_events(plan, landed, retried))


def _unsuccessful(flight: Flight, seen: OperationSeen) -> dict[Pair, OperationResult]:
    """Return the results that are no success. No result at all is not taken for one."""
    found = {
        r.pair: r
        for r in seen.results
        if r.pair in flight.piece.pairs and r.status is not ResultStatus.SUCCEEDED
    }
    if not _succeeded(seen):
        for pair in _unreported(flight, seen):
            found[pair] = OperationResult(
                pair=pair, status=ResultStatus.CANCELLED, reason="no result was reported"
            )
    return found


def _unreported(flight: Flight, seen: OperationSeen) -> frozenset[Pair]:
    return flight.piece.pairs - {r.pair for r in seen.results}


def _succeeded(seen: OperationSeen) -> bool:
    return seen.operation is not None and seen.operation.status is OperationStatus.SUCCEEDED


def _failures(
    plan: Plan,
    piece: Piece,
    results: Mapping[Pair, OperationResult],
    before: Mapping[Pair, Failure],
) -> list[Failure]:
    kinds = {pair: classify(r.status, r.reason) for pair, r in results.items()}
    has_cause = any(kind.is_root_cause for kind in kinds.values())
    return [
        _failure(plan, piece, results[pair], kind, before.get(pair), has_cause=has_cause)
        for pair, kind in sorted(kinds.items())
    ]


def _failure(
    plan: Plan,
    piece: Piece,
    result: OperationResult,
    kind: FailureClass,
    before: Failure | None,
    *,
    has_cause: bool,
) -> Failure:
    # Cancelled because of others: not a try of its own. Cancelled without any cause: somebody
    # stops it, and that must not go on for ever.
    tried = 0 if kind is FailureClass.CANCELLED and has_cause else 1
    attempts = (before.attempts if before else 0) + tried
    return Failure(
        planned=piece.planned,
        pair=result.pair,
        kind=kind,
        reason=result.reason,
        attempts=attempts,
        final=not kind.is_retried or attempts >= plan.attempts,
    )


def _retries(piece: Piece, failures: Iterable[Failure], now: datetime) -> Iterable[Piece]:
    by_time: dict[datetime, list[Failure]] = defaultdict(list)
    for failure in failures:
        if not failure.final:
            by_time[now + pause(failure.kind, failure.attempts)].append(failure)
    for time, again in sorted(by_time.items()):
        for rectangle in cover(f.pair for f in again):
            yield Piece(
                planned=piece.planned,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                attempt=piece.attempt + 1,
                not_before=time,
            )


def _landed(
    flight: Flight, operation: Operation | None, failures: Iterable[Failure], now: datetime
) -> Landed:
    counts = Counter(
        "cancelled"
        if failure.kind is FailureClass.CANCELLED
        else "skipped"
        if failure.kind is FailureClass.SKIPPED
        else "failed"
        for failure in failures
    )
    return Landed(
        id=flight.id,
        number=flight.number,
        planned=flight.piece.planned,
        attempt=flight.piece.attempt,
        status=operation.status if operation else "",
        started=(operation and operation.created) or flight.committed,
        ended=(operation and operation.ended) or now,
        succeeded=len(flight.piece.pairs) - counts.total(),
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        skipped=counts["skipped"],
    )


def _events(plan: Plan, landed: Landed, retried: tuple[Piece, ...]) -> Iterable[Event]:
    key = plan.operations[landed.planned].stack_set
    total = landed.succeeded + landed.failed + landed.cancelled + landed.skipped
    parts = [f"{landed.succeeded}/{total} done"]
    parts += [
        f"{count} {word}"
        for count, word in (
            (landed.failed, "failed"),
            (landed.cancelled, "cancelled"),
            (landed.skipped, "skipped"),
        )
        if count
    ]
    yield Event(kind=EventKind.ENDED, text=", ".join(parts), stack_set=key, number=landed.number)
    if retried:
        again = sum(len(piece.pairs) for piece in retried)
        text = f"{again} of {total} tried again, attempt {landed.attempt + 1}"
        yield Event(kind=EventKind.RETRY, text=text, stack_set=key, number=landed.number)
