"""What may go wrong while something is driven to its end, for the tables of docs/operations.md."""

import re
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.connection import connect
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.reconcile.context import Context
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.paths import DOCS
from tests.stage import Stage, new_session

PAGE = DOCS / "operations.md"
TEN_MINUTES = timedelta(minutes=10)
ENDINGS = {
    Outcome.SUCCEEDED: "as planned",
    Outcome.FAILURES: "with failures",
    Outcome.HALTED: "halted",
}


def rows_of(marker: str) -> list[list[str]]:
    """Return the cells of a table between its markers, row by row."""
    found = re.search(rf"<!-- {marker} -->\n(.*?)<!-- end -->", PAGE.read_text(), re.DOTALL)
    lines = (found[1] if found else "").splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


class Jumping:
    """The clock of a machine, which is set by hand; the sandbox's own goes on as it was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.off = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.off

    def sleep(self, duration: timedelta, /) -> None:
        self._clock.sleep(duration)


@dataclass
class Trouble:
    """A rollout, and what is done to it."""

    stage: Stage
    manifest: dict[str, Any]
    clock: Jumping
    worlds: list[Context] = field(default_factory=list)

    @property
    def sandbox(self) -> Sandbox:
        return self.stage.sandbox

    def context(self) -> Context:
        """Return what a new process works with; its journal is not waited for in real time."""
        path = self.stage.folder / "journal.sqlite"
        connection = connect(session=new_session(), clock=self.clock)
        context = Context(
            connection=connection,
            stack_sets=StackSets(connection),
            journal=self.stage.journal(connection, SqliteJournal(path, patience=timedelta())),
            clock=self.clock,
        )
        self.worlds.append(context)
        return context

    def client(self) -> Any:
        return self.sandbox.session().client("cloudformation")

    def later(self, after: timedelta, action: Callable[[], object]) -> None:
        timeline = self.sandbox.simulation.timeline
        timeline.at(timeline.now() + after, lambda: (action(), None)[1])

    def away(self, fault: Callable[[], object], span: timedelta | None) -> None:
        """Let calls go wrong from now on, for so long."""
        fault()
        if span is not None:
            self.later(span, self.sandbox.simulation.faults.calls.clear)


Happening = Callable[[Trouble], object]


def outage(span: timedelta | None) -> Happening:
    return lambda t: t.away(lambda: t.sandbox.server_error(times=None), span)


def fill_disk(trouble: Trouble) -> None:
    """Leave no room for another page to the process that drives."""
    journal = trouble.worlds[-1].journal
    assert isinstance(journal, SqliteJournal)
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages}")


def write_protect(trouble: Trouble) -> None:
    """Take the right to write the journal from the process that drives."""
    journal = trouble.worlds[-1].journal
    assert isinstance(journal, SqliteJournal)
    journal._db.execute("PRAGMA query_only = ON")


def limit_files(_: Trouble) -> None:
    """Let no file of this process grow or change beyond its first bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def lift_limit(_: object) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def lock_journal(trouble: Trouble) -> None:
    holder = SqliteJournal(trouble.stage.folder / "journal.sqlite")
    holder._db.execute("BEGIN IMMEDIATE")
    trouble.later(timedelta(minutes=5), lambda: holder._db.execute("ROLLBACK"))


def jump(by: timedelta) -> Happening:
    def set_clock(trouble: Trouble) -> None:
        trouble.clock.off += by

    return set_clock
