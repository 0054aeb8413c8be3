"""At any width nothing is cut inside of a word or a name."""

import io

import pytest
from rich.console import Console

from orgrollout.cli.terminal.screen import Screen
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.text import show

WIDE = Sheet(
    headers=("stack_set", "account", "account_name", "ou_path", "region", "state", "reason"),
    rows=tuple(
        (
            "flowlogs-remediation",
            f"10000000000{n}",
            "payments-production",
            "/Workloads/Regulated/Production",
            "ap-southeast-2",
            "current",
            "drift: IN_SYNC since the last detection, which was an hour ago",
        )
        for n in range(3)
    ),
)
NARROW = Sheet(
    headers=("wave", "stack set", "done"),
    rows=(("1 canary", "config-regional", "25/25"), ("2 early", "account-roles", "2/2")),
    right=frozenset({2}),
)
TEXT = Line(
    text="  skipped: identity_test 106934918181 (account is SUSPENDED), intranet 194687171244 "
    "(account is SUSPENDED), a-name-with-hyphens-that-is-very-long-indeed 194687171245"
)


def shown(width: int, *blocks: Block, terminal: bool = True) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, color_system=None)
    show(console, blocks)
    return out.getvalue().splitlines()


PLAN = Sheet(
    headers=("  stack set", "create", "update", "detach", "delete", "unchanged", "where"),
    rows=(
        ("  flowlogs-remediation", "60", "0", "0", "0", "0", "30 accounts, 2 Regions"),
        ("  config-regional", "60", "0", "0", "0", "0", "30 accounts, 2 Regions"),
    ),
    right=frozenset(range(1, 6)),
)


@pytest.mark.parametrize("width", range(70, 100))
def test_a_table_gives_room_to_words_before_it_wraps(width: int) -> None:
    lines = shown(width, PLAN)
    assert all(len(line.rstrip()) <= width for line in lines)
    for name in ("  flowlogs-remediation", "  config-regional"):
        assert any(line.startswith(name) for line in lines)


def test_a_line_that_is_broken_keeps_its_indent() -> None:
    """Lines of one list stood at two or at four blanks, by whether they were broken."""
    lines = shown(26, Line(text="  rest: short"), Line(text="  canary: longer than the line"))
    assert [line.rstrip() for line in lines] == [
        "  rest: short",
        "  canary: longer than the",
        "    line",
    ]


@pytest.mark.parametrize("width", [80, 160])
def test_no_word_is_cut_and_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = shown(width, WIDE, NARROW, TEXT)

    words = [word for line in lines for word in line.split()]
    assert all(len(line.rstrip()) <= width for line in lines)
    for sheet in (WIDE, NARROW):
        for row in sheet.rows:
            for cell in row:
                assert all(word in words for word in cell.split()), cell
    assert all(word in words for word in TEXT.text.split())


def test_rows_that_do_not_fit_become_blocks() -> None:
    assert shown(80, WIDE)[:7] == [
        "flowlogs-remediation",
        "  account: 100000000000",
        "  account_name: payments-production",
        "  ou_path: /Workloads/Regulated/Production",
        "  region: ap-southeast-2",
        "  state: current",
        "  reason: drift: IN_SYNC since the last detection, which was an hour ago",
    ]


def test_what_fits_stays_a_table_and_a_log_is_never_broken() -> None:
    table = [
        "wave      stack set         done",
        "1 canary  config-regional  25/25",
        "2 early   account-roles      2/2",
    ]
    assert [line.rstrip() for line in shown(80, NARROW)] == table
    assert [line.rstrip() for line in shown(160, NARROW)] == table
    assert shown(10_000, TEXT, terminal=False) == [TEXT.text]


def test_what_is_piped_with_columns_fits_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who pages the output says how wide it is; a log has each row in one line."""
    monkeypatch.setenv("COLUMNS", "80")
    Screen().show([WIDE, TEXT])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80

    monkeypatch.delenv("COLUMNS")
    Screen().show([WIDE, TEXT])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(WIDE.rows) + 2
    assert not [line for line in lines if line.endswith(" ")]
