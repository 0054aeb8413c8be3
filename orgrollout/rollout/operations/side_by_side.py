"""Which operations of one stack set may be under way at the same time.

One at a time, unless the stack set has managed execution. CloudFormation then runs what does not
conflict side by side and queues the rest (ManagedExecution, CloudFormation API reference); what a
conflict is, it does not say. So what is sent side by side here has no stack instance in common, and
nothing is sent beside an operation that all others build on.

Repairs in member accounts do not occupy a stack set, but its operations change the same stacks.
"""

from orgrollout.plan.model.kinds import belongs_to_import
from orgrollout.plan.model.plan import SIDE_BY_SIDE, Plan
from orgrollout.rollout.failures.blocked import sends_definition
from orgrollout.rollout.state.state import PendingOperation
from orgrollout.rollout.state.view import RolloutView


def awaits_in_flight(view: RolloutView, pending: PendingOperation) -> bool:
    """Return whether a piece waits for an operation that is under way on its stack set."""
    key = view.stack_set_of(pending)
    under_way = [f.pending for f in view.state.in_flight if view.stack_set_of(f.pending) == key]
    if not under_way:
        return False
    if any(view.planned(each).action.is_repair for each in (pending, *under_way)):
        return not all(view.planned(each).action.is_repair for each in (pending, *under_way))
    if not view.plan.stack_sets[key].side_by_side or len(under_way) >= SIDE_BY_SIDE:
        return True
    return any(_goes_alone(view.plan, each) for each in (pending, *under_way)) or any(
        _meet(pending, other) for other in under_way
    )


def _goes_alone(plan: Plan, pending: PendingOperation) -> bool:
    """Return whether a piece sends the definition, or imports what is updated afterwards."""
    return sends_definition(plan, pending) or belongs_to_import(
        plan.operations[pending.planned].kind
    )


def _meet(one: PendingOperation, other: PendingOperation) -> bool:
    """Return whether two pieces have a stack instance in common."""
    return not (
        set(one.accounts).isdisjoint(other.accounts) or set(one.regions).isdisjoint(other.regions)
    )
