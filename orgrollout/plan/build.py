"""From what is desired and what is deployed to a plan that names every pair."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from orgrollout.inventory.inventory import Inventory, StackSetInventory
from orgrollout.manifest.schema import Manifest, Preferences
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.operation import OperationPreferences
from orgrollout.organization.desired import Desired
from orgrollout.organization.snapshot import Organization
from orgrollout.plan import refusals, waves
from orgrollout.plan.compare import (
    Differences,
    compare,
    definition_differences,
    hides_parameters,
)
from orgrollout.plan.operations import Scene, operations_of
from orgrollout.plan.plan import (
    Freeze,
    Plan,
    PlannedOperation,
    PlannedStackSet,
    PlannedWave,
    Skipped,
    StackSetChange,
)

Selection = Callable[[StackSetKey, Pair], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a plan is made from."""

    manifest: Manifest
    organization: Organization
    home_region: Region
    desired: Mapping[StackSetKey, Desired]
    inventory: Inventory
    selected: Selection | None = None  # narrows to some pairs; narrowing never removes
    allow_removals: int | None = None  # instead of guards.max_removed_accounts
    opening: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()


def make_plan(request: Request) -> Plan:
    """Return what has to be done.

    Raises:
        PlanRefusedError: It would do harm; all reasons at once.
    """
    members = frozenset(request.organization.accounts)
    differences = {
        key: _narrowed(request, key, compare(desired, _deployed(request, desired), members))
        for key, desired in request.desired.items()
    }
    _refuse(request, differences)
    wave_of = _wave_finder(request, differences)
    operations = _ordered(request, differences, wave_of)
    return Plan(
        manifest=request.manifest.name,
        organization=request.organization.id,
        home_region=request.home_region,
        stack_sets={k: _planned(request, k, d) for k, d in differences.items()},
        waves=_waves(request, operations),
        operations=operations,
        preferences=preferences(request.manifest.rollout.operation_preferences),
        attempts=request.manifest.rollout.retry.attempts,
        freezes=tuple(Freeze(start=f.start, end=f.end) for f in request.manifest.rollout.freeze),
        opening=request.opening,
        skipped=request.skipped,
        warnings=(*request.warnings, *_warnings(request, differences)),
    )


def preferences(given: Preferences) -> OperationPreferences:
    """Return operation preferences with our defaults: parallel Regions, soft mode, 25 %."""
    percentage = given.max_concurrent_percentage
    if percentage is None and given.max_concurrent_count is None:
        percentage = 25
    return OperationPreferences(
        max_concurrent_percentage=percentage,
        max_concurrent_count=given.max_concurrent_count,
        failure_tolerance_percentage=given.failure_tolerance_percentage,
        failure_tolerance_count=given.failure_tolerance_count,
        parallel_regions=given.region_concurrency == "parallel",
        region_order=tuple(Region(r) for r in given.region_order),
        strict=given.concurrency_mode == "strict",
    )


def _deployed(request: Request, desired: Desired) -> StackSetInventory | None:
    return request.inventory.stack_sets.get(desired.name)


def _narrowed(request: Request, key: StackSetKey, differences: Differences) -> Differences:
    selected = request.selected
    if selected is None:
        return differences
    return replace(
        differences,
        creates={p: s for p, s in differences.creates.items() if selected(key, p)},
        updates={p: s for p, s in differences.updates.items() if selected(key, p)},
        detaches=(),
        deletes=(),
    )


def _kept(request: Request, desired: Desired) -> frozenset[Pair]:
    inventory = _deployed(request, desired)
    if inventory is None:
        return frozenset()
    chosen = request.selected
    return frozenset(
        pair
        for pair in inventory.instances
        if pair in desired.pairs and (chosen is None or chosen(desired.key, pair))
    )


def _refuse(request: Request, differences: Mapping[StackSetKey, Differences]) -> None:
    reasons: list[str] = []
    for key, desired in request.desired.items():
        inventory = _deployed(request, desired)
        reasons += refusals.ownership(desired, inventory, request.manifest.name)
        reasons += refusals.unsupported_changes(desired, inventory)
        reasons += refusals.too_many_instances(desired)
        if _definition_changes(request, desired, differences[key]):
            reasons += refusals.carrier(
                desired,
                differences[key],
                kept=bool(_kept(request, desired)),
                instances=bool(inventory and inventory.instances),
            )
    reasons += refusals.removals(differences, request.manifest.guards, request.allow_removals)
    if reasons:
        raise refusals.PlanRefusedError(reasons)


def _definition_changes(request: Request, desired: Desired, differences: Differences) -> bool:
    inventory = _deployed(request, desired)
    if inventory is None or desired.absent:
        return False
    now = inventory.deployed.definition
    if hides_parameters(now) and differences.updates:
        return True  # a NoEcho parameter may be what changed
    return bool(definition_differences(now, desired.definition))


def _wave_finder(
    request: Request, differences: Mapping[StackSetKey, Differences]
) -> Callable[[StackSetKey, Pair], int]:
    first = prerequisites(request.desired)
    accounts = {pair.account for d in request.desired.values() for pair in d.pairs}
    assigned = waves.assign(request.manifest, request.organization, accounts)
    _never_before_their_definition(request, differences, assigned, first)
    return lambda key, pair: 0 if pair.account in first.get(key, ()) else assigned[pair.account]


