"""Whether a plan that was made earlier still fits: only what it touches counts.

Large organizations change every day. So a plan is not refused because something has changed, but
because one of its own definitions has, or the existence, the state or the desired state of a pair
that it names. What has come up besides is left to the next plan.
"""

from collections.abc import Iterator, Mapping

from orgrollout.model.ids import Digest, Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.model.operation_id import NO_STATE
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences, seen_of, state_digests
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks.refusals import protected
from orgrollout.plan.model.instance_state import InstanceState
from orgrollout.plan.model.kinds import belongs_to_import
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange

_Becoming = tuple[OperationAction, Digest]


def moved_since(plan: Plan, now: Request) -> Iterator[str]:
    """Yield what is no longer as it was of all that the plan touches, each in words."""
    differences = now.differences()
    touched = {operation.stack_set for operation in plan.operations}
    for key, stack_set in plan.stack_sets.items():
        if key not in touched and stack_set.change is StackSetChange.NONE:
            continue
        desired = now.desired.get(key)
        if desired is None:
            yield f"{key}: the manifest no longer has it"
            continue
        moved = list(_stack_set_moved(stack_set, desired, now))
        yield from (f"{key}: {text}" for text in moved)
        if not moved:
            yield from _pairs_moved(plan, key, differences[key], now)
    going = {pair.account for o, pair, _ in plan.changes() if o.action.removes}
    yield from protected(going, now.manifest)


def come_up_since(plan: Plan, now: Request) -> int:
    """Return how many stack instances would change by now that the plan does not name."""
    known = {(operation.stack_set, pair) for operation, pair, _ in plan.changes()}
    return sum(
        (key, pair) not in known
        for key, difference in now.differences().items()
        for pair in difference.changing
    )


def _stack_set_moved(
    stack_set: PlannedStackSet, desired: DesiredStackSet, now: Request
) -> Iterator[str]:
    if desired.name != stack_set.name:
        yield f"it is called {desired.name} now, and was {stack_set.name}"
    if desired.definition != stack_set.definition:
        differing = definition_differences(stack_set.definition, desired.definition)
        yield f"what is wanted of it: {', '.join(differing) or 'how it is run'}"
    inventory = now.deployed(desired)
    was = stack_set.deployed
    if (inventory is None) != (was is None):
        yield "it does not exist any more" if inventory is None else "it exists by now"
    elif inventory is not None and was is not None and inventory.deployed.definition != was:
        differing = definition_differences(was, inventory.deployed.definition)
        yield f"what is deployed: {', '.join(differing) or 'how it is run'}"


def _pairs_moved(
    plan: Plan, key: StackSetKey, differences: Differences, now: Request
) -> Iterator[str]:
    desired = now.desired[key]
    becoming = dict(_becoming(differences, state_digests(desired)))
    was = plan.stack_sets[key].was
    for operation in plan.operations:
        if operation.stack_set != key or _updates_import(operation):
            continue
        for pair in operation.rectangle.pairs:
            text = (
                _definition_target_moved(desired, pair, now)
                if not operation.is_counted
                else _action_moved(operation, becoming.get(pair))
                or _state_moved(was.get(pair), desired, pair, now)
            )
            if text:
                yield f"{key} {pair}: {text}"


def _updates_import(operation: PlannedOperation) -> bool:
    """Return whether it updates stacks that an operation before it imports."""
    return belongs_to_import(operation.kind) and not operation.is_counted


def _becoming(
    differences: Differences, states: Mapping[Digest, Digest]
) -> Iterator[tuple[Pair, _Becoming]]:
    """Yield what would be done with each pair by now, and what it would run then."""
    for pair, chosen in differences.creates.items():
        yield pair, (OperationAction.CREATE, states[chosen])
    for pair, chosen in differences.updates.items():
        yield pair, (OperationAction.UPDATE, states[chosen])
    for action, pairs in differences.removals.items():
        for pair in pairs:
            yield pair, (action, NO_STATE)


def _action_moved(operation: PlannedOperation, becoming: _Becoming | None) -> str:
    if becoming is None:
        return f"was to {operation.action}, and nothing is left to do"
    action, state = becoming
    if action is not operation.action:
        return f"was to {operation.action}, and is to {action} now"
    if state != operation.state:
        return f"is to {action} with other parameters now"
    return ""


def _state_moved(
    was: InstanceState | None, desired: DesiredStackSet, pair: Pair, now: Request
) -> str:
    inventory = now.deployed(desired)
    instance = inventory.instances.get(pair) if inventory else None
    goes = pair not in desired.pairs
    seen = seen_of(inventory, instance, goes=goes) if inventory and instance else None
    if seen == was:
        return ""
    before, after = (state.shown if state else "" for state in (was, seen))
    if before == after:
        return "another process or person has changed it"
    return f"was {before}, is {after}"


def _definition_target_moved(desired: DesiredStackSet, pair: Pair, now: Request) -> str:
    """Return why a definition cannot be aimed at this pair any more."""
    inventory = now.deployed(desired)
    there = inventory is not None and pair in inventory.instances
    return "" if there else "the definition was to be sent there, and it is gone"
