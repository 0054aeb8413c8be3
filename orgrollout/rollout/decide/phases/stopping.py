"""An operator stops the rollout: nothing more starts, and what runs is stopped."""

from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.rollout.decide.phases.phase import in_flight_request, stop_of
from orgrollout.rollout.operations.process_in_flight import SOON, process_in_flight
from orgrollout.rollout.state.decision import (
    Decision,
    Event,
    EventKind,
    ObservationRequest,
    Observations,
    StartBlock,
)
from orgrollout.rollout.state.state import InFlightOperation, Phase
from orgrollout.rollout.state.view import RolloutView


@dataclass(frozen=True, slots=True)
class Stopping:
    """Stack instances in progress are finished, and no others begin."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for the operations in flight."""
        return in_flight_request(self.view)

    def decide(self, observations: Observations, now: datetime) -> Decision:
        """Stop what AWS knows, and end once nothing is in flight."""
        so_far = process_in_flight(self.view, observations, now, StartBlock(given_up=True))
        state = so_far.state
        if not state.in_flight:
            stopped = replace(state, phase=Phase.STOPPED, ended=now)
            event = Event(kind=EventKind.STOPPED, text="nothing is running any more")
            return Decision(state=stopped, events=(*so_far.events, event))
        stops = tuple(
            stop_of(self.view, f)
            for f in state.in_flight
            if f.ended is None and _is_known(observations, f)
        )
        return replace(so_far, actions=(*so_far.actions, *stops), wake_after=SOON)


def _is_known(observations: Observations, in_flight: InFlightOperation) -> bool:
    found = observations.operations.get(in_flight.id)
    return found is not None and found.operation is not None
