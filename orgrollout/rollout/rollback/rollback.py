"""The plan that takes a rollout back: the template and parameters of before, in reverse order.

Only what the rollout updated is taken back. What it created stays, what it removed is not brought
back, and both are listed. A rollback is a rollout like any other: it has waves, budgets, and an end
that is proved.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import AccountId, Digest, Pair, StackSetKey, UnitId, digest_of
from orgrollout.model.operation import OperationAction
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.build.update_strategy import UpdateStrategy, with_kinds
from orgrollout.plan.model.kinds import SetOverrides
from orgrollout.plan.model.plan import Gate, Plan, PlannedOperation, PlannedWave
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.plan.model.targets import cover
from orgrollout.rollout.rollback.previous_state import EarlierStates, WayBack, way_back
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.view import RolloutView


class NothingToRollBackError(OrgRolloutError):
    """The rollout updated nothing that could be taken back. Nothing was changed."""


class NothingUpdatedError(NothingToRollBackError):
    """It updated nothing at all, so everything is as it was before."""


def reached(view: RolloutView) -> Iterator[tuple[int, PlannedOperation, set[Pair]]]:
    """Yield every operation that was sent, with the stack instances it was sent for.

    What was cancelled in it is among them: it was marked OUTDATED on the way to the new state.
    """
    never = defaultdict[int, set[Pair]](set)
    for pending in view.state.waiting:
        if pending.attempt == 1:
            never[pending.planned] |= pending.pairs
    for failure in view.state.failures:
        if failure.kind is FailureClass.BLOCKED:
            never[failure.planned].add(failure.pair)
    sent = {completed.planned for completed in view.state.completed}
    for index, operation in enumerate(view.plan.operations):
        if index in sent:
            yield index, operation, set(operation.rectangle.pairs) - never[index]


def rollback_plan(view: RolloutView, earlier: EarlierStates) -> Plan:
    """Return the plan that takes a rollout back.

    ``earlier`` gives what was before. A stack instance of which that is not known, or that had
    another definition than the rest of its stack set, is left as it is, and named.

    Raises:
        NothingToRollBackError: Nothing was updated, or nothing is known of what was before.
    """
    plan, state = view.plan, view.state
    updated = _updated(view)
    if not updated:
        raise NothingUpdatedError(
            f"{state.id} updated no stack instance, so there is nothing to take back; nothing was "
            "changed. What it created goes away with the manifest that does not want it."
        )
    back = {
        key: way_back(plan.stack_sets[key], updated[key], earlier.get(key, {}))
        for key in plan.stack_sets
        if key in updated
    }
    operations = _operations(plan, updated, back)
    if not operations:
        raise NothingToRollBackError(
            f"what the stack instances of {state.id} ran before is not known. Nothing was changed. "
            "Plan the manifest of before instead."
        )
    keys = {operation.stack_set for operation in operations}
    _must_fit(plan, operations)
    stack_sets = {
        key: _stack_set(plan, key, keys, back[key]) for key in plan.stack_sets if key in keys
    }
    lost = [(key, pair) for key in back for pair in updated[key] if pair not in back[key].pairs]
    return replace(
        plan,
        stack_sets=stack_sets,
        waves=_waves(plan, operations),
        operations=operations,
        opening=(f"takes back {state.id}: the template and parameters of before",),
        rolls_back=False,
        warnings=tuple(_left(view, lost)),
        unattended=False,  # no job of the manifest would begin it, so none finishes it
        drift_rules="",
        rollout_rules="",
    )


def _must_fit(plan: Plan, operations: Iterable[PlannedOperation]) -> None:
    """Refuse to send a template that goes by way of a bucket where the plan names none."""
    for operation in operations:
        before = plan.stack_sets[operation.stack_set].deployed
        if operation.sends_definition and before and before.is_large and not plan.template_bucket:
            raise NothingToRollBackError(
                f"{operation.stack_set} had a template too large for a call to CloudFormation, and "
                "the plan names no bucket for it; nothing was changed. Plan the manifest of before "
                "instead, with `template_bucket`."
            )


def _updated(view: RolloutView) -> dict[StackSetKey, dict[Pair, PlannedOperation]]:
    found: dict[StackSetKey, dict[Pair, PlannedOperation]] = defaultdict(dict)
    for _, operation, pairs in reached(view):
        if operation.action is OperationAction.UPDATE:
            for pair in pairs:
                known = found[operation.stack_set].get(pair)
                if known is None or not known.is_counted:
                    found[operation.stack_set][pair] = operation
    return dict(found)


def _operations(
    plan: Plan,
    updated: Mapping[StackSetKey, Mapping[Pair, PlannedOperation]],
    back: Mapping[StackSetKey, WayBack],
) -> tuple[PlannedOperation, ...]:
    """Return the operations in the order they are sent."""
    found: list[PlannedOperation] = []
    last = max(wave.index for wave in plan.waves)
    for key in reversed(list(back)):
        before = back[key]
        groups: dict[tuple[int, tuple[UnitId, ...], Digest], list[Pair]] = defaultdict(list)
        kept: set[Pair] = set()
        for pair, overrides in before.pairs.items():
            operation = updated[key][pair]
            now = plan.stack_sets[key].parameter_sets.get(operation.parameter_set, {})
            if dict(now) == dict(overrides):
                kept.add(pair)
            groups[last - operation.wave, operation.units, digest_of(dict(overrides))].append(pair)
        strategy = UpdateStrategy(
            by_stack_set=plan.updates_by_stack_set,
            sends_definition=_differs(plan.stack_sets[key], before),
            same_overrides=frozenset(kept),
            has_definition=frozenset(),  # which of them had it all along is not known
            units_of=lambda operation, _: operation.units,
        )
        updates = with_kinds(_cut(key, groups, before), strategy)
        found += sorted(updates, key=lambda o: (o.wave, not o.sends_definition))
    return tuple(sorted(found, key=lambda o: o.wave))


def _cut(
    key: StackSetKey,
    groups: Mapping[tuple[int, tuple[UnitId, ...], Digest], Iterable[Pair]],
    before: WayBack,
) -> Iterator[PlannedOperation]:
    for (wave, units, chosen), pairs in sorted(groups.items()):
        members = sorted(pairs)
        for rectangle in cover(members):
            yield PlannedOperation(
                stack_set=key,
                wave=wave,
                kind=SetOverrides(),
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                units=units,
                parameter_set=chosen,
                state=before.definition.state_digest(before.pairs[members[0]]),
                reason="as before",
            )


def _differs(stack_set: PlannedStackSet, back: WayBack) -> bool:
    return bool(definition_differences(stack_set.definition, back.definition))


def _stack_set(
    plan: Plan, key: StackSetKey, keys: set[StackSetKey], back: WayBack
) -> PlannedStackSet:
    now = plan.stack_sets[key]
    return PlannedStackSet(
        key=key,
        name=now.name,
        change=StackSetChange.UPDATE if _differs(now, back) else StackSetChange.NONE,
        definition=back.definition,
        parameter_sets={digest_of(dict(each)): each for each in back.pairs.values()},
        depends_on=tuple(k for k in plan.stack_sets if k in keys and key in _needs(plan, k)),
        differences=definition_differences(now.definition, back.definition),
        deployed=now.definition,
        side_by_side=now.side_by_side,
    )


def _needs(plan: Plan, key: StackSetKey) -> tuple[StackSetKey, ...]:
    return plan.stack_sets[key].depends_on


def _waves(plan: Plan, operations: Iterable[PlannedOperation]) -> tuple[PlannedWave, ...]:
    """Return the waves in reverse, without what stood between them."""
    accounts: dict[int, set[AccountId]] = defaultdict(set)
    for operation in operations:
        accounts[operation.wave].update(operation.accounts)
    last = max(wave.index for wave in plan.waves)
    return tuple(
        replace(
            wave,
            index=last - wave.index,
            name=f"back-{wave.name}",
            accounts=tuple(sorted(accounts[last - wave.index])),
            gate=Gate(),
        )
        for wave in reversed(plan.waves)
        if last - wave.index in accounts
    )


def _left(view: RolloutView, lost: Iterable[tuple[StackSetKey, Pair]]) -> Iterator[str]:
    """Yield what is not taken back, stack set by stack set."""
    created: dict[StackSetKey, list[Pair]] = defaultdict(list)
    removed: dict[StackSetKey, list[Pair]] = defaultdict(list)
    for _, operation, pairs in reached(view):
        if operation.action is OperationAction.CREATE:
            created[operation.stack_set] += sorted(pairs)
        elif operation.takes_away:
            removed[operation.stack_set] += sorted(pairs)
    for key, pairs_ in created.items():
        yield f"{key}: created and left as they are: {_named(pairs_)}"
    for key, pairs_ in removed.items():
        yield f"{key}: removed, and not brought back: {_named(pairs_)}"
    unknown: dict[StackSetKey, list[Pair]] = defaultdict(list)
    for key, pair in lost:
        unknown[key].append(pair)
    for key, pairs_ in unknown.items():
        why = "what they ran before is not known, or not what most of them ran"
        yield f"{key}: left as they are, since {why}: {_named(pairs_)}"


def _named(pairs: list[Pair]) -> str:
    return ", ".join(str(pair) for pair in sorted(pairs))
