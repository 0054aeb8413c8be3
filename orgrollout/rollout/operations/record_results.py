"""What came of an operation: who is done, who is tried again, who failed for good.

SUCCEEDED means "within the failure tolerance", not "everywhere", so results are read after every
operation, and they lag: an operation has landed only when they add up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import Pair
from orgrollout.model.operation import (
    Operation,
    OperationResult,
    OperationStatus,
    ResultStatus,
)
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.targets import cover
from orgrollout.rollout.failures.blocked import sends_definition, without_definition
from orgrollout.rollout.failures.classify_failure import find, is_success, read
from orgrollout.rollout.failures.recovered_failures import in_short
from orgrollout.rollout.failures.setting_up import judged
from orgrollout.rollout.state.decision import Event, EventKind, OperationObservation, Refused
from orgrollout.rollout.state.failure_classes import FailureClass, Reading
from orgrollout.rollout.state.state import (
    CompletedOperation,
    Failure,
    InFlightOperation,
    PendingOperation,
    RolloutState,
)
from orgrollout.rollout.state.view import RolloutView

RESULTS_MAY_LAG = timedelta(minutes=10)


def results_add_up(flight: InFlightOperation, seen: OperationObservation, now: datetime) -> bool:
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
    view: RolloutView,
    flight: InFlightOperation,
    seen: OperationObservation,
    now: datetime,
) -> tuple[RolloutState, list[Event]]:
    """Return the state after an operation that is over, and what to tell of it."""
    piece = flight.piece
    found = _unsuccessful(flight, seen)
    results = {pair: judged(view.plan, result, now) for pair, result in found.items()}
    before = {f.pair: f for f in view.state.failures if f.planned == piece.planned}
    failures = _failures(view.plan, piece, results, before)
    retried = tuple(_retries(view.plan, piece, failures, now))
    done = piece.pairs - results.keys()
    kept = [
        f
        for f in view.state.failures
        if f.planned != piece.planned or (f.pair not in results and f.pair not in done)
    ]
    landed = _landed(flight, seen.operation, failures, now)
    new = replace(
        view.state,
        flights=tuple(f for f in view.state.flights if f.id != flight.id),
        landed=(*view.state.landed, landed),
        failures=(*kept, *failures),
        waiting=(*view.state.waiting, *retried),
    )
    return new, list(_events(view.plan, landed, retried))


def refuse(view: RolloutView, refused: Refused, now: datetime) -> tuple[RolloutState, list[Event]]:
    """Return the state after CloudFormation refused an operation for good.

    What is gone has failed, and the rest of the operation waits to be sent without it. Nothing was
    tried, so the attempt stays what it is: an operation that was to send the definition still does.
    """
    flight = next((f for f in view.state.flights if f.id == refused.id), None)
    if flight is None:
        return view.state, []
    piece = flight.piece
    lost = refused.absent or piece.pairs
    reading = find(refused.reason, view.plan.failure_rules, refused.own) or Reading(
        kind=FailureClass.PERMANENT
    )
    kept = tuple(f for f in view.state.failures if f.planned != piece.planned or f.pair not in lost)
    failures = tuple(
        Failure(
            planned=piece.planned,
            pair=pair,
            kind=reading.kind,
            reason=refused.reason,
            attempts=piece.attempt,
            final=True,
            own=refused.own,
        )
        for pair in sorted(lost)
    )
    rest = tuple(
        replace(piece, accounts=left.accounts, regions=left.regions, not_before=now)
        for left in cover(piece.pairs - lost)
    )
    new = replace(
        view.state,
        flights=tuple(f for f in view.state.flights if f.id != flight.id),
        failures=(*kept, *failures),
        waiting=(*rest, *view.state.waiting),
    )
    key = view.stack_set_of(piece)
    if not rest and sends_definition(view.plan, piece):
        new = without_definition(view.at(new), key)
    text = f"{len(failures)} refused: {refused.reason}"
    return new, [Event(kind=EventKind.REFUSED, text=text, stack_set=key, number=flight.number)]


def _unsuccessful(
    flight: InFlightOperation, seen: OperationObservation
) -> dict[Pair, OperationResult]:
    """Return the results that are no success. No result at all is not taken for one."""
    found = {r.pair: r for r in seen.results if r.pair in flight.piece.pairs and not is_success(r)}
    if not _succeeded(seen):
        for pair in _unreported(flight, seen):
            found[pair] = OperationResult(
                pair=pair,
                status=ResultStatus.CANCELLED,
                reason="no result was reported",
                own=OwnVerdict(cause=Cause.NOT_TRIED),
            )
    return found


def _unreported(flight: InFlightOperation, seen: OperationObservation) -> frozenset[Pair]:
    return flight.piece.pairs - {r.pair for r in seen.results}


def _succeeded(seen: OperationObservation) -> bool:
    return seen.operation is not None and seen.operation.status is OperationStatus.SUCCEEDED


def _failures(
    plan: Plan,
    piece: PendingOperation,
    results: Mapping[Pair, OperationResult],
    before: Mapping[Pair, Failure],
) -> list[Failure]:
    readings = {p: read(r.status, r.reason, plan.failure_rules, r.own) for p, r in results.items()}
    has_cause = any(reading.kind.is_root_cause for reading in readings.values())
    return [
        _failure(plan, piece, results[pair], readings[pair], before.get(pair), has_cause=has_cause)
        for pair in sorted(readings)
    ]


def _failure(
    plan: Plan,
    piece: PendingOperation,
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
        planned=piece.planned,
        pair=result.pair,
        kind=reading.kind,
        reason=result.reason,
        attempts=attempts,
        final=attempts >= reading.budget(plan.attempts),
        own=result.own,
    )


def _retries(
    plan: Plan, piece: PendingOperation, failures: Iterable[Failure], now: datetime
) -> Iterable[PendingOperation]:
    by_time: dict[datetime, list[Failure]] = defaultdict(list)
    for failure in failures:
        if not failure.final:
            backoff = _reading_of(plan, failure).pause(failure.attempts)
            by_time[now + backoff].append(failure)
    for time, again in sorted(by_time.items()):
        for rectangle in cover(f.pair for f in again):
            yield PendingOperation(
                planned=piece.planned,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                attempt=piece.attempt + 1,
                not_before=time,
            )


def _reading_of(plan: Plan, failure: Failure) -> Reading:
    known = find(failure.reason, plan.failure_rules, failure.own)
    return known if known and known.kind is failure.kind else Reading(kind=failure.kind)


def _landed(
    flight: InFlightOperation,
    operation: Operation | None,
    failures: Sequence[Failure],
    now: datetime,
) -> CompletedOperation:
    counts = Counter(
        "cancelled"
        if failure.kind is FailureClass.CANCELLED
        else "skipped"
        if failure.kind is FailureClass.SKIPPED
        else "failed"
        for failure in failures
    )
    return CompletedOperation(
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
        failures=in_short(failures),
    )


def _events(
    plan: Plan, landed: CompletedOperation, retried: tuple[PendingOperation, ...]
) -> Iterable[Event]:
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
