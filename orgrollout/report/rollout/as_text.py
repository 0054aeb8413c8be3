"""A rollout as people read it and as programs do: one value, from the plan and the state."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count, span
from orgrollout.report.plan.as_text import skipped_lines
from orgrollout.report.rollout.standing import standing_lines
from orgrollout.rollout.failures.enrolment import is_pending
from orgrollout.rollout.failures.failure_groups import FailureGroup, group_failures, named
from orgrollout.rollout.failures.recovered_failures import recovered_failures
from orgrollout.rollout.rollback.partial_rollout import partial_rollout
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import CompletedOperation, Failure, Outcome, Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView

_UNITS = 3  # named in one line
_STYLES = {
    Outcome.SUCCEEDED: "bold green",
    Outcome.FAILURES: "bold yellow",
    Outcome.HALTED: "bold red",
}


def rollout_blocks(
    plan: Plan,
    state: RolloutState,
    now: datetime,
    *,
    chosen: Callable[[Failure], bool] = lambda _: True,
    calls: bool = False,
) -> Iterator[Block]:
    """Yield how a rollout stands or ended.

    ``chosen`` narrows the failures; ``calls``: with the API requests that were sent.
    """
    if plan.operations:
        yield _by_wave(plan, state)
    yield from _failures(plan, state, chosen)
    yield from (
        Line(text=f"warning: {text}", style="yellow")
        for text in partial_rollout(RolloutView(plan, state))
    )
    yield from _pending(plan, [f for f in state.failures if chosen(f)])
    yield from skipped_lines(plan.skipped)
    if state.calls and calls:
        yield Line(text=calls_line(state.calls.items()), style="dim")
    yield from standing_lines(plan, state, now)
    yield Line(text=outcome_line(plan, state), style=_STYLES.get(state.outcome, "bold"))


def _pending(plan: Plan, failures: Iterable[Failure]) -> Iterator[Line]:
    accounts = sorted({f.pair.account for f in failures if is_pending(plan, f)})
    if accounts:
        who = count(len(accounts), "account that has", "accounts that have")
        text = f"pending: {who} just joined and not been ready: {', '.join(accounts)}"
        yield Line(text=f"{text}; the next enrolment tries again")


def outcome_line(plan: Plan, state: RolloutState) -> str:
    """Return how it ended, or stands, in one line."""
    done = count(_succeeded(plan, state), "stack instance")
    text = f"{state.id} {state.outcome}: {done} done"
    if state.failed:
        text += f", {len(state.failed):,} failed"
    if state.ended is not None:
        text += f", in {span(state.ended - state.created)}"
    if state.phase is Phase.HALTED:
        text += f". {state.note}"
    left = [wave.name for wave in plan.waves[state.wave + 1 :]]
    if left and state.phase is not Phase.RUNNING:
        text += f". Not started: {', '.join(left)}"
    return f"{text}."


def calls_line(calls: Iterable[tuple[str, int]]) -> str:
    """Return how many API requests were sent, the most frequent first."""
    by_number = sorted(calls, key=lambda item: (-item[1], item[0]))
    total = sum(number for _, number in by_number)
    return f"calls: {total:,} ({', '.join(f'{name} {number:,}' for name, number in by_number)})"


def wave_status(state: RolloutState, position: int) -> str:
    """Return how the wave at ``position`` of the plan stands."""
    if position < state.wave:
        return "done"
    if position > state.wave:
        return "not started"
    return state.phase.value


def _by_wave(plan: Plan, state: RolloutState) -> Sheet:
    completed: dict[tuple[int, StackSetKey, str], list[CompletedOperation]] = defaultdict(list)
    wanted: Counter[tuple[int, StackSetKey, str]] = Counter()
    for operation in plan.operations:
        wanted[_place(operation)] += operation.rectangle.size
    for one in state.completed:
        completed[_place(plan.operations[one.planned])].append(one)
    names = {wave.index: wave.name for wave in plan.waves}
    lost = Counter(_place(plan.operations[f.planned]) for f in state.failed)
    rows = [
        _row(names, place, total, completed[place], lost[place]) for place, total in wanted.items()
    ]
    return Sheet(
        headers=("wave", "stack set", "action", "done", "failed", "operations", "took"),
        rows=tuple(rows),
        right=frozenset({3, 4}),
        styles=tuple("red" if lost[place] else "" for place in wanted),
    )


def _place(operation: PlannedOperation) -> tuple[int, StackSetKey, str]:
    return operation.wave, operation.stack_set, operation.action.value


def _row(
    names: dict[int, str],
    place: tuple[int, StackSetKey, str],
    total: int,
    completed: list[CompletedOperation],
    failed: int,
) -> tuple[str, ...]:
    wave, key, action = place
    done = sum(one.succeeded for one in completed)
    retries = sum(1 for one in completed if one.attempt > 1)
    operations = f"{len(completed):,}" + (
        f", {count(retries, 'retry', 'retries')}" if retries else ""
    )
    return (
        f"{wave} {names.get(wave, '')}",
        key,
        action,
        f"{done:,}/{total:,}",
        f"{failed:,}",
        operations,
        span(_took(completed)) if completed else "",
    )


def _took(completed: list[CompletedOperation]) -> timedelta:
    ended: datetime = max(one.ended for one in completed)
    return ended - min(one.started for one in completed)


def _failures(
    plan: Plan,
    state: RolloutState,
    chosen: Callable[[Failure], bool],
) -> Iterator[Block]:
    done = [f for f in recovered_failures(state) if chosen(f)]
    final = [f for f in state.failures if f.final and chosen(f)]
    open_ = [f for f in state.failures if not f.final and chosen(f)]
    lines: list[Line] = []
    for failures, standing in ((done, "retried, done"), (open_, "to be retried"), (final, "")):
        for group in group_failures(RolloutView(plan, state), failures):
            lines.append(_group_line(plan, group, standing))
            if failures is final:
                lines += _accounts(group)
                lines += _where(group)
            if group.advice and failures is final:
                lines.append(Line(text=f"    -> {group.advice}"))
    if lines:
        yield Line(text="failures by class:", style="dim")
        yield from lines


def _group_line(plan: Plan, group: FailureGroup, standing: str) -> Line:
    example = group.example
    key = plan.operations[example.planned].stack_set
    many = f"{count(group.instances, 'instance')} in {count(group.accounts, 'account')}"
    stands = standing or ("skipped" if group.kind is FailureClass.SKIPPED else "failed")
    return Line(
        text=f"  {group.kind:<17}  {many} {stands}: {group.reason or 'no reason given'} "
        f"(e.g. {named(plan, example.pair.account)} {example.pair.region} {key})",
        style="" if standing else "red",
    )


def _accounts(group: FailureGroup) -> Iterator[Line]:
    """Yield the first accounts of a group by name; of one account, the example says it."""
    more = group.accounts - len(group.named)
    if group.accounts > 1 and group.is_root_cause:
        yield Line(
            text=f"    accounts: {', '.join(group.named)}" + (f" and {more:,} more" if more else "")
        )


def _where(group: FailureGroup) -> Iterator[Line]:
    """Yield the units it happened in, and how many accounts there are still to come."""
    if not group.is_root_cause or not group.units:
        return
    named = list(group.units.items())[:_UNITS]
    units = ", ".join(f"{path} {number:,}" for path, number in named)
    more = f" and {len(group.units) - _UNITS:,} more" if len(group.units) > _UNITS else ""
    later = f"; later waves have {count(group.later, 'account')} there, too" if group.later else ""
    yield Line(text=f"    in {units}{more}{later}")


def _succeeded(plan: Plan, state: RolloutState) -> int:
    return sum(one.succeeded for one in state.completed if plan.operations[one.planned].is_counted)
