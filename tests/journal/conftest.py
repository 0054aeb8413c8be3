"""Every journal there is, each as a way to open it: a new one joins by a line in ``OPENERS``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal

Open = Callable[[], Journal]


def _sqlite(folder: Path) -> Journal:
    return SqliteJournal(folder / "journal.sqlite")


OPENERS: dict[str, Callable[[Path], Journal]] = {"sqlite": _sqlite}


@pytest.fixture(params=OPENERS)
def open_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens one and the same journal, again with each call."""
    with ExitStack() as stack:

        def opened() -> Journal:
            return stack.enter_context(closing(OPENERS[request.param](tmp_path / "journal")))

        yield opened


@pytest.fixture
def journal(open_journal: Open) -> Journal:
    return open_journal()
