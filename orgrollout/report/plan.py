"""A plan as people read it and as programs do."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgrollout.model.ids import StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.plan.plan import (
    Gate,
    Plan,
    PlannedOperation,
    PlannedStackSet,
    PlannedWave,
    Removal,
    Skipped,
    StackSetChange,
)
from orgrollout.plan.preferences import explained
from orgrollout.report.blocks import Block, Line, Sheet
from orgrollout.report.words import count, span

FORMAT_VERSION = 1
_NAMED = 10  # accounts by name in one line
_ACTIONS = tuple(OperationAction)


def plan_blocks(plan: Plan, *, pairs: bool = False) -> Iterator[Block]:
    """Yield what a person should know before the plan is carried out."""
    yield from (Line(text=text) for text in plan.opening)
    yield from skipped_lines(plan.skipped)
    shown = [key for key, s in plan.stack_sets.items() if _changes(plan, s)]
    if shown:
        yield _by_stack_set(plan, shown)
        yield from _definitions(plan, shown)
    if plan.waves:
        yield Line(text=f"waves: {' | '.join(_wave(wave) for wave in plan.waves)}")
        yield from (Line(text=f"  {text}") for text in _preferences(plan))
    if pairs and plan.operations:
        yield _by_pair(plan)
    yield from (Line(text=f"warning: {text}", style="yellow") for text in plan.warnings)
    yield from (Line(text=text) for text in dict.fromkeys(_notes(plan)))
    yield Line(text=summary(plan), style="bold")


def summary(plan: Plan) -> str:
    """Return the plan in one line."""
    if plan.is_empty:
        unchanged = count(plan.unchanged, "stack instance is", "stack instances are")
        return f"Nothing to do: {unchanged} as wanted."
    counts = plan.counts()
    changes = ", ".join(f"{counts[action]:,} to {action}" for action in _ACTIONS)
    operations = count(len(plan.operations), "operation")
    return f"Plan: {changes}; {plan.unchanged:,} unchanged; {operations}."


def skipped_lines(skipped: Iterable[Skipped]) -> Iterator[Line]:
    """Yield the accounts that nothing can be deployed to, by name."""
    accounts = list(skipped)
    names = [f"{s.name} {s.account} ({s.reason})" for s in accounts[:_NAMED]]
    if len(accounts) > _NAMED:
        more = f"{len(accounts) - _NAMED:,} more (orgrollout coverage --state skipped)"
        names.append(more)
    if names:
        yield Line(text=f"skipped: {', '.join(names)}")


def plan_json(plan: Plan, calls: Mapping[str, int]) -> dict[str, Any]:
    """Return the plan as JSON can hold it. Keys may be added, never renamed."""
    counts = plan.counts()
    return {
        "format_version": FORMAT_VERSION,
        "manifest": plan.manifest,
        "fingerprint": plan.fingerprint,
        "summary": {**{a.value: counts[a] for a in _ACTIONS}, "unchanged": plan.unchanged},
        "stack_sets": [_stack_set_json(s) for s in plan.stack_sets.values()],
        "changes": [
            {
                "stack_set": operation.stack_set,
                "account": pair.account,
                "region": pair.region,
                "action": operation.action,
                "reason": reason,
                "wave": operation.wave,
                "parameter_set": operation.parameter_set or None,
            }
            for operation, pair, reason in plan.changes()
        ],
        "parameter_sets": {
            key: dict(values)
            for stack_set in plan.stack_sets.values()
            for key, values in stack_set.parameter_sets.items()
        },
        "waves": [_wave_json(wave) for wave in plan.waves],
        "operations": [_operation_json(i, o) for i, o in enumerate(plan.operations, start=1)],
        "skipped": skipped_json(plan.skipped),
        "warnings": list(plan.warnings),
        "calls": dict(calls),
    }


def skipped_json(skipped: Iterable[Skipped]) -> list[dict[str, Any]]:
    """Return the accounts that nothing can be deployed to."""
    return [{"account": s.account, "account_name": s.name, "reason": s.reason} for s in skipped]


def _stack_set_json(stack_set: PlannedStackSet) -> dict[str, Any]:
    return {
        "stack_set": stack_set.key,
        "name": stack_set.name,
        "change": stack_set.change.value,
        "differences": list(stack_set.differences),
        "depends_on": list(stack_set.depends_on),
        "removals": [_removal_json(removal) for removal in stack_set.removals],
    }


def _removal_json(removal: Removal) -> dict[str, Any]:
    return {
        "action": removal.action,
        "instances": removal.instances,
        "accounts": removal.accounts,
        "stays": list(removal.stays),
        "way_back": removal.way_back,
    }


def _wave_json(wave: PlannedWave) -> dict[str, Any]:
    return {
        "wave": wave.index,
        "name": wave.name,
        "accounts": len(wave.accounts),
        "allowed_failures": wave.allowed_failures,
        "operations": explained(wave),
    }


def _operation_json(number: int, operation: PlannedOperation) -> dict[str, Any]:
    return {
        "id": str(number),
        "wave": operation.wave,
        "stack_set": operation.stack_set,
        "action": operation.action,
        "accounts": list(operation.accounts),
        "regions": list(operation.regions),
    }


def _changes(plan: Plan, stack_set: PlannedStackSet) -> bool:
    return stack_set.change is not StackSetChange.NONE or bool(plan.counts(stack_set.key))


def _by_stack_set(plan: Plan, keys: Iterable[StackSetKey]) -> Sheet:
    rows = []
    for key in keys:
        counts = plan.counts(key)
        numbers = [f"{counts[action]:,}" for action in _ACTIONS]
        unchanged = f"{plan.stack_sets[key].unchanged:,}"
        rows.append((f"  {key}", *numbers, unchanged, _where(plan, key)))
    return Sheet(
        headers=("  stack set", *_ACTIONS, "unchanged", "where"),
        rows=tuple(rows),
        right=frozenset(range(1, len(_ACTIONS) + 2)),
    )


def _where(plan: Plan, key: StackSetKey) -> str:
    mine = [o for o in plan.operations if o.stack_set == key and not o.covered_again]
    accounts = {account for o in mine for account in o.accounts}
    regions = {region for o in mine for region in o.regions}
    if not accounts:
        return ""
    where = regions.pop() if len(regions) == 1 else count(len(regions), "Region")
    return f"{count(len(accounts), 'account')}, {where}"


def _definitions(plan: Plan, keys: Iterable[StackSetKey]) -> Iterator[Line]:
    for key in keys:
        stack_set = plan.stack_sets[key]
        if stack_set.change is StackSetChange.UPDATE:
            what = ", ".join(stack_set.differences)
            yield Line(text=f"changed: {key}: {what}")
        elif stack_set.change is StackSetChange.DELETE:
            yield Line(text=f"deleted: {key}: the stack set {stack_set.name} itself")
        for removal in stack_set.removals:
            yield from _removal(key, removal)


def _removal(key: StackSetKey, removal: Removal) -> Iterator[Line]:
    """Yield what a removal means; *detach* and *delete* must not be taken for each other."""
    stacks = f"{count(removal.instances, 'stack')} in {count(removal.accounts, 'account')}"
    does = "are let go and stay" if removal.action is OperationAction.DETACH else "are deleted"
    yield Line(text=f"{removal.action}: {key}: {stacks} {does}", style="yellow")
    yield from (Line(text=f"  what stays: {text}") for text in removal.stays)
    yield Line(text=f"  to have it again: {removal.way_back}")


def _wave(wave: PlannedWave) -> str:
    accounts = count(len(wave.accounts), "account")
    return f"{wave.index} {wave.name} {accounts}{_gate(wave.gate)}"


def _gate(gate: Gate) -> str:
    soak = f", then soak {span(gate.soak)}" if gate.soak else ""
    alarm = f" while alarm {gate.alarm.rpartition(':')[2]} is quiet" if gate.alarm else ""
    second = " by a second person" if gate.not_by_planner else ""
    return f"{soak}{alarm}{f', then approval{second}' if gate.approval else ''}"


def _preferences(plan: Plan) -> Iterator[str]:
    """Yield how fast the operations of waves move, waves that are alike in one line."""
    alike: dict[str, list[str]] = {}
    for wave in plan.waves:
        alike.setdefault(explained(wave), []).append(wave.name)
    for text, names in alike.items():
        yield f"{', '.join(names)}: {text}"


def _by_pair(plan: Plan) -> Sheet:
    return Sheet(
        headers=("  stack set", "account", "Region", "action", "wave", "reason"),
        rows=tuple(
            (f"  {o.stack_set}", pair.account, pair.region, o.action, str(o.wave), reason)
            for o, pair, reason in plan.changes()
        ),
    )


def _notes(plan: Plan) -> Iterator[str]:
    for key, stack_set in plan.stack_sets.items():
        for note in stack_set.notes:
            yield f"note: {key}: {note}"
