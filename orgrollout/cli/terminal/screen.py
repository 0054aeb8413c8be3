"""Where output goes: results for programs to stdout alone, words for people beside or instead."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from orgrollout.model.shown import visible
from orgrollout.report.layout.blocks import Block, Sheet, as_csv, as_markdown
from orgrollout.report.layout.json_text import json_pieces
from orgrollout.report.layout.text import broken, show

_LOG_WIDTH = 10_000  # of what is no terminal and has no COLUMNS: nothing is wrapped there


class Screen:
    """One command's output in the format that was asked for."""

    def __init__(self, format_: str = "text", *, quiet: bool = False) -> None:
        """``quiet``: no word of what is being read, unless on a line that vanishes."""
        self.format = format_
        self._quiet = quiet
        self.errors = _console(stderr=True)
        self.people = _console() if self.is_text else self.errors
        self._status: Status | None = None

    @property
    def is_text(self) -> bool:
        """Return whether a person reads the result."""
        return self.format == "text"

    @property
    def is_terminal(self) -> bool:
        """Return whether a person sits there: only a terminal gets moving lines and questions."""
        return self.people.is_terminal and sys.stdin.isatty()

    def say(self, text: str, style: str = "") -> None:
        """Tell a person something, in one line."""
        for line in broken(visible(text), self.people):
            self.people.print(Text(line, style=style), soft_wrap=True)

    def show(self, blocks: Iterable[Block]) -> None:
        """Show blocks to a person, whatever the format of the result."""
        show(self.people, blocks)

    def result(self, blocks: Iterable[Block], document: Mapping[str, Any]) -> None:
        """Put out the result: one value, as text, Markdown or JSON."""
        match self.format:
            case "json":
                self.pieces(chain(json_pieces(document), "\n"))
            case "markdown":
                self.raw(as_markdown(blocks))
            case _:
                show(self.people, blocks)

    def csv(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Put out a table as CSV, as it is made."""
        self.pieces(as_csv(headers, rows))

    def sheet(self, sheet: Sheet) -> None:
        """Put out a table as CSV."""
        self.csv(sheet.headers, sheet.rows)

    def lines(self, lines: Iterable[str]) -> None:
        """Put out a document line by line, as it is made."""
        self.pieces(f"{line}\n" for line in lines)

    def pieces(self, pieces: Iterable[str]) -> None:
        """Put out a document piece by piece, as it is made.

        What fails in the middle ends the command with an error, and the document without its end.
        """
        for piece in pieces:
            sys.stdout.write(piece)
        sys.stdout.flush()

    def raw(self, text: str) -> None:
        """Put out a text as it is."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def progress(self, text: str) -> None:
        """Say what is being done, where that may take a while."""
        if self._status is not None:
            self._status.update(Text(visible(text)))
        elif not self._quiet:
            self.errors.print(Text(visible(text), style="dim"), soft_wrap=True)

    def aside(self, text: str, style: str = "") -> None:
        """Tell a person something that is no result; threads may do so, beside what moves."""
        where = self.people if self.people.is_terminal else self.errors
        for line in broken(visible(text), where):
            where.print(Text(line, style=style), soft_wrap=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Show on a terminal what `progress` says on one line that vanishes."""
        if not self.is_terminal:
            yield
            return
        with self.people.status("") as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False, emoji=False)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _LOG_WIDTH
    return console
