"""The next step of a rollout: pure, so that whatever drives it decides the same.

State and observation go in; the state to commit, the actions to take and the time of the next look
come out. `phases` has a class for each phase.
"""

from dataclasses import replace
from datetime import datetime

from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.decide.phases.current import phase_of
from orgrollout.rollout.state.decision import Decision, Observations
from orgrollout.rollout.state.state import Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView


def decide(plan: Plan, state: RolloutState, observations: Observations, now: datetime) -> Decision:
    """Return what to do next, given what was seen."""
    view = RolloutView(plan, _with_late_arrivals(state, observations))
    return phase_of(view).decide(observations, now)


def _with_late_arrivals(state: RolloutState, observations: Observations) -> RolloutState:
    """Return the state that stops what was withdrawn and has reached AWS after all."""
    known = {id_ for id_, found in observations.operations.items() if found.operation is not None}
    late = tuple(f for f in state.withdrawn if f.id in known)
    if not late or state.superseded_by is not None:
        return state
    return replace(
        state,
        phase=Phase.STOPPING,
        in_flight=(*state.in_flight, *late),
        withdrawn=tuple(f for f in state.withdrawn if f not in late),
        ended=None,
    )
