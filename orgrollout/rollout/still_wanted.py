"""Whether a job without a person may finish what an earlier one left. Pure.

Its plan is older than the manifest of today and than the job's own options. A job finishes it only
where it would do exactly the same today. It removes nothing that an earlier job was to remove.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orgrollout.model.ids import Digest, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.model.kinds import Create, Import
from orgrollout.plan.model.plan import PlannedOperation
from orgrollout.plan.model.planned_stack_set import PlannedStackSet
from orgrollout.rollout.decide.stack_sets import to_make, to_take_away
from orgrollout.rollout.state.state import PendingOperation
from orgrollout.rollout.state.view import RolloutView

Desired = Mapping[StackSetKey, DesiredStackSet]
_NOT_THERE = "it is not in the manifest any more"
_ENROLMENT = frozenset({OperationAction.CREATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnattendedJob:
    """What a job may do without a person, and by which rules of the manifest of today."""

    actions: frozenset[OperationAction]
    rollout_rules: Digest
    drift_rules: str = ""  # empty: it is an `apply`


def why_not_allowed(view: RolloutView, job: UnattendedJob) -> str:
    """Return why the job may not do what is left of a rollout, or nothing where it may."""
    plan = view.plan
    if bool(plan.drift_rules) != bool(job.drift_rules):
        command = "resync" if plan.drift_rules else "apply"
        return f"`{command} --unattended` began it, and only that finishes it"
    if plan.drift_rules != job.drift_rules:
        return "`drift:` of the manifest has changed since"
    if plan.rollout_rules != job.rollout_rules:
        return "`rollout:` of the manifest has changed since"
    return _more_than_allowed(view, job)


def why_not_wanted(view: RolloutView, desired: Desired) -> str:
    """Return why what is left of a rollout is not as the manifest wants it today, or nothing."""
    for key in sorted(to_make(view)):
        mine = desired.get(key)
        if why := _not_the_same(view.plan.stack_sets[key], mine) if mine else _NOT_THERE:
            return f"{key}: {why}"
    for pending in _left(view):
        key = view.stack_set_of(pending)
        mine = desired.get(key)
        if why := _differs(view, pending, mine) if mine else _NOT_THERE:
            return f"{key}: {why}"
    return ""


def _left(view: RolloutView) -> Iterator[PendingOperation]:
    yield from view.state.waiting
    yield from (running.pending for running in view.state.in_flight)


def _more_than_allowed(view: RolloutView, job: UnattendedJob) -> str:
    left = {view.planned(pending).action for pending in _left(view)}
    if to_take_away(view) or any(action.removes for action in left):
        return "it removes something, and no job removes what an earlier one was to remove"
    if view.plan.enrols:  # it updates too: what an earlier enrolment failed to create
        alone = "only `--allow create` alone finishes it: it waits for no gate"
        return "" if job.actions == _ENROLMENT else alone
    others = ", ".join(sorted(left - job.actions))
    return f"it would {others}, which this job may not" if others else ""


def _differs(view: RolloutView, pending: PendingOperation, mine: DesiredStackSet) -> str:
    operation = view.planned(pending)
    if other := pending.pairs - mine.pairs.keys():
        return f"{min(other)} was to be deployed, and the manifest does not want it any more"
    if operation.action is OperationAction.REVERT:
        return ""  # it restores what the stack runs, whatever the manifest says
    if why := _not_the_same(view.plan.stack_sets[operation.stack_set], mine):
        return why
    return "" if operation.action.is_repair else _other_way(operation, pending, mine)


def _not_the_same(planned: PlannedStackSet, mine: DesiredStackSet) -> str:
    if mine.absent:
        return "the manifest takes it away"
    if definition_differences(planned.definition, mine.definition):
        return "the manifest has another definition since"
    return ""


def _other_way(
    operation: PlannedOperation, pending: PendingOperation, mine: DesiredStackSet
) -> str:
    """Return why the manifest would deploy it in another way, or nothing."""
    for pair in sorted(pending.pairs):
        if mine.pairs[pair] != operation.parameter_set:
            return f"the manifest has other parameters for {pair} since"
        if isinstance(operation.kind, Create | Import):
            imports = isinstance(operation.kind, Import)
            if imports != (pair in mine.imports):
                return f"the manifest imports other stacks since, e.g. in {pair}"
    return ""
