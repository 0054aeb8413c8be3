"""Whether what is left of a rollout is still wanted by the manifest of today. Pure."""

from collections.abc import Mapping

from orgrollout.model.ids import StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.model.plan import PlannedOperation
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.rollout.state.state import PendingOperation
from orgrollout.rollout.state.view import RolloutView


def why_not_wanted(
    view: RolloutView, desired: Mapping[StackSetKey, DesiredStackSet], drift_rules: str
) -> str:
    """Return why no process may finish the rollout unasked, or nothing where one may.

    Its plan is older than the manifest. What is left of it must aim at the same stack instances,
    with the same definition, and repair by the same rules.
    """
    state = view.state
    left = (*state.waiting, *(running.pending for running in state.in_flight))
    for pending in left:
        operation = view.planned(pending)
        planned, mine = view.plan.stack_sets[operation.stack_set], desired.get(operation.stack_set)
        if mine is None:
            return f"{operation.stack_set} is not in the manifest any more"
        if why := _differs(operation, pending, planned, mine):
            return f"{operation.stack_set}: {why}"
        if operation.action.is_repair and view.plan.drift_rules != drift_rules:
            return "`drift:` of the manifest has changed since"
    return ""


def _differs(
    operation: PlannedOperation,
    pending: PendingOperation,
    planned: PlannedStackSet,
    mine: DesiredStackSet,
) -> str:
    wanted = pending.pairs & mine.pairs.keys()
    if operation.takes_away:
        if wanted:
            return f"{min(wanted)} was to go, and the manifest wants it"
    elif other := pending.pairs - wanted:
        return f"{min(other)} was to be deployed, and the manifest does not want it any more"
    if (planned.change is StackSetChange.DELETE) and not mine.absent:
        return "it was to go, and the manifest wants it"
    sends = planned.change in {StackSetChange.CREATE, StackSetChange.UPDATE}
    if sends and definition_differences(planned.definition, mine.definition):
        return "the manifest has another definition since"
    return ""
