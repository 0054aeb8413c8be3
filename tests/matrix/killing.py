"""Processes that die: at the n-th thing they do to the context, before it or right after.

What is counted is what leaves the process: each attempt of an API call, seen by botocore's own
events, and each commit to the journal. Nothing of the product is replaced.

The time after a death happens in a copy of this process, while the process waits: nothing that
was under way in it goes on there, as after a real kill. So one telling serves all moments of it.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, Protocol

import pytest

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.calls import Caller
from orgrollout.aws.transport.clients import Clients
from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.journal.port import Document, Entry, Journal, Version
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.sandbox import Sandbox
from tests.matrix.copies import in_a_copy
from tests.matrix.story import go_on
from tests.stage import Stage, new_session

PAUSES = (timedelta(), timedelta(minutes=2), timedelta(days=1))  # until a user resumes
SHARDS = 8


class Tale(Protocol):
    """A story that can be told repeatedly: a sandbox, a plan, and its journal."""

    sandbox: Sandbox
    stage: Stage
    plan: Plan

    def journal(self) -> SqliteJournal:
        """Return the journal as a new process opens it."""


class Killed(BaseException):
    """No more of it is needed: no handler of the product may catch this."""


def die_in_process() -> None:
    """End the running command, as far as possible without ending the process."""
    raise Killed


@dataclass
class Fuse:
    """Counts the uses of the context, and lets the process die at some of the points."""

    at: Collection[int] = ()  # counts from 1
    die: Callable[[], None] = lambda: None
    points: list[str] = field(default_factory=list)  # the points passed, by name

    def pass_point(self, name: str) -> None:
        """Count a point, and die if it is one of them."""
        self.points.append(name)
        if len(self.points) in self.at:
            self.die()


class FusedJournal:
    """A journal whose user dies before or after a commit."""

    def __init__(self, journal: Journal, fuse: Fuse) -> None:
        self._journal = journal
        self._fuse = fuse

    def get(self, key: str) -> Document | None:
        return self._journal.get(key)

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        self._fuse.pass_point(f"before put {key}")
        version = self._journal.put(key, value, expected=expected)
        self._fuse.pass_point(f"after put {key}")
        return version

    def delete(self, key: str, *, expected: Version) -> None:
        self._fuse.pass_point(f"before delete {key}")
        self._journal.delete(key, expected=expected)
        self._fuse.pass_point(f"after delete {key}")

    def streams(self, prefix: str = "") -> tuple[str, ...]:
        return self._journal.streams(prefix)

    def drop(self, stream: str) -> None:
        self._fuse.pass_point(f"before drop {stream}")
        self._journal.drop(stream)
        self._fuse.pass_point(f"after drop {stream}")

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        return self._journal.keys(prefix)

    def versions(self, prefix: str = "") -> Mapping[str, Version]:
        return self._journal.versions(prefix)

    def append(self, stream: str, value: Any) -> int:
        self._fuse.pass_point(f"before append {stream}")
        position = self._journal.append(stream, value)
        self._fuse.pass_point(f"after append {stream}")
        return position

    def read(self, stream: str, *, after: int = 0) -> Iterator[Entry]:
        return self._journal.read(stream, after=after)

    def close(self) -> None:
        self._journal.close()


def fused_context(journal: Journal, clock: Clock, fuse: Fuse) -> Context:
    """Return the context of a process that dies when the fuse says so.

    Calls into member accounts are counted like all others, and made one at a time, so that the
    points are the same each time.
    """
    caller = Caller(clock=clock, limits=RateLimits())

    def before(event_name: str, **_: Any) -> None:
        fuse.pass_point(f"before {event_name.rpartition('.')[2]}")

    def after(event_name: str, **_: Any) -> None:
        fuse.pass_point(f"after {event_name.rpartition('.')[2]}")

    def watch(client: Any) -> None:
        caller.watch(client)
        events = client.meta.events
        events.register_first("before-send.*.*", before)
        events.register_last("after-call.*.*", after)
        events.register_last("after-call-error.*.*", after)  # the answer was lost on its way

    connection = Connection(Clients(new_session(), watch), caller, clock, read_only=False)
    return Context(
        connection=connection,
        stack_sets=StackSets(connection),
        journal=FusedJournal(journal, fuse),
        clock=clock,
        at_once=1,
    )


def one_process(tale: Tale, fuse: Fuse) -> Rollout:
    """Drive the rollout of the tale until it ends, or the process does."""
    journal = tale.journal()
    try:
        return go_on(tale.plan, fused_context(journal, tale.sandbox.clock, fuse))
    finally:
        journal.close()


def killed_at_each(
    stage: Stage,
    moments: Collection[int],
    drive: Callable[[Fuse], object],
    afterwards: Callable[[int], None],
) -> None:
    """Drive the story, and at each of the moments continue it after a death there.

    ``afterwards`` is given the moment. It has the stage as it was then, with files of its own.
    """

    def die() -> None:
        moment = len(fuse.points)
        name = f"killed at {moment}, {fuse.points[-1]}"
        in_a_copy(lambda: _alone(stage, lambda: afterwards(moment)), name=name)
        if moment == max(moments):
            die_in_process()

    fuse = Fuse(at=frozenset(moments), die=die)
    with pytest.raises(Killed):
        drive(fuse)


def _alone(stage: Stage, what: Callable[[], None]) -> None:
    """Do it with copies of all files: the originals are those of the process that died."""
    with tempfile.TemporaryDirectory() as place:
        stage.folder = copytree(stage.folder, Path(place) / "stage")
        what()


def shard_of(points: Sequence[str], shard: int) -> range:
    """Return the moments of one shard."""
    return range(shard + 1, len(points) + 1, SHARDS)


def count(record_property: Callable[[str, object], None], story: str, number: int) -> None:
    """Record the number of points at which a story was killed, for the summary."""
    record_property("cases", f"{story}: kill points")
    record_property("number", number)
