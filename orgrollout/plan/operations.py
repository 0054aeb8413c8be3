"""The operations of one stack set: which rectangles, in which wave, and which carries the news.

Template and parameters are sent once per stack set, by UpdateStackSet targeted at stack instances
that exist. That marks all others OUTDATED, and nothing is wrong with those; later operations bring
them along by UpdateStackInstances.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import AccountId, Digest, Pair, UnitId
from orgrollout.model.operation import OperationAction
from orgrollout.model.operation_id import NO_STATE
from orgrollout.model.stack_set import InstanceStatus, PermissionModel
from orgrollout.organization.desired import Desired
from orgrollout.plan.compare import NEW, Differences, state_digests
from orgrollout.plan.importing import import_operations
from orgrollout.plan.plan import PlannedOperation
from orgrollout.plan.rectangles import Rectangle, cover
from orgrollout.plan.repair import Repair
from orgrollout.plan.updating import both_ways, by_stack_set

MAX_UNITS = 50  # organizational units per call (DeploymentTargets, CloudFormation API reference)
NO_OVERRIDES = Digest("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the operations of one stack set are made from."""

    desired: Desired
    inventory: StackSetInventory | None
    differences: Differences
    root: UnitId
    wave_of: Callable[[Pair], int]
    removal_wave: int
    definition_changed: bool
    updates_by_stack_set: bool  # the definition by UpdateStackSet, the overrides afterwards
    kept: frozenset[Pair]  # deployed and still desired, so that a definition may be aimed at them
    most_imports: int  # of one operation


def operations_of(scene: Scene) -> list[PlannedOperation]:
    """Return the stack set's operations in the order they must be sent, wave by wave.

    Within a wave updates come first, so that new stack instances get the new definition.
    """
    updates = list(_updates(scene))
    if scene.definition_changed and scene.inventory is not None:
        updates = _with_carrier(scene, updates)
    operations = [
        *updates,
        *_creating(scene),
        *_importing(scene),
        *_repairing(scene),
        *_recovering(scene),
        *_removing(scene),
    ]
    return sorted(operations, key=_rank)


def _rank(operation: PlannedOperation) -> tuple[int, bool, int]:
    order = {
        OperationAction.UPDATE: 0,
        OperationAction.CREATE: 1,
        OperationAction.REVERT: 3,
        OperationAction.CALL: 4,  # what a revert brings back may be what is called
    }
    # What is imported is updated afterwards: all of these stay in the order they come in.
    rank = 2 if operation.is_step else order.get(operation.action, 5)
    return operation.wave, not operation.sends_definition, rank


def _importing(scene: Scene) -> Iterator[PlannedOperation]:
    imports, recovered = scene.desired.imports, scene.differences.recovered
    creates = scene.differences.creates
    yield from _imports(
        scene, {p: s for p, s in creates.items() if p in imports and p not in recovered}
    )


def _imports(scene: Scene, pairs: Mapping[Pair, Digest]) -> Iterator[PlannedOperation]:
    desired = scene.desired
    units = (scene.root,) if _service_managed(desired) else ()
    groups, states = _grouped(scene, pairs), state_digests(desired)
    made = import_operations(desired.key, groups, units, states, scene.most_imports)
    for operation in made:
        if scene.updates_by_stack_set and operation.action is OperationAction.UPDATE:
            yield from (replace(o, covered_again=True) for o in both_ways(operation))
        else:
            yield operation


def _recovering(scene: Scene) -> Iterator[PlannedOperation]:
    """Yield, for what is INOPERABLE, a detachment, and an import or a creation that follows it.

    What is made anew is deleted instead, and created.
    """
    recovered, reasons = scene.differences.recovered, scene.differences.reasons
    creates = {p: s for p, s in scene.differences.creates.items() if p in recovered}
    for action, those in (
        (OperationAction.DETACH, {p: s for p, s in creates.items() if not recovered[p].deletes}),
        (OperationAction.DELETE, {p: s for p, s in creates.items() if recovered[p].deletes}),
    ):
        for (wave, _), pairs in _grouped(scene, those).items():
            for operation in _letting_go(scene, action, pairs, wave):
                yield replace(operation, recovers=True, covered_again=True)
    there = {p: s for p, s in creates.items() if recovered[p].stack}
    lost = {p: s for p, s in creates.items() if p not in there}
    for operation in (*_imports(scene, there), *_creations(scene, lost)):
        reason, others = _reasons(reasons, operation.rectangle.pairs)
        yield replace(operation, recovers=True, reason=reason, other_reasons=others)


