"""What a report is made of: lines and tables, shown as text, Markdown or CSV.

A view returns blocks and knows nothing of terminals; every format is made from the same blocks.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of text."""

    text: str
    style: str = ""  # on a terminal with colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table. Equal numbers of cells in every row, as many as there are headers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()  # columns that hold numbers
    styles: tuple[str, ...] = field(default=())  # of the rows, if any has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Lines shown exactly as they are."""

    lines: tuple[str, ...]
    language: str  # as Markdown names it


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


def as_csv(sheet: Sheet) -> str:
    """Return a table as CSV (RFC 4180), headers first.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(sheet.headers)
    writer.writerows([[_harmless(cell) for cell in row] for row in sheet.rows])
    return out.getvalue()


def _markdown_table(sheet: Sheet) -> str:
    rule = ["---:" if column in sheet.right else "---" for column in range(len(sheet.headers))]
    rows: list[Sequence[str]] = [sheet.headers, rule, *sheet.rows]
    return "\n".join(
        f"| {' | '.join(_cell(cell) if row is not rule else cell for cell in row)} |"
        for row in rows
    )


def _cell(text: str) -> str:
    return _escaped(text.strip()).replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    """Return the text so that Markdown shows it as it is."""
    for character in "\\`*_<":
        text = text.replace(character, f"\\{character}")
    return text


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
