"""What a report is made of: lines and tables, shown as text, Markdown or CSV.

A view returns blocks and knows nothing of terminals; every format is made from the same blocks.
What is in a block is visible, whatever values it was made of: no format has to see to that.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from orgrollout.model.shown import visible

_AT_A_TIME = 500  # rows of CSV that are made into one piece
_MARKUP = re.compile(r"[\\`*_<>\[\]#!|~&$]")  # in Markdown, wherever it stands
_OPENING = re.compile(r"^(?:\d+(?=[.)])|(?=[-+=]))")  # the same of a list, or of an underline


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of text."""

    text: str
    style: str = ""  # on a terminal with colours

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", visible(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table. Equal numbers of cells in every row, as many as there are headers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()  # columns that hold numbers
    styles: tuple[str, ...] = field(default=())  # of the rows, if any has one

    def __post_init__(self) -> None:
        rows = tuple(tuple(map(visible, row)) for row in self.rows)
        object.__setattr__(self, "rows", rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines shown exactly as they are, but for what would not be seen."""

    lines: tuple[str, ...]
    language: str  # as Markdown names it

    def __post_init__(self) -> None:
        lines = tuple(visible(line, keep="\t") for line in self.lines)
        object.__setattr__(self, "lines", lines)


Block = Line | Sheet | Code


def as_markdown(blocks: Iterable[Block]) -> str:
    """Return the blocks as Markdown: each line a paragraph, each table a table."""
    return "\n\n".join(_markdown(block) for block in blocks)


def _markdown(block: Block) -> str:
    match block:
        case Line():
            return _escaped(block.text.strip())
        case Sheet():
            return _markdown_table(block)
        case Code():
            longest = max(map(len, re.findall("`+", "\n".join(block.lines))), default=0)
            fence = "`" * max(3, longest + 1)
            return "\n".join((f"{fence}{block.language}", *block.lines, fence))


def as_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table as CSV (RFC 4180) piece by piece, headers first.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    left = chain((headers,), rows)
    while some := tuple(islice(left, _AT_A_TIME)):
        out = io.StringIO()
        csv.writer(out).writerows([_harmless(visible(cell)) for cell in row] for row in some)
        yield out.getvalue()


def _markdown_table(sheet: Sheet) -> str:
    rule = ["---:" if column in sheet.right else "---" for column in range(len(sheet.headers))]
    rows: list[Sequence[str]] = [sheet.headers, rule, *sheet.rows]
    return "\n".join(
        f"| {' | '.join(cell if row is rule else _escaped(cell.strip()) for cell in row)} |"
        for row in rows
    )


def _escaped(text: str) -> str:
    """Return one line of text so that Markdown shows it as it is."""
    return _OPENING.sub(r"\g<0>\\", _MARKUP.sub(r"\\\g<0>", text))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell
