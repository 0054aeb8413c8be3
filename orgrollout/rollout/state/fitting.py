"""Whether a state belongs to its plan: both come from files, and a file may have been harmed."""

from collections.abc import Iterator
from datetime import datetime

from orgrollout.rollout.state.state import RolloutState
from orgrollout.rollout.state.view import RolloutView


def misfit(view: RolloutView) -> str:
    """Return what of a state its plan does not have; empty where all fits."""
    plan, state = view.plan, view.state
    last = len(plan.operations) - 1
    for field, planned in _planned(state):
        if not 0 <= planned <= last:
            return f"state.{field} names operation {planned} of the plan, which has none such"
    if not 0 <= state.wave <= len(plan.waves):
        return f"state.wave is {state.wave}, and the plan has {len(plan.waves)} waves"
    for field, moment in _moments(state):
        if moment.tzinfo is None:
            return f"state.{field} is a moment without a time zone"
    strange = (state.made | state.gone) - plan.stack_sets.keys()
    return f"it names stack sets that the plan has not: {len(strange)}" if strange else ""


def _planned(state: RolloutState) -> Iterator[tuple[str, int]]:
    yield from (("waiting", pending.planned) for pending in state.waiting)
    yield from (("ordered", pending.planned) for pending in state.ordered)
    yield from (("in_flight", each.pending.planned) for each in state.in_flight)
    yield from (("withdrawn", each.pending.planned) for each in state.withdrawn)
    yield from (("completed", completed.planned) for completed in state.completed)
    yield from (("failures", failure.planned) for failure in state.failures)


def _moments(state: RolloutState) -> Iterator[tuple[str, datetime]]:
    found: list[tuple[str, datetime | None]] = [
        ("created", state.created),
        ("wake", state.wake),
        ("ended", state.ended),
        ("verifying_since", state.verifying_since),
        *(("soaks", moment) for moment in state.soaks.values()),
        *(("approved", approval.at) for approval in state.approved.values()),
        *(("in_flight", each.committed) for each in (*state.in_flight, *state.withdrawn)),
        *(("in_flight", each.ended) for each in (*state.in_flight, *state.withdrawn)),
        *(("completed", completed.started) for completed in state.completed),
        *(("completed", completed.ended) for completed in state.completed),
    ]
    yield from ((field, moment) for field, moment in found if moment is not None)
