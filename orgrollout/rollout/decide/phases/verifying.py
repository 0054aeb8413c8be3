"""All operations are done: one listing of all stack instances tells whether it is true."""

from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.rollout.operations.process_in_flight import SOON
from orgrollout.rollout.state.decision import (
    Decision,
    Event,
    EventKind,
    ObservationRequest,
    Observations,
)
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.verify.verify_rollout import touched, unproven


@dataclass(frozen=True, slots=True)
class Verifying:
    """The stack sets that the rollout touched are listed once more."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for all stack instances, and for the definitions that stay."""
        there = self._listed()
        return ObservationRequest(
            instances=there, definitions=frozenset(key for key in there if self._stays(key))
        )

    def decide(self, observations: Observations, now: datetime) -> Decision:
        """Finish with what the listing proves, or look again while lists may lag."""
        state = self.view.state
        if not self._listed() <= observations.instances.keys():
            return Decision(state=state, wake_after=SOON)
        found = unproven(self.view, observations, now)
        if found is None:
            return Decision(state=state, wake_after=SOON * 3)
        done = replace(state, phase=Phase.FINISHED, failures=(*state.failures, *found), ended=now)
        event = Event(kind=EventKind.FINISHED, text=done.outcome.value)
        return Decision(state=done, events=(event,))

    def _listed(self) -> frozenset[StackSetKey]:
        return touched(self.view.plan) - self.view.state.gone

    def _stays(self, key: StackSetKey) -> bool:
        return self.view.plan.stack_sets[key].change is not StackSetChange.DELETE
