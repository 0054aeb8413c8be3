"""Blocks on a terminal, or in a log: the same words, with colours where there are any.

Nothing is cut inside of a word or a name. Where there is a width (of a terminal, or COLUMNS), a
line is broken between words, and a table whose words do not fit side by side becomes a block for
each row: the first cell, then one line a column.
"""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orgrollout.report.layout.blocks import Block, Code, Line, Sheet

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}  # of the lines of a diff
_GAP = 2  # between columns


def show(console: Console, blocks: Iterable[Block]) -> None:
    """Write blocks to a console. Nothing in them is taken for markup."""
    for block in blocks:
        if isinstance(block, Line):
            for line in broken(block.text, console):
                console.print(Text(line, style=block.style), soft_wrap=True)
        elif isinstance(block, Code):
            for line in block.lines:
                console.print(Text(f"  {line}", style=_COLOURS.get(line[:1], "")), soft_wrap=True)
        else:
            _show_sheet(console, block)


def broken(text: str, console: Console) -> list[str]:
    """Return a text in lines that fit, broken between words; a log has it in one."""
    if cell_len(text) <= console.width:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text.lstrip(),
        console.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _show_sheet(console: Console, sheet: Sheet) -> None:
    widths = _widths(sheet, console.width)
    if widths is not None:
        _print_table(console, _table(sheet, widths))
        return
    for index, row in enumerate(sheet.rows):
        style = sheet.styles[index] if sheet.styles else ""
        for line in _as_block(sheet.headers, row):
            for part in broken(line, console):
                console.print(Text(part, style=style), soft_wrap=True)


def _print_table(console: Console, table: Table) -> None:
    """Print a table; a log has no blanks at the ends of its lines."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    lines = captured.get().splitlines()
    console.file.write("".join(f"{line.rstrip()}\n" for line in lines))


def _widths(sheet: Sheet, width: int) -> list[int] | None:
    """Return how wide each column is; None where a word of some column has no room.

    Each column has room for its longest word; what is left goes to the columns from the left, as
    far as they have use for it.
    """
    columns = list(zip(sheet.headers, *sheet.rows, strict=True))
    widths = [max(map(_longest_word, column), default=0) for column in columns]
    spare = width - sum(widths) - _GAP * (len(widths) - 1)
    if spare < 0:
        return None
    for index, column in enumerate(columns):
        more = min(max(map(cell_len, column), default=0) - widths[index], spare)
        widths[index] += more
        spare -= more
    return widths


def _longest_word(cell: str) -> int:
    # A leading indent stays with its word.
    indent = len(cell) - len(cell.lstrip())
    return indent + max((cell_len(word) for word in cell.split()), default=0)


def _as_block(headers: tuple[str, ...], row: tuple[str, ...]) -> Iterator[str]:
    """Yield one row: its first cell, and below it what the others are called and hold."""
    yield row[0]
    indent = " " * (len(row[0]) - len(row[0].lstrip()) + 2)
    for header, cell in zip(headers[1:], row[1:], strict=True):
        if cell:
            yield f"{indent}{header.strip()}: {cell}" if header.strip() else f"{indent}{cell}"


def _table(sheet: Sheet, widths: list[int]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for column, header in enumerate(sheet.headers):
        justify: Literal["left", "right"] = "right" if column in sheet.right else "left"
        table.add_column(Text(header), justify=justify, overflow="fold", width=widths[column])
    for index, row in enumerate(sheet.rows):
        style = sheet.styles[index] if sheet.styles else ""
        table.add_row(*(Text(cell) for cell in row), style=style)
    return table
