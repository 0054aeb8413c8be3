"""Whether the end is as planned: one full listing, since SUCCEEDED alone proves nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.stack_set import InstanceStatus, StackInstance
from orgrollout.plan.plan import Plan, PlannedOperation
from orgrollout.rollout.failures import FailureClass
from orgrollout.rollout.state import Failure, RolloutState

LISTS_MAY_LAG = timedelta(minutes=1)


def touched(plan: Plan) -> frozenset[StackSetKey]:
    """Return the stack sets whose instances must be listed."""
    return frozenset(operation.stack_set for operation in plan.operations)


def unproven(
    plan: Plan,
    state: RolloutState,
    instances: Mapping[StackSetKey, Mapping[Pair, StackInstance]],
    now: datetime,
) -> tuple[Failure, ...] | None:
    """Return what was reported as done but is not so, or None while lists may still lag."""
    known = {(f.planned, f.pair) for f in state.failures}
    found = tuple(
        failure
        for failure in _mismatches(plan, instances)
        if (failure.planned, failure.pair) not in known
    )
    since = state.proving_since or now
    return found if not found or now - since >= LISTS_MAY_LAG else None


def _mismatches(
    plan: Plan, instances: Mapping[StackSetKey, Mapping[Pair, StackInstance]]
) -> Iterator[Failure]:
    for index, operation in enumerate(plan.operations):
        if operation.covered_again:
            continue
        there = instances.get(operation.stack_set, {})
        for pair in operation.rectangle.pairs:
            wrong = _what_is_wrong(operation, there.get(pair))
            if wrong:
                yield Failure(
                    planned=index,
                    pair=pair,
                    kind=FailureClass.UNPROVEN,
                    reason=wrong,
                    attempts=0,
                    final=True,
                )


def _what_is_wrong(operation: PlannedOperation, instance: StackInstance | None) -> str:
    if operation.action.removes:
        return "" if instance is None else "the stack instance is still there"
    if instance is None:
        return "the stack instance is not there"
    if instance.status is not InstanceStatus.CURRENT:
        return f"the stack instance is {instance.status}/{instance.detailed_status}"
    return ""
