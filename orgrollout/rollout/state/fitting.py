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
    yield from (("waiting", piece.planned) for piece in state.waiting)
    yield from (("ordered", piece.planned) for piece in state.ordered)
    yield from (("flights", flight.piece.planned) for flight in state.flights)
    yield from (("withdrawn", flight.piece.planned) for flight in state.withdrawn)
    yield from (("landed", landed.planned) for landed in state.landed)
    yield from (("failures", failure.planned) for failure in state.failures)


def _moments(state: RolloutState) -> Iterator[tuple[str, datetime]]:
    found: list[tuple[str, datetime | None]] = [
        ("created", state.created),
        ("wake", state.wake),
        ("ended", state.ended),
        ("proving_since", state.proving_since),
        *(("soaks", moment) for moment in state.soaks.values()),
        *(("approved", approval.at) for approval in state.approved.values()),
        *(("flights", flight.committed) for flight in (*state.flights, *state.withdrawn)),
        *(("flights", flight.ended) for flight in (*state.flights, *state.withdrawn)),
        *(("landed", landed.started) for landed in state.landed),
        *(("landed", landed.ended) for landed in state.landed),
    ]
    yield from ((field, moment) for field, moment in found if moment is not None)
