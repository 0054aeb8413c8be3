"""A rollout that halted, was stopped or finished. It looks only for operations that arrive late."""

from dataclasses import dataclass
from datetime import datetime

from orgrollout.rollout.decide.phases.phase import in_flight_request, stop_of
from orgrollout.rollout.operations.process_in_flight import SOON
from orgrollout.rollout.state.decision import Decision, ObservationRequest, Observations
from orgrollout.rollout.state.view import RolloutView


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more happens by itself."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for the operations that were withdrawn and may still arrive."""
        return in_flight_request(self.view)

    def decide(self, observations: Observations, now: datetime) -> Decision:  # noqa: ARG002
        """Stop what a superseded rollout had withdrawn and what has reached AWS after all.

        What comes of it is for the other rollout to find: these stack instances are planned again
        there. Late arrivals of a rollout that is not superseded are stopped by `Stopping`.
        """
        state = self.view.state
        found = {id_: each.operation for id_, each in observations.operations.items()}
        late = [f for f in state.withdrawn if (o := found.get(f.id)) and not o.status.is_terminal]
        stops = tuple(stop_of(self.view, each) for each in late)
        return Decision(state=state, actions=stops, wake_after=SOON if stops else None)