def _creating(scene: Scene) -> Iterator[PlannedOperation]:
    elsewhere = scene.desired.imports.keys() | scene.differences.recovered.keys()
    creates = {p: s for p, s in scene.differences.creates.items() if p not in elsewhere}
    yield from _creations(scene, creates)


def _creations(scene: Scene, creates: Mapping[Pair, Digest]) -> Iterator[PlannedOperation]:
    units = (scene.root,) if _service_managed(scene.desired) else ()
    states = state_digests(scene.desired)
    for (wave, chosen), pairs in _grouped(scene, creates).items():
        for rectangle in cover(pairs):
            yield PlannedOperation(
                stack_set=scene.desired.key,
                wave=wave,
                action=OperationAction.CREATE,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                units=units,
                parameter_set=chosen,
                state=states[chosen],
                reason=NEW,
            )


def _updates(scene: Scene) -> Iterator[PlannedOperation]:
    if scene.updates_by_stack_set and scene.inventory is not None:
        instances = scene.inventory.instances
        current = {p for p in scene.kept if instances[p].status is InstanceStatus.CURRENT}
        return by_stack_set(
            _updating(scene),
            same_overrides=scene.differences.same_overrides,
            has_definition=frozenset() if scene.definition_changed else current,
        )
    return _updating(scene)


def _updating(scene: Scene) -> Iterator[PlannedOperation]:
    states = state_digests(scene.desired)
    for (wave, chosen), pairs in _grouped(scene, scene.differences.updates).items():
        for rectangle in cover(pairs):
            yield from _anchored(
                scene,
                rectangle,
                PlannedOperation(
                    stack_set=scene.desired.key,
                    wave=wave,
                    action=OperationAction.UPDATE,
                    accounts=(),
                    regions=rectangle.regions,
                    parameter_set=chosen,
                    state=states[chosen],
                    reason="",
                ),
            )


def _removing(scene: Scene) -> Iterator[PlannedOperation]:
    for action, pairs in scene.differences.removals.items():
        yield from _letting_go(scene, action, pairs, scene.removal_wave)


def _letting_go(
    scene: Scene, action: OperationAction, pairs: Iterable[Pair], wave: int
) -> Iterator[PlannedOperation]:
    for rectangle in cover(pairs):
        yield from _anchored(
            scene,
            rectangle,
            PlannedOperation(
                stack_set=scene.desired.key,
                wave=wave,
                action=action,
                accounts=(),
                regions=rectangle.regions,
                parameter_set=NO_OVERRIDES,
                state=NO_STATE,
                reason="",
            ),
        )


def _repairing(scene: Scene) -> Iterator[PlannedOperation]:
    groups: dict[tuple[int, Digest], list[Pair]] = defaultdict(list)
    known: dict[Digest, Repair] = {}
    for pair, repairs in sorted(scene.differences.repairs.items()):
        for repair in repairs:
            known[repair.digest] = repair
            groups[scene.wave_of(pair), repair.digest].append(pair)
    for (wave, digest), pairs in groups.items():
        repair = known[digest]
        for rectangle in cover(pairs):
            yield PlannedOperation(
                stack_set=scene.desired.key,
                wave=wave,
                action=repair.action,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                parameter_set=NO_OVERRIDES,
                state=NO_STATE,
                reason=repair.reason,
                repair=repair,
            )


def _with_carrier(scene: Scene, updates: list[PlannedOperation]) -> list[PlannedOperation]:
    """Return the updates with the one that sends the definition marked, or added."""
    first = min((o.wave for o in updates), default=None)
    for index, operation in enumerate(updates):
        same = scene.differences.same_overrides
        alone = operation.by_stack_set or same.issuperset(operation.rectangle.pairs)
        if operation.wave == first and alone:
            return [*updates[:index], _sending(operation), *updates[index + 1 :]]
    if updates and first is not None:
        # UpdateStackSet does not touch overrides, so these pairs are updated once more.
        chosen = next(o for o in updates if o.wave == first)
        return [_one_pair_of(scene, chosen), *updates]
    return _definition_alone(scene)


