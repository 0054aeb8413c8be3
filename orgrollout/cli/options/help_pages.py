"""Help as text in panels by purpose.

Typer's own pages come with Rich's Markdown renderer: more than half of the time of `--help`.
"""

import shutil
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from typer.core import TyperCommand, TyperGroup

_ARGUMENTS, _OPTIONS, _COMMANDS = "Arguments", "Options", "Commands"
_WIDEST, _NARROWEST = 100, 40
_FIRST_COLUMN = 30


class PlainCommand(TyperCommand):
    """A command whose options are shown by panel."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, the options, and each further panel of them."""
        _parameters(self, ctx, formatter)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page, as wide as the terminal lets it be."""
        super().format_help(ctx, _as_wide_as_the_terminal(formatter))


class PlainGroup(TyperGroup):
    """A group of commands that are shown by panel."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, and the commands of each panel."""
        _parameters(self, ctx, formatter)
        commands = (self.get_command(ctx, name) for name in self.list_commands(ctx))
        shown = [each for each in commands if each is not None and not each.hidden]
        _panels([(_panel(each, _COMMANDS), _in_short(each)) for each in shown], formatter)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page, as wide as the terminal lets it be."""
        super().format_help(ctx, _as_wide_as_the_terminal(formatter))


def _as_wide_as_the_terminal(formatter: Any) -> Any:
    columns = shutil.get_terminal_size().columns
    formatter.width = max(min(columns, _WIDEST) - 1, _NARROWEST)
    return formatter


def _parameters(command: Any, ctx: Any, formatter: Any) -> None:
    rows = []
    for each in command.get_params(ctx):
        record = each.get_help_record(ctx)
        if record is not None:
            usual = _ARGUMENTS if each.param_type_name == "argument" else _OPTIONS
            rows.append((_panel(each, usual), record))
    _panels(rows, formatter)


def _panel(of: Any, otherwise: str) -> str:
    given = getattr(of, "rich_help_panel", None)
    return given if isinstance(given, str) else otherwise


def _in_short(command: Any) -> tuple[str, str]:
    first_paragraph = (command.help or "").partition("\n\n")[0]
    return command.name, " ".join(first_paragraph.split())


def _panels(rows: Iterable[tuple[str, tuple[str, str]]], formatter: Any) -> None:
    """Write each panel, in the order in which they first occur."""
    found = list(rows)
    order = list(dict.fromkeys(panel for panel, _ in found))
    found.sort(key=lambda row: order.index(row[0]))
    for panel, members in groupby(found, key=lambda row: row[0]):
        with formatter.section(panel):
            formatter.write_dl([row for _, row in members], col_max=_FIRST_COLUMN)
