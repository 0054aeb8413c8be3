"""Whether the end is as planned: one full listing, since SUCCEEDED alone proves nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import OperationId, StackSetKey
from orgrollout.model.operation_id import read_operation_id
from orgrollout.model.stack_set import InstanceStatus, StackInstance, StackSetDefinition
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.rollout.state.decision import Observations
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure
from orgrollout.rollout.state.view import RolloutView

LISTS_MAY_LAG = timedelta(minutes=1)


def touched(plan: Plan) -> frozenset[StackSetKey]:
    """Return the stack sets whose instances must be listed."""
    return frozenset(o.stack_set for o in plan.operations if not o.action.is_repair)


def unproven(
    view: RolloutView,
    observations: Observations,
    now: datetime,
) -> tuple[Failure, ...] | None:
    """Return what was reported as done but is not so, or None while lists may still lag."""
    known = {(f.planned, f.pair) for f in view.state.failures}
    found = tuple(
        failure
        for failure in _mismatches(view.plan, observations)
        if (failure.planned, failure.pair) not in known
    )
    since = view.state.verifying_since or now
    return found if not found or now - since >= LISTS_MAY_LAG else None


def _mismatches(plan: Plan, observations: Observations) -> Iterator[Failure]:
    foreign = {k for k, found in observations.definitions.items() if _is_foreign(plan, k, found)}
    for index, operation in enumerate(plan.operations):
        if not operation.is_counted or operation.action.is_repair:
            continue  # what is repaired in a member account is proven there
        there = observations.instances.get(operation.stack_set, {})
        changed = operation.stack_set in foreign and not operation.action.removes
        for pair in operation.rectangle.pairs:
            instance = there.get(pair)
            wrong = _what_is_wrong(operation, instance, observations.actions)
            if changed and not wrong:
                wrong = "another process or person changed the stack set"
            if wrong:
                yield Failure(
                    planned=index,
                    pair=pair,
                    kind=_kind(operation, instance),
                    reason=wrong,
                    attempts=0,
                    final=True,
                    own=_own(operation, instance),
                )


def _kind(operation: PlannedOperation, instance: StackInstance | None) -> FailureClass:
    skipped = instance is not None and instance.is_skipped and not operation.action.removes
    return FailureClass.SKIPPED if skipped else FailureClass.UNPROVEN


def _own(operation: PlannedOperation, instance: StackInstance | None) -> OwnVerdict | None:
    """Return our verdict; that an account is suspended is AWS's."""
    if _kind(operation, instance) is FailureClass.SKIPPED:
        return None
    stays = instance is not None and not operation.action.removes
    is_old = stays and instance is not None and instance.status is InstanceStatus.OUTDATED
    return OwnVerdict(cause=Cause.NOT_UPDATED if is_old else Cause.NOT_AS_REPORTED)


def _is_foreign(plan: Plan, key: StackSetKey, found: StackSetDefinition | None) -> bool:
    return found is None or bool(definition_differences(found, plan.stack_sets[key].definition))


def _what_is_wrong(
    operation: PlannedOperation,
    instance: StackInstance | None,
    actions: Mapping[OperationId, str],
) -> str:
    if operation.action.removes:
        return "" if instance is None else "the stack instance is still there"
    if instance is None:
        return "the stack instance is not there"
    if instance.is_skipped:
        return instance.status_reason or instance.detailed_status
    if instance.status is not InstanceStatus.CURRENT:
        return f"the stack instance is {instance.status}/{instance.detailed_status}"
    return _what_others_did(operation, instance, actions)


def _what_others_did(
    operation: PlannedOperation, instance: StackInstance, actions: Mapping[OperationId, str]
) -> str:
    """Return which other operation changed it last, unless that leaves the stack as it is."""
    last = instance.last_operation
    ours = read_operation_id(last)
    if last is None or (ours is not None and ours.state == operation.state):
        return ""
    if actions.get(last) == "DETECT_DRIFT":
        return ""
    return f"operation {last} changed it since"
