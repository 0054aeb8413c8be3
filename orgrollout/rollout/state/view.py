"""A rollout as functions look at it: its plan, and where it stands."""

from dataclasses import dataclass

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.rollout.state.state import PendingOperation, RolloutState


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A plan with the state of the rollout that carries it out."""

    plan: Plan
    state: RolloutState

    def at(self, state: RolloutState) -> "RolloutView":
        """Return the same rollout in another state."""
        return RolloutView(self.plan, state)

    def planned(self, pending: PendingOperation) -> PlannedOperation:
        """Return the operation of the plan that a pending one is, or is left of."""
        return self.plan.operations[pending.planned]

    def stack_set_of(self, pending: PendingOperation) -> StackSetKey:
        """Return the stack set that a pending operation is for."""
        return self.planned(pending).stack_set
