"""What moves on a terminal while a rollout runs, in two widths, with colours and without."""

import io
from datetime import timedelta
from textwrap import indent
from typing import Literal

import pytest
from rich.console import Console
from rich.text import Text

from orgrollout.report.rollout.board import Board, Row, board_lines, board_of
from orgrollout.rollout.failures.failure_groups import group_failures
from orgrollout.rollout.state.view import RolloutView
from tests.paths import DOCS
from tests.report.rollout.test_as_text import DENIED, finished
from tests.rollout.decide.test_decide import NOW, a_plan

ROWS = (
    Row(stack_set="account-roles", total=1057, done=1057, failed=0, pace=(), age=None),
    Row(
        stack_set="config-regional",
        total=170_000,
        done=42_500,
        failed=12,
        pace=("about 106 min left", "1,200 a minute"),
        age=timedelta(minutes=35),
    ),
    Row(
        stack_set="flowlogs-remediation",
        total=170_000,
        done=0,
        failed=0,
        pace=(),
        age=timedelta(minutes=1),
    ),
)
BOARD = Board(
    rollout="baseline-1",
    phase="running",
    wave="wave 3 rest, 4 of 4",
    rows=ROWS,
    total=341_057,
    done=43_557,
    failed=12,
    causes=group_failures(RolloutView(a_plan(), finished(a_plan(), DENIED)), (DENIED,)),
)
AT_80 = """\
account-roles        [##########]    1,057/1,057
config-regional      [##!.......] 42,500/170,000 12 failed, about 106 min left
flowlogs-remediation [..........]      0/170,000 1m 00s
baseline-1 running, wave 3 rest, 4 of 4: 43,557/341,057 done, 12 failed
blocked by policy in 1 account: is denied with an explicit deny in a service ...
  -> exempt arn:*:iam::*:role/stacksets-exec-* in the service control policy ...
"""


def drawn(width: int, colours: Literal["standard"] | None = None) -> str:
    """Return what a terminal of a width gets."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colours is not None,
        color_system=colours,
        no_color=colours is None,
        highlight=False,
    )
    for text, style in board_lines(BOARD, width):
        console.print(Text(text, style=style, no_wrap=True))
    return out.getvalue()


def test_it_looks_so_at_80_columns() -> None:
    assert drawn(80) == AT_80
    assert indent(AT_80, "    ") in (DOCS / "operations.md").read_text(encoding="utf-8")


def test_at_160_columns_there_is_room_for_the_rate() -> None:
    lines = drawn(160).splitlines()

    assert max(map(len, lines)) <= 160
    assert lines[1] == (
        f"config-regional      [{'#' * 7}!{'.' * 22}] 42,500/170,000 12 failed, "
        "about 106 min left, 1,200 a minute"
    )
    assert lines[4].endswith("with an explicit deny in a service control policy")


def test_colours_add_nothing_but_colours() -> None:
    coloured = drawn(80, "standard")

    assert "\x1b[31mconfig-regional" in coloured
    assert "\x1b" not in drawn(80)
    assert Text.from_ansi(coloured).plain.splitlines() == drawn(80).splitlines()


@pytest.mark.parametrize(("done", "failed"), [(99_999, 0), (99_999, 1), (0, 1), (1, 99_999)])
def test_a_bar_is_full_only_where_all_is_done(done: int, failed: int) -> None:
    row = Row(stack_set="s", total=100_000, done=done, failed=failed, pace=(), age=None)
    board = Board(
        rollout="m-1", phase="running", wave="", rows=(row,), total=1, done=0, failed=0, causes=()
    )

    bar = next(iter(board_lines(board, 80)))[0].partition("[")[2].partition("]")[0]

    assert len(bar) >= 10
    assert set(bar) != {"#"}
    assert ("!" in bar) == (failed > 0)


def test_numbers_are_of_the_wave_and_of_the_whole() -> None:
    plan = a_plan()
    state = finished(plan, DENIED)

    board = board_of(RolloutView(plan, state), {}, NOW)

    assert (board.total, board.done, board.failed) == (2, 1, 1)
    assert board.causes[0].advice
