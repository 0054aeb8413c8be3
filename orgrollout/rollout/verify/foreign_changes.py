"""Whether another process or person changed a stack set during a rollout.

Operations on stack instances apply whatever definition the stack set has at that moment. So before
one starts, the definition is looked at: another one would reach every wave to come.
"""

from collections.abc import Iterable, Iterator

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.rollout.state.decision import Observations
from orgrollout.rollout.state.state import PendingOperation
from orgrollout.rollout.state.view import RolloutView


def settled(view: RolloutView, key: StackSetKey) -> bool:
    """Return whether the stack set must have the planned definition by now.

    Not before the operation that sends it is over, nor where nothing in the plan sends it.
    """
    match view.plan.stack_sets[key].change:
        case StackSetChange.NONE:
            return True
        case StackSetChange.CREATE:
            return key in view.state.made
        case StackSetChange.UPDATE:
            return any(
                view.plan.operations[completed.planned].stack_set == key
                and view.plan.operations[completed.planned].sends_definition
                for completed in view.state.completed
            )
        case StackSetChange.DELETE:
            return False


def foreign_changes(plan: Plan, observations: Observations) -> Iterator[str]:
    """Yield what another process or person changed, stack set by stack set."""
    for key, found in sorted(observations.definitions.items()):
        stack_set = plan.stack_sets[key]
        if found is None:
            yield f"stack set {stack_set.name} is gone"
        elif differing := definition_differences(found, stack_set.definition):
            what = ", ".join(differing)
            yield f"stack set {stack_set.name} was changed by another process or person: {what}"


def definitions_to_check(
    view: RolloutView, ready: Iterable[PendingOperation]
) -> frozenset[StackSetKey]:
    """Return the stack sets whose definition is to be looked at before these pieces start."""
    keys = {
        view.stack_set_of(pending)
        for pending in ready
        if not view.planned(pending).action.removes and not view.planned(pending).action.is_repair
    }
    return frozenset(key for key in keys if settled(view, key))
