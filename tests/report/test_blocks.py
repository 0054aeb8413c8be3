"""Every format shows what is there, and nothing that is in it is taken for markup."""

import csv
import io

import pytest
from rich.console import Console

from orgrollout.report.blocks import Line, Sheet, as_csv, as_markdown
from orgrollout.report.text import show

ODD = "a|b *c* <d> [red]e[/red] `f` \\g"
SHEET = Sheet(headers=("  name", "number"), rows=(("  x", "1"), (ODD, "22")), right=frozenset({1}))


def shown(*blocks: Line | Sheet, width: int = 200) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width), blocks)
    return out.getvalue()


def test_text_is_shown_as_it_is() -> None:
    text = shown(Line(text=ODD), SHEET)

    assert text.splitlines()[0] == ODD
    assert ODD in text.splitlines()[-1]
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_a_long_line_in_a_log_stays_one_line() -> None:
    assert shown(Line(text="word " * 100), width=80).count("\n") == 1


def test_markdown_escapes_what_would_be_markup() -> None:
    text = as_markdown([Line(text=ODD), SHEET])

    assert text.splitlines()[0] == r"a|b \*c\* \<d> [red]e[/red] \`f\` \\g"
    assert text.splitlines()[2:4] == ["| name | number |", "| --- | ---: |"]
    assert r"| a\|b \*c\* \<d> [red]e[/red] \`f\` \\g | 22 |" in text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_csv_holds_no_formula(cell: str) -> None:
    """An account's name is chosen by others, and somebody opens the file in a spreadsheet."""
    sheet = Sheet(headers=("name",), rows=((cell,),))

    assert list(csv.reader(io.StringIO(as_csv(sheet)))) == [["name"], [f"'{cell}"]]


def test_csv_quotes_what_would_end_a_cell() -> None:
    sheet = Sheet(headers=("name", "reason"), rows=(('a "b", c', "two\nlines"),))

    assert list(csv.reader(io.StringIO(as_csv(sheet))))[1] == ['a "b", c', "two\nlines"]
