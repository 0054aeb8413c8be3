"""What must be observed before a rollout's next step is decided."""

from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.decide.phases.current import phase_of
from orgrollout.rollout.state.decision import ObservationRequest
from orgrollout.rollout.state.state import RolloutState
from orgrollout.rollout.state.view import RolloutView


def wanted(plan: Plan, state: RolloutState) -> ObservationRequest:
    """Return what must be observed before deciding: the current phase says it."""
    return phase_of(RolloutView(plan, state)).observe()
