"""A plan as people read it and as programs do."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from orgrollout.model.ids import StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.plan.build.preferences import explained
from orgrollout.plan.checks.blast_radius import exposed_accounts
from orgrollout.plan.model.plan import Gate, Plan, PlannedWave, Skipped
from orgrollout.plan.model.planned_stack_set import (
    PlannedStackSet,
    Recovery,
    Removal,
    StackSetChange,
)
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count, moment, span
from orgrollout.report.plan.changes import definition_changes, override_lines
from orgrollout.report.plan.cost import cost_line
from orgrollout.report.plan.unchecked import sentence

FORMAT_VERSION = 1
# A plan compares what CloudFormation was told with what it is to be told, and no resource.
NOT_CHECKED = ("what people changed by hand", "recorders, rules, flow logs and documents")
LOOKS = "orgrollout drift --detect"  # of the manifest in the folder
_NAMED = 10  # accounts by name in one line
_ALWAYS = tuple(action for action in OperationAction if not action.is_repair)


def plan_blocks(
    plan: Plan,
    *,
    pairs: bool = False,
    everything: bool = True,
    now: datetime | None = None,
    detect: str = LOOKS,
) -> Iterator[Block]:
    """Yield what a person should know before the plan is carried out.

    ``everything``: a re-sync has looked everywhere. Without ``now``, freezes that are over are told
    of, too. ``detect`` is the command that looks for what no plan compares.
    """
    yield from (Line(text=text) for text in plan.opening)
    yield from skipped_lines(plan.skipped)
    shown = [key for key, s in plan.stack_sets.items() if _changes(plan, s)]
    if shown:
        yield _by_stack_set(plan, shown)
        yield from _definitions(plan, shown)
    if plan.waves:
        yield Line(text=f"waves: {' | '.join(_wave(wave) for wave in plan.waves)}")
        yield from (Line(text=f"  {text}") for text in _preferences(plan))
        yield Line(text=f"  {_exposed(plan)}")
    if plan.operations:
        yield from _freezes(plan, now)
    if pairs and plan.operations:
        yield _by_pair(plan)
    yield from (Line(text=f"warning: {text}", style="yellow") for text in plan.warnings)
    yield from (Line(text=text) for text in dict.fromkeys(_notes(plan)))
    if plan.operations:
        yield Line(text=cost_line(plan))
    if plan.held_back:
        kinds = ", ".join(f"{number:,} to {action}" for action, number in plan.held_back.items())
        yield Line(text=f"not allowed here, and only reported: {kinds}", style="yellow")
    yield from (Line(text=f"refused: {text}", style="bold red") for text in plan.refused)
    yield from (
        Line(text=f"waits for an approval first: {text}", style="yellow") for text in plan.waits_for
    )
    yield Line(text=summary(plan, everything=everything), style="bold")
    if plan.is_empty and plan.stack_sets:
        yield Line(text=sentence(NOT_CHECKED, f"`{detect}`"), style="dim")


def _freezes(plan: Plan, now: datetime | None) -> Iterator[Line]:
    """Yield the spans in which no operation starts."""
    for freeze in plan.freezes:
        if now is not None and freeze.end <= now:
            continue
        holds = now is not None and freeze.start <= now
        what = (
            "holds now: `apply` starts nothing and ends with 4" if holds else "no operation starts"
        )
        span_ = f"{moment(freeze.start)} to {moment(freeze.end)}"
        yield Line(text=f"freeze: {span_}: {what}", style="yellow" if holds else "")


def summary(plan: Plan, *, everything: bool = True) -> str:
    """Return the plan in one line."""
    if plan.is_empty and not plan.stack_sets:  # a re-sync plans what it touches, and nothing else
        return f"Nothing to do{'' if everything else ' in what was looked at'}."
    if plan.is_empty:
        unchanged = count(plan.unchanged, "stack instance is", "stack instances are")
        return f"Nothing to do: {unchanged} as wanted."
    counts = plan.counts()
    changes = ", ".join(f"{counts[action]:,} to {action}" for action in actions_of(plan))
    operations = count(len(plan.operations), "operation")
    return f"Plan: {changes}; {plan.unchanged:,} unchanged; {operations}."


def actions_of(plan: Plan) -> tuple[OperationAction, ...]:
    """Return the actions that are told of: those of a re-sync only where there are any."""
    counts = plan.counts()
    return (*_ALWAYS, *(a for a in OperationAction if a.is_repair and counts[a]))


def skipped_lines(skipped: Iterable[Skipped]) -> Iterator[Line]:
    """Yield the accounts that nothing can be deployed to, by name."""
    accounts = list(skipped)
    names = [f"{s.name} {s.account} ({s.reason})" for s in accounts[:_NAMED]]
    if len(accounts) > _NAMED:
        more = f"{len(accounts) - _NAMED:,} more (orgrollout coverage --state skipped)"
        names.append(more)
    if names:
        yield Line(text=f"skipped: {', '.join(names)}")


def _changes(plan: Plan, stack_set: PlannedStackSet) -> bool:
    return stack_set.change is not StackSetChange.NONE or bool(plan.counts(stack_set.key))


def _by_stack_set(plan: Plan, keys: Iterable[StackSetKey]) -> Sheet:
    rows, actions = [], actions_of(plan)
    for key in keys:
        counts = plan.counts(key)
        numbers = [f"{counts[action]:,}" for action in actions]
        unchanged = f"{plan.stack_sets[key].unchanged:,}"
        rows.append((f"  {key}", *numbers, unchanged, _where(plan, key)))
    return Sheet(
        headers=("  stack set", *actions, "unchanged", "where"),
        rows=tuple(rows),
        right=frozenset(range(1, len(actions) + 2)),
    )


def _where(plan: Plan, key: StackSetKey) -> str:
    mine = [o for o in plan.operations if o.stack_set == key and o.is_counted]
    accounts = {account for o in mine for account in o.accounts}
    regions = {region for o in mine for region in o.regions}
    if not accounts:
        return ""
    where = regions.pop() if len(regions) == 1 else count(len(regions), "Region")
    return f"{count(len(accounts), 'account')}, {where}"


def _definitions(plan: Plan, keys: Iterable[StackSetKey]) -> Iterator[Block]:
    for key in keys:
        stack_set = plan.stack_sets[key]
        if stack_set.change is StackSetChange.UPDATE:
            what = ", ".join(stack_set.differences)
            yield Line(text=f"changed: {key}: {what}")
            yield from definition_changes(stack_set)
        elif stack_set.change is StackSetChange.DELETE:
            yield Line(text=f"deleted: {key}: the stack set {stack_set.name} itself")
        yield from override_lines(plan, key)
        for removal in stack_set.removals:
            yield from _removal(key, removal)
        if stack_set.recovery:
            yield from _recovery(key, stack_set.recovery)


def _removal(key: StackSetKey, removal: Removal) -> Iterator[Line]:
    """Yield what a removal means; *detach* and *delete* must not be taken for each other."""
    stacks = f"{count(removal.instances, 'stack')} in {count(removal.accounts, 'account')}"
    does = "are detached and stay" if removal.action is OperationAction.DETACH else "are deleted"
    yield Line(text=f"{removal.action}: {key}: {stacks} {does}", style="yellow")
    if removal.named:
        more = len(removal.named) - _NAMED
        rest = (f"{more:,} more (orgrollout plan --pairs)",) if more > 0 else ()
        yield Line(text=f"  where: {', '.join((*removal.named[:_NAMED], *rest))}")
    yield from (Line(text=f"  what stays: {text}") for text in removal.stays)
    yield Line(text=f"  to have it again: {removal.way_back}")


def _recovery(key: StackSetKey, recovery: Recovery) -> Iterator[Line]:
    """Yield what happens to what is INOPERABLE, step by step, and what may be left of it."""
    where = count(recovery.accounts, "account")
    if recovery.deleted:
        stacks = count(recovery.deleted, "stack")
        yield Line(
            text=f"recreate: {key}: {stacks} in {where} deleted with all that the template does "
            "not keep, and then created again",
            style="yellow",
        )
    if not recovery.imported + recovery.created:
        return
    many = count(recovery.imported + recovery.created, "INOPERABLE stack instance")
    yield Line(text=f"recover: {key}: {many} in {where}", style="yellow")
    yield Line(text="  first detached: no stack is touched, and all their resources stay")
    if recovery.imported:
        stacks = count(recovery.imported, "stack that is", "stacks that are")
        yield Line(
            text=f"  then imported: {stacks} still there, and then updated; none is made twice"
        )
        yield Line(text="  a stack that cannot be imported stays in its account, and is reported")
    if recovery.created:
        stacks = count(recovery.created, "new stack")
        yield Line(text=f"  then created: {stacks}, where CloudFormation knows of none any more")


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


def _exposed(plan: Plan) -> str:
    each = (f"{wave.name} {exposed_accounts(plan, wave):,}" for wave in plan.waves)
    return f"accounts that may still be touched after one failure too many: {', '.join(each)}"


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
