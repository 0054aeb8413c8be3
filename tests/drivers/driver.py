"""A driver as a process of its own: drives a rollout to its end, and records its actions.

    python -m tests.drivers.driver ENDPOINT JOURNAL ROLLOUT LOG [POINT]

With a POINT it stops itself there, once, as a laptop does whose lid is closed: `committed`, between
the commit of an intent and the look at the lease; `sending`, when nothing can keep back a request;
`creating` and `executing`, the same with change sets in accounts.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.calls import Caller
from orgrollout.aws.transport.clients import Clients
from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.drivers.local import drive
from orgrollout.journal.errors import JournalConflictError
from orgrollout.journal.port import Document, Entry, Journal, Version
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.open_journal import open_journal
from orgrollout.sandbox.server.client import SandboxClient
from tests.stage import new_session

STOPS_AT = {
    "sending": "CreateStackInstances",
    "creating": "CreateChangeSet",
    "executing": "ExecuteChangeSet",
}


class Recorded:
    """A journal that records each attempt to change the rollout, and its result."""

    def __init__(self, journal: Journal, log: Path, point: str) -> None:
        self._journal = journal
        self._log = log
        self._stops = point == "committed"

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        try:
            version = self._journal.put(key, value, expected=expected)
        except JournalConflictError:
            self._note(key, value, expected, None)
            raise
        self._note(key, value, expected, version)
        if self._stops and key.startswith("rollout/") and value["state"]["in_flight"]:
            self._stops = False
            os.kill(os.getpid(), signal.SIGSTOP)
        return version

    def _note(self, key: str, value: Any, before: Version | None, after: Version | None) -> None:
        if key.startswith("rollout/"):
            entry = {"fence": value["fence"], "before": before, "after": after}
            with self._log.open("a") as log:
                log.write(json.dumps(entry) + "\n")

    def get(self, key: str) -> Document | None:
        return self._journal.get(key)

    def delete(self, key: str, *, expected: Version) -> None:
        self._journal.delete(key, expected=expected)

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        return self._journal.keys(prefix)

    def versions(self, prefix: str = "") -> Mapping[str, Version]:
        return self._journal.versions(prefix)

    def append(self, stream: str, value: Any) -> int:
        return self._journal.append(stream, value)

    def read(self, stream: str, *, after: int = 0) -> Iterator[Entry]:
        return self._journal.read(stream, after=after)

    def streams(self, prefix: str = "") -> tuple[str, ...]:
        return self._journal.streams(prefix)

    def drop(self, stream: str) -> None:
        self._journal.drop(stream)

    def close(self) -> None:
        self._journal.close()


def context_of(endpoint: str, named: str, log: Path, point: str) -> Context:
    """Return the context of a process at the sandbox's endpoint."""
    left = [STOPS_AT[point]] if point in STOPS_AT else []

    def before(event_name: str, **_: Any) -> None:
        if event_name.rpartition(".")[2] in left:
            left.clear()
            os.kill(os.getpid(), signal.SIGSTOP)

    def watch(client: Any) -> None:
        client.meta.events.register_first("before-send.cloudformation.*", before)

    clock = SandboxClient(endpoint).clock()
    caller = Caller(clock=clock, limits=RateLimits())
    connection = Connection(Clients(new_session(), watch), caller, clock, read_only=False)
    journal, _ = open_journal(named, connection)
    return Context(
        connection=connection,
        stack_sets=StackSets(connection),
        journal=Recorded(journal, log, point),
        clock=connection.clock,
    )


def main(endpoint: str, named: str, rollout: str, log: str, point: str = "") -> None:
    """Drive the rollout as far as possible."""
    context = context_of(endpoint, named, Path(log), point)
    ended = drive(RolloutId(rollout), context, lambda _: None)
    print(ended.state.phase, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
