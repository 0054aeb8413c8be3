"""The operations of one stack set: which rectangles, in which order, and in which wave."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from orgrollout.model.ids import Digest, Pair
from orgrollout.model.operation import OperationAction
from orgrollout.model.operation_id import NO_STATE
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.plan.build.compare import NEW, state_digests
from orgrollout.plan.build.definition_rollout import definition_only
from orgrollout.plan.build.importing import import_operations
from orgrollout.plan.build.operation_inputs import (
    NO_OVERRIDES,
    OperationInputs,
    anchored,
    grouped,
    reasons_of,
    service_managed,
    units_of,
)
from orgrollout.plan.build.update_strategy import UpdateStrategy, in_two_steps, with_kinds
from orgrollout.plan.model.kinds import Create, MakeRepair, Remove, SetOverrides
from orgrollout.plan.model.plan import PlannedOperation
from orgrollout.plan.model.repair import Repair
from orgrollout.plan.model.targets import cover


def operations_of(inputs: OperationInputs) -> list[PlannedOperation]:
    """Return the stack set's operations in the order they must be sent, wave by wave.

    Within a wave updates come first, so that new stack instances get the new definition.
    """
    operations = [
        *_updates(inputs),
        *_creating(inputs),
        *_importing(inputs),
        *_repairing(inputs),
        *_recovering(inputs),
        *_removing(inputs),
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


def _importing(inputs: OperationInputs) -> Iterator[PlannedOperation]:
    imports, recovered = inputs.desired.imports, inputs.differences.recovered
    creates = inputs.differences.creates
    yield from _imports(
        inputs, {p: s for p, s in creates.items() if p in imports and p not in recovered}
    )


def _imports(inputs: OperationInputs, pairs: Mapping[Pair, Digest]) -> Iterator[PlannedOperation]:
    desired = inputs.desired
    units = (inputs.root,) if service_managed(desired) else ()
    groups, states = grouped(inputs, pairs), state_digests(desired)
    made = import_operations(desired.key, groups, units, states, inputs.most_imports)
    for operation in made:
        if inputs.updates_by_stack_set and operation.action is OperationAction.UPDATE:
            yield from in_two_steps(operation)
        else:
            yield operation


def _recovering(inputs: OperationInputs) -> Iterator[PlannedOperation]:
    """Yield the operations that remove INOPERABLE stack instances, then import or create them.

    The stack is kept, unless it has to be created again.
    """
    recovered, reasons = inputs.differences.recovered, inputs.differences.reasons
    creates = {p: s for p, s in inputs.differences.creates.items() if p in recovered}
    for retain in (True, False):
        those = {p: s for p, s in creates.items() if recovered[p].deletes is not retain}
        for (wave, _), pairs in grouped(inputs, those).items():
            kind = Remove(retain_stacks=retain, replaced=True)
            yield from _removals(inputs, kind, pairs, wave)
    there = {p: s for p, s in creates.items() if recovered[p].stack}
    lost = {p: s for p, s in creates.items() if p not in there}
    for operation in (*_imports(inputs, there), *_creations(inputs, lost, Create(again=True))):
        reason, others = reasons_of(reasons, operation.rectangle.pairs)
        yield replace(operation, reason=reason, other_reasons=others)


def _creating(inputs: OperationInputs) -> Iterator[PlannedOperation]:
    elsewhere = inputs.desired.imports.keys() | inputs.differences.recovered.keys()
    creates = {p: s for p, s in inputs.differences.creates.items() if p not in elsewhere}
    yield from _creations(inputs, creates, Create())


def _creations(
    inputs: OperationInputs, creates: Mapping[Pair, Digest], kind: Create
) -> Iterator[PlannedOperation]:
    units = (inputs.root,) if service_managed(inputs.desired) else ()
    states = state_digests(inputs.desired)
    for (wave, chosen), pairs in grouped(inputs, creates).items():
        for rectangle in cover(pairs):
            yield PlannedOperation(
                stack_set=inputs.desired.key,
                wave=wave,
                kind=kind,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                units=units,
                parameter_set=chosen,
                state=states[chosen],
                reason=NEW,
            )


def _updates(inputs: OperationInputs) -> list[PlannedOperation]:
    if inputs.inventory is None:
        return list(_updating(inputs))
    instances = inputs.inventory.instances
    current = {p for p in inputs.kept if instances[p].status is InstanceStatus.CURRENT}
    strategy = UpdateStrategy(
        by_stack_set=inputs.updates_by_stack_set,
        sends_definition=inputs.definition_changed,
        same_overrides=inputs.differences.same_overrides,
        has_definition=frozenset() if inputs.definition_changed else current,
        units_of=lambda _, pair: units_of(inputs, [pair]),
    )
    updates = with_kinds(_updating(inputs), strategy)
    if inputs.definition_changed and not updates:
        return [definition_only(inputs.desired.key)]
    return updates


def _updating(inputs: OperationInputs) -> Iterator[PlannedOperation]:
    states = state_digests(inputs.desired)
    for (wave, chosen), pairs in grouped(inputs, inputs.differences.updates).items():
        for rectangle in cover(pairs):
            yield from anchored(
                inputs,
                rectangle,
                PlannedOperation(
                    stack_set=inputs.desired.key,
                    wave=wave,
                    kind=SetOverrides(),
                    accounts=(),
                    regions=rectangle.regions,
                    parameter_set=chosen,
                    state=states[chosen],
                    reason="",
                ),
            )


def _removing(inputs: OperationInputs) -> Iterator[PlannedOperation]:
    for action, pairs in inputs.differences.removals.items():
        kind = Remove(retain_stacks=action is OperationAction.DETACH)
        yield from _removals(inputs, kind, pairs, inputs.removal_wave)


def _removals(
    inputs: OperationInputs, kind: Remove, pairs: Iterable[Pair], wave: int
) -> Iterator[PlannedOperation]:
    for rectangle in cover(pairs):
        yield from anchored(
            inputs,
            rectangle,
            PlannedOperation(
                stack_set=inputs.desired.key,
                wave=wave,
                kind=kind,
                accounts=(),
                regions=rectangle.regions,
                parameter_set=NO_OVERRIDES,
                state=NO_STATE,
                reason="",
            ),
        )


def _repairing(inputs: OperationInputs) -> Iterator[PlannedOperation]:
    groups: dict[tuple[int, Digest], list[Pair]] = defaultdict(list)
    known: dict[Digest, Repair] = {}
    for pair, repairs in sorted(inputs.differences.repairs.items()):
        for repair in repairs:
            known[repair.digest] = repair
            groups[inputs.wave_of(pair), repair.digest].append(pair)
    for (wave, digest), pairs in groups.items():
        repair = known[digest]
        for rectangle in cover(pairs):
            yield PlannedOperation(
                stack_set=inputs.desired.key,
                wave=wave,
                kind=MakeRepair(repair=repair),
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                parameter_set=NO_OVERRIDES,
                state=NO_STATE,
                reason=repair.reason,
            )