def prerequisites(
    desired: Mapping[StackSetKey, Desired],
) -> Mapping[StackSetKey, frozenset[AccountId]]:
    """Return what has to be there before everything else: by stack set, in which accounts.

    What others need in other accounts, and what that needs itself in its own accounts.
    """
    found: dict[StackSetKey, frozenset[AccountId]] = {}
    waiting = [(key, desired[key].accounts) for d in desired.values() for key in d.prerequisites]
    while waiting:
        key, accounts = waiting.pop()
        if accounts <= found.get(key, frozenset()):
            continue
        found[key] = found.get(key, frozenset()) | accounts
        waiting += [(other, accounts) for other in desired[key].depends_on]
        waiting += [(other, desired[other].accounts) for other in desired[key].prerequisites]
    return found


def _never_before_their_definition(
    request: Request,
    differences: Mapping[StackSetKey, Differences],
    assigned: dict[AccountId, int],
    first: Mapping[StackSetKey, frozenset[AccountId]],
) -> None:
    """Move accounts that get new stack instances behind the operation that sends the definition.

    That operation is aimed at existing instances, and in an earlier wave a new one would get the
    old template.
    """
    changing = [
        differences[key]
        for key, desired in request.desired.items()
        if key not in first
        and differences[key].updates
        and _definition_changes(request, desired, differences[key])
    ]
    moved = True
    while moved:
        moved = False
        for difference in changing:
            earliest = min(assigned[pair.account] for pair in difference.updates)
            for pair in difference.creates:
                if assigned[pair.account] < earliest:
                    assigned[pair.account] = earliest
                    moved = True


def _ordered(
    request: Request,
    differences: Mapping[StackSetKey, Differences],
    wave_of: Callable[[StackSetKey, Pair], int],
) -> tuple[PlannedOperation, ...]:
    """Return all operations, by wave, dependencies first; removals last and in reverse."""
    last = len(request.manifest.rollout.waves) + 2
    forward = dependency_order(request.desired)
    operations: list[PlannedOperation] = []
    for key in forward:
        operations += operations_of(_scene(request, differences[key], key, wave_of, last))
    position = {key: index for index, key in enumerate(forward)}
    return tuple(
        sorted(
            operations,
            key=lambda o: (
                o.wave,
                -position[o.stack_set] if o.action.removes else position[o.stack_set],
            ),
        )
    )


def _scene(
    request: Request,
    differences: Differences,
    key: StackSetKey,
    wave_of: Callable[[StackSetKey, Pair], int],
    removal_wave: int,
) -> Scene:
    desired = request.desired[key]
    inventory = _deployed(request, desired)
    kept = _kept(request, desired)
    stranded = inventory is not None and bool(inventory.instances) and not kept
    return Scene(
        desired=desired,
        inventory=inventory,
        differences=differences,
        root=request.organization.root,
        wave_of=lambda pair: wave_of(key, pair),
        removal_wave=removal_wave,
        definition_changed=_definition_changes(request, desired, differences) and not stranded,
        kept=kept,
    )


def dependency_order(desired: Mapping[StackSetKey, Desired]) -> tuple[StackSetKey, ...]:
    """Return the stack sets so that each comes after what it depends on."""
    done: dict[StackSetKey, None] = {}

    def visit(key: StackSetKey) -> None:
        if key in done or key not in desired:
            return
        for needed in (*desired[key].prerequisites, *desired[key].depends_on):
            visit(needed)
        done[key] = None

    for key in desired:
        visit(key)
    return tuple(done)


def _planned(request: Request, key: StackSetKey, differences: Differences) -> PlannedStackSet:
    desired = request.desired[key]
    inventory = _deployed(request, desired)
    differing = (
        definition_differences(inventory.deployed.definition, desired.definition)
        if inventory is not None and not desired.absent
        else ()
    )
    return PlannedStackSet(
        key=key,
        name=desired.name,
        change=_change(desired, inventory, differing),
        definition=desired.definition,
        parameter_sets=desired.parameter_sets,
        depends_on=(*desired.prerequisites, *desired.depends_on),
        unchanged=differences.unchanged,
        notes=desired.notes if differences.creates else (),
        differences=differing,
    )


def _change(
    desired: Desired, inventory: StackSetInventory | None, differing: tuple[str, ...]
) -> StackSetChange:
    if desired.absent:
        return StackSetChange.DELETE if inventory is not None else StackSetChange.NONE
    if inventory is None:
        return StackSetChange.CREATE
    return StackSetChange.UPDATE if differing else StackSetChange.NONE


def _waves(request: Request, operations: Iterable[PlannedOperation]) -> tuple[PlannedWave, ...]:
    accounts: dict[int, set[AccountId]] = defaultdict(set)
    for operation in operations:
        accounts[operation.wave].update(operation.accounts)
    manifest = request.manifest
    called = zip(waves.names(manifest), waves.gates(manifest), strict=True)
    return tuple(
        PlannedWave(
            index=index,
            name=name,
            accounts=tuple(sorted(accounts[index])),
            allowed_failures=waves.allowed_failures(manifest, index, len(accounts[index])),
            gate=gate,
        )
        for index, (name, gate) in enumerate(called)
        if index in accounts
    )


def _warnings(request: Request, differences: Mapping[StackSetKey, Differences]) -> Iterable[str]:
    for key, difference in differences.items():
        alone = {pair.account: reason for pair, reason in difference.left_alone.items()}
        for account, reason in sorted(alone.items()):
            yield f"{key}: stack instances in {account} are left alone: {reason}"
    for key, desired in request.desired.items():
        inventory = _deployed(request, desired)
        for operation in inventory.running if inventory else ():
            yield f"{key}: operation {operation} is under way on {desired.name}"
    for name in request.inventory.orphaned:
        yield (
            f"stack set {name} was made by this manifest, which no longer names it. It is left "
            "alone; `state: absent` would take it away."
        )