def _definition_alone(scene: Scene) -> list[PlannedOperation]:
    """Return the operation that sends a definition which changes no stack instance.

    With stack instances it is aimed at a single one: without targets it would touch all.
    """
    desired = scene.desired
    base = PlannedOperation(
        stack_set=desired.key,
        wave=1,
        action=OperationAction.UPDATE,
        accounts=(),
        regions=(),
        parameter_set=NO_OVERRIDES,
        state=NO_STATE,
        reason="the stack set's definition",
        sends_definition=True,
        covered_again=True,
    )
    if not scene.kept:
        return [base]
    pair = min(scene.kept, key=lambda p: (scene.wave_of(p), p))
    chosen = desired.pairs[pair]
    return [
        replace(
            base,
            wave=scene.wave_of(pair),
            accounts=(pair.account,),
            regions=(pair.region,),
            units=_units(scene, [pair]),
            parameter_set=chosen,
            state=state_digests(desired)[chosen],
        )
    ]


def _sending(operation: PlannedOperation) -> PlannedOperation:
    return replace(operation, sends_definition=True)


def _one_pair_of(scene: Scene, operation: PlannedOperation) -> PlannedOperation:
    pair = next(iter(operation.rectangle.pairs))
    return replace(
        operation,
        accounts=(pair.account,),
        regions=(pair.region,),
        units=_units(scene, [pair]),
        sends_definition=True,
        covered_again=True,
        state=NO_STATE,  # its overrides come afterwards
        reason="the stack set's definition",
        other_reasons={},
    )


def _grouped(scene: Scene, pairs: Mapping[Pair, Digest]) -> Mapping[tuple[int, Digest], list[Pair]]:
    groups: dict[tuple[int, Digest], list[Pair]] = defaultdict(list)
    for pair, chosen in pairs.items():
        groups[scene.wave_of(pair), chosen].append(pair)
    return dict(sorted(groups.items()))


def _anchored(
    scene: Scene, rectangle: Rectangle, base: PlannedOperation
) -> Iterator[PlannedOperation]:
    """Yield the operation, cut where its stack instances hang below too many units for one call."""
    for accounts in _within_unit_limit(scene, rectangle):
        part = Rectangle(accounts, rectangle.regions)
        reason, others = _reasons(scene.differences.reasons, part.pairs)
        yield replace(
            base,
            accounts=accounts,
            units=_units(scene, part.pairs),
            reason=reason,
            other_reasons=others,
        )


def _within_unit_limit(scene: Scene, rectangle: Rectangle) -> list[tuple[AccountId, ...]]:
    units = _units(scene, rectangle.pairs)
    if len(units) <= MAX_UNITS:
        return [rectangle.accounts]
    parts: list[tuple[list[AccountId], set[UnitId]]] = [([], set())]
    for account in rectangle.accounts:
        mine = set(_units(scene, Rectangle((account,), rectangle.regions).pairs))
        if len(parts[-1][1] | mine) > MAX_UNITS:
            parts.append(([], set()))
        parts[-1][0].append(account)
        parts[-1][1].update(mine)
    return [tuple(accounts) for accounts, _ in parts]


def _units(scene: Scene, pairs: Iterable[Pair]) -> tuple[UnitId, ...]:
    """Return the units that CloudFormation recorded for the stack instances.

    It is the unit that was targeted, so it stays right when an account moves.
    """
    if scene.inventory is None or not _service_managed(scene.desired):
        return ()
    instances = scene.inventory.instances
    return tuple(sorted({instances[pair].unit or scene.root for pair in pairs}))


def _reasons(
    reasons: Mapping[Pair, str], pairs: Iterable[Pair]
) -> tuple[str, Mapping[str, tuple[Pair, ...]]]:
    """Return the reason most pairs have, and the pairs of any other."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        found[reasons[pair]].append(pair)
    common = max(found, key=lambda reason: len(found[reason]))
    return common, {r: tuple(ps) for r, ps in found.items() if r != common}


def _service_managed(desired: Desired) -> bool:
    return desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
