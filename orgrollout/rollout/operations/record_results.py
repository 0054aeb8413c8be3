"""What came of an operation: who is done, who is tried again, who failed for good.

SUCCEEDED means "within the failure tolerance", not "everywhere", so results are read after every
operation, and they lag: an operation has landed only when they add up.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
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
from orgrollout.rollout.failures.classify_failure import find, is_success
from orgrollout.rollout.failures.recovered_failures import in_short
from orgrollout.rollout.failures.setting_up import judged
from orgrollout.rollout.operations.retries import failures_of, retries_of
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


def results_add_up(
    in_flight: InFlightOperation, observation: OperationObservation, now: datetime
) -> bool:
    """Return whether the results are all there, or have had long enough to be.

    After a success only the failed ones are read, and their number is known. After any other end
    every stack instance must have a result: what was cancelled is counted nowhere.
    """
    if in_flight.ended is not None and now - in_flight.ended >= RESULTS_MAY_LAG:
        return True
    failed = sum(1 for r in observation.results if r.status is ResultStatus.FAILED)
    counted = observation.operation.failed_count if observation.operation else None
    return failed >= (counted or 0) and (
        _succeeded(observation) or not _unreported(in_flight, observation)
    )


def record_results(
    view: RolloutView,
    in_flight: InFlightOperation,
    observation: OperationObservation,
    now: datetime,
) -> tuple[RolloutState, list[Event]]:
    """Return the state after an operation that is over, and what to tell of it."""
    pending = in_flight.pending
    found = _unsuccessful(in_flight, observation)
    results = {pair: judged(view.plan, result, now) for pair, result in found.items()}
    before = {f.pair: f for f in view.state.failures if f.planned == pending.planned}
    failures = failures_of(view.plan, pending, results, before)
    retried = tuple(retries_of(view.plan, pending, failures, now))
    done = pending.pairs - results.keys()
    kept = [
        f
        for f in view.state.failures
        if f.planned != pending.planned or (f.pair not in results and f.pair not in done)
    ]
    completed = _completed(in_flight, observation.operation, failures, now)
    new = replace(
        view.state,
        in_flight=tuple(f for f in view.state.in_flight if f.id != in_flight.id),
        completed=(*view.state.completed, completed),
        failures=(*kept, *failures),
        waiting=(*view.state.waiting, *retried),
    )
    return new, list(_events(view.plan, completed, retried))


def refuse(view: RolloutView, refused: Refused, now: datetime) -> tuple[RolloutState, list[Event]]:
    """Return the state after CloudFormation refused an operation for good.

    What is gone has failed, and the rest of the operation waits to be sent without it. Nothing was
    tried, so the attempt stays what it is: an operation that was to send the definition still does.
    """
    in_flight = next((f for f in view.state.in_flight if f.id == refused.id), None)
    if in_flight is None:
        return view.state, []
    pending = in_flight.pending
    lost = refused.absent or pending.pairs
    reading = find(refused.reason, view.plan.failure_rules, refused.own) or Reading(
        kind=FailureClass.PERMANENT
    )
    kept = tuple(
        f for f in view.state.failures if f.planned != pending.planned or f.pair not in lost
    )
    failures = tuple(
        Failure(
            planned=pending.planned,
            pair=pair,
            kind=reading.kind,
            reason=refused.reason,
            attempts=pending.attempt,
            final=True,
            own=refused.own,
        )
        for pair in sorted(lost)
    )
    rest = tuple(
        replace(pending, accounts=left.accounts, regions=left.regions, not_before=now)
        for left in cover(pending.pairs - lost)
    )
    new = replace(
        view.state,
        in_flight=tuple(f for f in view.state.in_flight if f.id != in_flight.id),
        failures=(*kept, *failures),
        waiting=(*rest, *view.state.waiting),
    )
    key = view.stack_set_of(pending)
    if not rest and sends_definition(view.plan, pending):
        new = without_definition(view.at(new), key)
    text = f"{len(failures)} refused: {refused.reason}"
    return new, [Event(kind=EventKind.REFUSED, text=text, stack_set=key, number=in_flight.number)]


def _unsuccessful(
    in_flight: InFlightOperation, observation: OperationObservation
) -> dict[Pair, OperationResult]:
    """Return the results that are no success. No result at all is not taken for one."""
    found = {
        r.pair: r
        for r in observation.results
        if r.pair in in_flight.pending.pairs and not is_success(r)
    }
    if not _succeeded(observation):
        for pair in _unreported(in_flight, observation):
            found[pair] = OperationResult(
                pair=pair,
                status=ResultStatus.CANCELLED,
                reason="no result was reported",
                own=OwnVerdict(cause=Cause.NOT_TRIED),
            )
    return found


def _unreported(in_flight: InFlightOperation, observation: OperationObservation) -> frozenset[Pair]:
    return in_flight.pending.pairs - {r.pair for r in observation.results}


def _succeeded(observation: OperationObservation) -> bool:
    return (
        observation.operation is not None
        and observation.operation.status is OperationStatus.SUCCEEDED
    )


def _completed(
    in_flight: InFlightOperation,
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
        id=in_flight.id,
        number=in_flight.number,
        planned=in_flight.pending.planned,
        attempt=in_flight.pending.attempt,
        status=operation.status if operation else "",
        started=(operation and operation.created) or in_flight.committed,
        ended=(operation and operation.ended) or now,
        succeeded=len(in_flight.pending.pairs) - counts.total(),
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        skipped=counts["skipped"],
        failures=in_short(failures),
    )


def _events(
    plan: Plan, completed: CompletedOperation, retried: tuple[PendingOperation, ...]
) -> Iterable[Event]:
    key = plan.operations[completed.planned].stack_set
    total = completed.succeeded + completed.failed + completed.cancelled + completed.skipped
    parts = [f"{completed.succeeded}/{total} done"]
    parts += [
        f"{count} {word}"
        for count, word in (
            (completed.failed, "failed"),
            (completed.cancelled, "cancelled"),
            (completed.skipped, "skipped"),
        )
        if count
    ]
    yield Event(kind=EventKind.ENDED, text=", ".join(parts), stack_set=key, number=completed.number)
    if retried:
        again = sum(len(pending.pairs) for pending in retried)
        text = f"{again} of {total} tried again, attempt {completed.attempt + 1}"
        yield Event(kind=EventKind.RETRY, text=text, stack_set=key, number=completed.number)
