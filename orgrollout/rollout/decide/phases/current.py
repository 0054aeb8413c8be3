"""Which phase a rollout is in."""

from orgrollout.rollout.decide.phases.at_gate import Soaking, WaitingForApproval
from orgrollout.rollout.decide.phases.ended import Ended
from orgrollout.rollout.decide.phases.phase import RolloutPhase
from orgrollout.rollout.decide.phases.running import Running
from orgrollout.rollout.decide.phases.stopping import Stopping
from orgrollout.rollout.decide.phases.verifying import Verifying
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.view import RolloutView


def phase_of(view: RolloutView) -> RolloutPhase:
    """Return the phase that the state names."""
    match view.state.phase:
        case Phase.RUNNING:
            return Running(view)
        case Phase.SOAKING:
            return Soaking(view)
        case Phase.WAITING:
            return WaitingForApproval(view)
        case Phase.STOPPING:
            return Stopping(view)
        case Phase.VERIFYING:
            return Verifying(view)
        case Phase.HALTED | Phase.STOPPED | Phase.FINISHED:
            return Ended(view)
