"""What moves on a terminal while a rollout runs: bars by stack set of the wave, and failures.

Counted once for each tick, in numbers that do not grow with the stack instances; drawn for any
width.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.model.ids import OperationId, StackSetKey
from orgrollout.model.shown import visible
from orgrollout.report.layout.words import count, span
from orgrollout.report.rollout.under_way import pace
from orgrollout.rollout.failures.failure_groups import FailureGroup, group_failures
from orgrollout.rollout.state.counted import Counted
from orgrollout.rollout.state.view import RolloutView

_BAR = (10, 30)  # columns, at least and at most
_NEWEST = 500  # failures that are looked at: more of them tell no more
_CAUSES = 2

Place = tuple[int, StackSetKey]  # a wave, and a stack set in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One stack set in the wave that is under way."""

    stack_set: str
    total: int
    done: int
    failed: int
    pace: tuple[str, ...]  # time left and rate, as far as they are known
    age: timedelta | None  # of what is under way; None: nothing is


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All that is shown, counted at one moment."""

    rollout: str
    phase: str
    wave: str  # as it is called, and of how many
    rows: tuple[Row, ...]
    total: int
    done: int
    failed: int
    causes: tuple[FailureGroup, ...]  # of the newest failures


def board_of(view: RolloutView, counted: Mapping[OperationId, Counted], now: datetime) -> Board:
    """Return how a rollout stands at this moment."""
    plan, state = view.plan, view.state
    position = min(state.wave, len(plan.waves) - 1)
    totals, done, failed = _numbers(view, counted)
    index = plan.waves[position].index if plan.waves else 0
    rows = tuple(
        _row(view, place, (totals[place], done[place], failed[place]), counted, now)
        for place in totals
        if place[0] == index
    )
    return Board(
        rollout=state.id,
        phase=state.phase.value,
        wave=f"wave {index} {plan.waves[position].name}, {position + 1} of {len(plan.waves)}"
        if plan.waves
        else "",
        rows=rows,
        total=totals.total(),
        done=done.total(),
        failed=failed.total(),
        causes=group_failures(view, state.failed[-_NEWEST:])[:_CAUSES],
    )


def board_lines(board: Board, width: int) -> Iterator[tuple[str, str]]:
    """Yield lines that fit into a width, each with its style."""
    name = max((len(row.stack_set) for row in board.rows), default=0)
    numbers = [f"{row.done:,}/{row.total:,}" for row in board.rows]
    wide = max(map(len, numbers), default=0)
    bar = min(max(width - name - wide - 44, _BAR[0]), _BAR[1])
    for row, number in zip(board.rows, numbers, strict=True):
        text = f"{row.stack_set:<{name}} {_bar(row, bar)} {number:>{wide}}"
        yield _cut(_with(text, _told(row), width), width), "red" if row.failed else ""
    failed = f", {board.failed:,} failed" if board.failed else ""
    whole = f"{board.done:,}/{board.total:,} done{failed}"
    where = f" {board.wave}:" if board.wave else ""
    yield _cut(f"{board.rollout} {board.phase},{where} {whole}", width), "dim"
    for group in board.causes:
        text = f"{group.kind} in {count(group.accounts, 'account')}: {group.reason}"
        yield _cut(visible(text), width), "red"
        if group.advice:
            yield _cut(visible(f"  -> {group.advice}"), width), "yellow"


def _told(row: Row) -> Iterator[str]:
    """Yield what is told of a row, what matters most first."""
    if row.failed:
        yield f"{row.failed:,} failed"
    yield from row.pace
    if row.age is not None and not row.pace:
        yield span(row.age)


def _with(text: str, parts: Iterable[str], width: int) -> str:
    """Return a line with as many parts as it has room for."""
    before = " "
    for part in parts:
        if len(text) + len(before) + len(part) > width:
            break
        text += before + part
        before = ", "
    return text


def _numbers(
    view: RolloutView, counted: Mapping[OperationId, Counted]
) -> tuple[Counter[Place], Counter[Place], Counter[Place]]:
    """Return by wave and stack set how many there are, are done, and failed for good."""
    plan, state = view.plan, view.state
    places = [(each.wave, each.stack_set) for each in plan.operations]
    totals, done, failed = (Counter[Place]() for _ in range(3))
    for place, planned in zip(places, plan.operations, strict=True):
        totals[place] += planned.rectangle.size if planned.is_counted else 0
    for each in state.completed:
        if plan.operations[each.planned].is_counted:
            done[places[each.planned]] += each.succeeded
    for under_way in state.in_flight:
        known = counted.get(under_way.id)
        if known is not None and view.planned(under_way.pending).is_counted:
            done[places[under_way.pending.planned]] += known.done
    for failure in state.failed:
        failed[places[failure.planned]] += 1
    return totals, done, failed


def _row(
    view: RolloutView,
    place: Place,
    numbers: tuple[int, int, int],
    counted: Mapping[OperationId, Counted],
    now: datetime,
) -> Row:
    total, done, failed = numbers
    mine = [
        each
        for each in view.state.in_flight
        if (view.planned(each.pending).wave, view.stack_set_of(each.pending)) == place
    ]
    known = [counted[each.id] for each in mine if each.id in counted]
    return Row(
        stack_set=place[1],
        total=total,
        done=min(done, total),
        failed=failed,
        pace=tuple(reversed([*pace(known, total - done - failed, now)])),
        age=now - min(each.committed for each in mine) if mine else None,
    )


def _bar(row: Row, width: int) -> str:
    """Return what is done and what failed of a whole; what is not all done is never full."""
    if not row.total:
        return f"[{'.' * width}]"
    done = row.done * width // row.total
    failed = min(-(-row.failed * width // row.total), width - done)
    return f"[{'#' * done}{'!' * failed}{'.' * (width - done - failed)}]"


def _cut(text: str, width: int) -> str:
    return text.rstrip() if len(text) <= width else f"{text[: width - 3]}..."
