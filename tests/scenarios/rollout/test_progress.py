"""How far an operation is can be seen while it runs, in few calls."""

import io
import re
from datetime import timedelta
from itertools import pairwise

from rich.console import Console

from orgrollout.cli.terminal.progress import Progress
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drivers.local import drive
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_events import Listener
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.reconcile.tick.counting import OperationCounter
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.report.rollout.board import board_of
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.view import RolloutView
from tests.stage import BASE, DEV, EU, PROD, Stage

RESULTS = "ListStackSetOperationResults"


def followed(stage: Stage, rollout: RolloutId) -> list[str]:
    """Return the lines of a log while a rollout runs to its end, by the organization's clock."""
    context, screen, told = stage.context(), Screen(), io.StringIO()
    screen.people = Console(file=told, width=200, highlight=False)
    loaded = load_rollout(context.journal, rollout)
    with Progress(screen, loaded, context.clock, "", OperationCounter(context)) as progress:
        drive(rollout, context, progress.follow)
    return told.getvalue().splitlines()


def minutes(lines: list[str]) -> list[int]:
    """Return the minute of each line."""
    found = (re.match(r"(\d\d):(\d\d) ", line) for line in lines)
    return [int(at[1]) * 60 + int(at[2]) for at in found if at]


def test_an_operation_reports_progress_each_minute_with_one_call(stage: Stage) -> None:
    """There were 35 simulated minutes without a line."""
    stage.sandbox.slow(DEV[0], EU, seconds=timedelta(minutes=20))
    rollout = stage.begin()
    stage.sandbox.calls.clear()

    lines = followed(stage, rollout)

    times = minutes(lines)
    assert times[-1] - times[0] >= 20
    assert all(later - earlier <= 2 for earlier, later in pairwise(times)), lines
    counted = [line for line in lines if "/14 done" in line]
    far = re.compile(r"create: \d+/14 done, \d+ a minute, about \d+ min left")
    assert any(far.search(line) for line in counted), counted
    calls = [call for call in stage.sandbox.calls if call.operation == RESULTS]
    assert len(calls) <= times[-1] - times[0] + 3


def test_an_operation_that_cannot_be_counted_is_reported_as_running(stage: Stage) -> None:
    stage.sandbox.slow(DEV[0], seconds=timedelta(minutes=15))
    stage.sandbox.server_error(RESULTS, times=20)
    rollout = stage.begin()

    lines = followed(stage, rollout)

    assert any("create 14, under way for " in line for line in lines), lines
    assert load_rollout(stage.context().journal, rollout).state.outcome == "succeeded"


def test_a_soak_is_reported_at_intervals(stage: Stage) -> None:
    waves = [{"name": "canary", "accounts": [PROD[0]], "after": {"soak": "2h"}}]
    lines = followed(stage, stage.begin({**BASE, "rollout": {"waves": waves}}))

    soaking = [line for line in lines if "soaking until " in line]
    assert 8 <= len(soaking) <= 13


def test_another_process_follows_every_event_once(stage: Stage) -> None:
    rollout = stage.begin()
    journal = stage.context().journal
    listener = Listener(rollout)
    heard = list(listener.catch_up(journal))
    stage.finish(rollout)
    heard += listener.catch_up(journal)

    kinds = [event.kind for event in heard]
    assert kinds.count(EventKind.STARTED) == kinds.count(EventKind.ENDED) == 1
    assert kinds.count(EventKind.FINISHED) == 1
    assert listener.catch_up(journal) == ()


def test_bars_count_up_to_the_end_and_never_beyond(stage: Stage) -> None:
    stage.sandbox.fail(DEV[1], EU, times=1, reason="Rate exceeded")
    waves = [{"name": "canary", "accounts": [PROD[0]]}]
    rollout = stage.begin({**BASE, "rollout": {"waves": waves}})
    context = stage.context()
    counter, boards = OperationCounter(context), []

    def follow(tick: Tick) -> None:
        view = RolloutView(tick.rollout.plan, tick.rollout.state)
        boards.append(board_of(view, counter.count(tick.rollout), context.clock.now()))

    drive(rollout, context, follow)

    assert {board.total for board in boards} == {14}
    done = [board.done for board in boards]
    assert (done[0], done[-1]) == (0, 14)
    assert done == sorted(done)
    assert {row.total for board in boards for row in board.rows} == {2, 12}
    assert any(row.pace for board in boards for row in board.rows)
    assert all(row.done + row.failed <= row.total for board in boards for row in board.rows)
