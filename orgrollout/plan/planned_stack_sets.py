"""What a plan says of each stack set: the change, what it was, and what comes along."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import Digest, Pair, StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences, seen_of
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks.removal_impact import recovery_of, removals_of
from orgrollout.plan.model.instance_state import InstanceState, SeenInstances
from orgrollout.plan.model.plan import SIDE_BY_SIDE
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.plan.model.targets import cover


def planned_stack_set(
    request: Request, key: StackSetKey, differences: Differences
) -> PlannedStackSet:
    """Return the stack set as the plan has it, whether it changes or not."""
    desired = request.desired[key]
    inventory = request.deployed(desired)
    recovered = {pair: found.stack for pair, found in differences.recovered.items()}
    stacks = {**desired.imports, **recovered}
    differing = request.differing(desired)
    sent = inventory is None or bool(differing)
    parallel = runs_side_by_side(request, desired)
    return PlannedStackSet(
        key=key,
        name=desired.name,
        change=_change(desired, inventory, differences, differing),
        definition=desired.definition,
        parameter_sets=desired.parameter_sets,
        depends_on=(*desired.prerequisites, *desired.depends_on),
        unchanged=differences.unchanged,
        notes=tuple(_notes(request, desired, differences, sent=sent, parallel=parallel)),
        differences=differing,
        deployed=inventory.deployed.definition if inventory is not None else None,
        removals=tuple(
            removals_of(inventory, differences, request.organization)
            if inventory is not None
            else ()
        ),
        seen=_seen(inventory, differences) if inventory is not None else (),
        described=_described(inventory, differences) if inventory is not None else {},
        side_by_side=parallel,
        imports=tuple(stack for p in sorted(differences.creates) if (stack := stacks.get(p))),
        recovery=recovery_of(differences.recovered),
        stacks=tuple(
            stack
            for pair, stack in sorted(request.stacks.get(key, {}).items())
            if pair in differences.repairs
        ),
    )


def _notes(
    request: Request,
    desired: DesiredStackSet,
    differences: Differences,
    *,
    sent: bool,
    parallel: bool,
) -> Iterator[str]:
    """Yield what the template says of itself, and how it is sent."""
    if differences.creates:
        yield from desired.notes
    if sent and desired.definition.is_large:
        size = len(desired.definition.template_body.encode())
        yield f"its template of {size:,} bytes goes by way of {request.manifest.template_bucket}"
    if parallel and any(True for _ in differences.changing):
        yield f"up to {SIDE_BY_SIDE} of its operations run side by side (managed execution)"


def runs_side_by_side(request: Request, desired: DesiredStackSet) -> bool:
    """Return whether managed execution is wanted, and is on or comes with the stack set."""
    inventory = request.deployed(desired)
    on = inventory is None or inventory.deployed.definition.managed_execution
    return desired.definition.managed_execution and on


def _described(
    inventory: StackSetInventory, differences: Differences
) -> Mapping[Digest, Mapping[str, str]]:
    """Return the overrides that are to change and no plan of ours may know, by state digest."""
    changing = (inventory.instances[pair].overrides for pair in differences.updates)
    definition = inventory.deployed.definition
    return {definition.state_digest(o): dict(o) for o in changing if o is not None}


def _seen(inventory: StackSetInventory, differences: Differences) -> tuple[SeenInstances, ...]:
    """Return what the stack instances that change are now."""
    found: dict[InstanceState, list[Pair]] = defaultdict(list)
    there = dict.fromkeys((*differences.updates, *differences.recovered))
    for pair in (*there, *differences.detaches, *differences.deletes):
        goes = pair not in there
        found[seen_of(inventory, inventory.instances[pair], goes=goes)].append(pair)
    alike = sorted(found.items(), key=lambda item: (item[0].shown, str(item[0])))
    return tuple(SeenInstances(state=state, where=cover(pairs)) for state, pairs in alike)


def _change(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    differences: Differences,
    differing: tuple[str, ...],
) -> StackSetChange:
    if desired.absent:
        # It cannot go while it has stack instances that stay.
        stays = inventory is None or bool(differences.left_alone)
        return StackSetChange.NONE if stays else StackSetChange.DELETE
    if inventory is None:
        return StackSetChange.CREATE
    return StackSetChange.UPDATE if differing else StackSetChange.NONE
