"""Blocks on a terminal, or in a log: the same words, with colours where there are any."""

from collections.abc import Iterable
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orgrollout.report.blocks import Block, Code, Line, Sheet

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}  # of the lines of a diff


def show(console: Console, blocks: Iterable[Block]) -> None:
    """Write blocks to a console. Nothing in them is taken for markup."""
    for block in blocks:
        if isinstance(block, Line):
            console.print(Text(block.text, style=block.style), soft_wrap=True)
        elif isinstance(block, Code):
            for line in block.lines:
                console.print(Text(f"  {line}", style=_COLOURS.get(line[:1], "")), soft_wrap=True)
        elif console.is_terminal:
            console.print(_table(block))
        else:
            with console.capture() as captured:
                console.print(_table(block))
            lines = captured.get().splitlines()
            console.file.write("".join(f"{line.rstrip()}\n" for line in lines))


def _table(sheet: Sheet) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column, header in enumerate(sheet.headers):
        justify: Literal["left", "right"] = "right" if column in sheet.right else "left"
        table.add_column(Text(header), justify=justify, overflow="fold")
    for index, row in enumerate(sheet.rows):
        style = sheet.styles[index] if sheet.styles else ""
        table.add_row(*(Text(cell) for cell in row), style=style)
    return table
