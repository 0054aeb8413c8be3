"""Steps on the same stack instances: removed before they are created, imported before updated.

They are operations of their own, and a later one is sent for exactly those stack instances whose
earlier one succeeded. In all other cases the order of a plan's operations is enough.
"""

from collections.abc import Iterator
from dataclasses import replace

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import Pair
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.targets import cover
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, PendingOperation, RolloutState
from orgrollout.rollout.state.view import RolloutView


def waits_for_a_step(view: RolloutView, pending: PendingOperation) -> bool:
    """Return whether an earlier step of some of the piece's stack instances is not over yet."""
    if not view.planned(pending).is_step:
        return False
    others = (*view.state.waiting, *(each.pending for each in view.state.in_flight))
    return any(
        _comes_first(view.plan, other.planned, pending.planned)
        and not pending.pairs.isdisjoint(other.pairs)
        for other in others
    )


def without_failed_steps(view: RolloutView) -> RolloutState:
    """Return the state in which nothing waits whose earlier step has failed for good."""
    waiting: list[PendingOperation] = []
    blocked: list[Failure] = []
    for pending in view.state.waiting:
        lost = _failed_before(view, pending) if view.planned(pending).is_step else {}
        if not lost:
            waiting.append(pending)
            continue
        waiting += (
            replace(pending, accounts=left.accounts, regions=left.regions)
            for left in cover(pending.pairs - lost.keys())
        )
        blocked += _blocked(pending, lost)
    if not blocked:
        return view.state
    anew = {(failure.planned, failure.pair) for failure in blocked}
    kept = (f for f in view.state.failures if (f.planned, f.pair) not in anew)
    return replace(view.state, waiting=tuple(waiting), failures=(*kept, *blocked))


def _failed_before(view: RolloutView, pending: PendingOperation) -> dict[Pair, Failure]:
    return {
        failure.pair: failure
        for failure in view.state.failures
        if failure.final
        and failure.pair in pending.pairs
        and _comes_first(view.plan, failure.planned, pending.planned)
    }


def _comes_first(plan: Plan, earlier: int, later: int) -> bool:
    one, other = plan.operations[earlier], plan.operations[later]
    return one.is_step and one.stack_set == other.stack_set and earlier < later


def _blocked(pending: PendingOperation, lost: dict[Pair, Failure]) -> Iterator[Failure]:
    for pair in sorted(lost):
        yield Failure(
            planned=pending.planned,
            pair=pair,
            kind=FailureClass.BLOCKED,
            reason="the step before it failed there",
            attempts=0,
            final=True,
            own=OwnVerdict(cause=Cause.DEPENDENCY),
        )
