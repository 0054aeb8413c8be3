"""Which stack sets a rollout still has to create, and which it still has to delete."""

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.rollout.state.decision import CreateStackSet
from orgrollout.rollout.state.view import RolloutView


def to_make(view: RolloutView) -> frozenset[StackSetKey]:
    """Return the stack sets that are still to be created."""
    return _changing(view.plan, StackSetChange.CREATE) - view.state.made


def to_take_away(view: RolloutView) -> frozenset[StackSetKey]:
    """Return the stack sets that are still to be deleted."""
    return _changing(view.plan, StackSetChange.DELETE) - view.state.gone


def creation_of(view: RolloutView, key: StackSetKey) -> CreateStackSet:
    """Return the action that creates a stack set, always under the same token."""
    stack_set = view.plan.stack_sets[key]
    token = f"{view.state.id}-{stack_set.definition.state_digest({})}"
    return CreateStackSet(
        name=stack_set.name,
        definition=stack_set.definition,
        token=token,
        bucket=view.plan.template_bucket,
    )


def _changing(plan: Plan, change: StackSetChange) -> frozenset[StackSetKey]:
    return frozenset(key for key, s in plan.stack_sets.items() if s.change is change)
