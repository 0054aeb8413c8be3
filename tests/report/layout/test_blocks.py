"""Every format shows what is there, and nothing that is in it is taken for markup."""

import csv
import io

import pytest
from rich.console import Console

from orgrollout.report.layout.blocks import Code, Line, Sheet, as_csv, as_markdown
from orgrollout.report.layout.text import show

ODD = "a|b *c* <d> [red]e[/red] `f` \\g"
ESCAPED = r"a\|b \*c\* \<d\> \[red\]e\[/red\] \`f\` \\g"
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


def test_a_long_line_where_there_is_room_stays_one_line() -> None:
    assert shown(Line(text="word " * 100), width=10_000).count("\n") == 1


def test_markdown_escapes_what_would_be_markup() -> None:
    text = as_markdown([Line(text=ODD), SHEET])

    assert text.splitlines()[0] == ESCAPED
    assert text.splitlines()[2:4] == ["| name | number |", "| --- | ---: |"]
    assert f"| {ESCAPED} | 22 |" in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# big", r"\# big"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. item", r"1\. item"),
        ("12) item", r"12\) item"),
        ("> quoted", r"\> quoted"),
        ("=====", r"\====="),
        ("~~~", r"\~\~\~"),
        ("![x](http://y)", r"\!\[x\](http://y)"),
        ("&lt;", r"\&lt;"),
        ("us-east-1: 1.5 accounts", "us-east-1: 1.5 accounts"),
    ],
)
def test_nothing_begins_a_heading_a_list_or_a_link_in_markdown(text: str, escaped: str) -> None:
    assert as_markdown([Line(text=text)]) == escaped


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("a\x1b[2K\x1b[1Ab", r"a\x1b[2K\x1b[1Ab"),
        ("a\nPlan: 0 to create", r"a\nPlan: 0 to create"),
        ("a\r\tb", r"a\r\tb"),
        ("a\x9b2Kb\x7f", r"a\x9b2Kb\x7f"),
        ("a\u202eb\u2028c", r"a\u202eb\u2028c"),
        ("\ud800", r"\ud800"),
        ("größe 東京", "größe 東京"),
    ],
)
def test_no_value_moves_the_cursor_or_begins_a_line_of_its_own(value: str, seen: str) -> None:
    """Values and reasons come from others, and a person signs what is shown."""
    sheet = Sheet(headers=("name",), rows=((value,),))

    assert shown(Line(text=value), sheet).splitlines() == [seen, "name", seen]
    assert read(sheet)[1] == [seen]
    assert as_markdown([Code(lines=(value,), language="diff")]).splitlines()[1:-1] == [
        seen.replace(r"\t", "\t")
    ]
    assert value == seen or value not in as_markdown([Line(text=value), sheet])


def read(sheet: Sheet) -> list[list[str]]:
    """Return the cells of a table as a program reads its CSV."""
    return list(csv.reader(io.StringIO("".join(as_csv(sheet.headers, sheet.rows)))))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x"])
def test_csv_holds_no_formula(cell: str) -> None:
    """An account's name is chosen by others, and a person opens the file in a spreadsheet."""
    sheet = Sheet(headers=("name",), rows=((cell,),))

    assert read(sheet) == [
        ["name"],
        [f"'{cell}"],
    ]


def test_csv_quotes_what_would_end_a_cell() -> None:
    sheet = Sheet(headers=("name", "reason"), rows=(('a "b", c', "d"),))

    assert read(sheet)[1] == [
        'a "b", c',
        "d",
    ]
