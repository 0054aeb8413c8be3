"""How many reads and requests a journal takes as rollouts end in it. Nothing is timed.

    python benchmarks/journal.py [--rollouts N]

One rollout is carried out in the sandbox; its record is then copied, so that the journal holds as
many ended rollouts as are asked for. Prints the documents that a plan, `status`, `rollouts` and
`journal prune` read with a tenth of them and with all, the requests to Amazon S3 of the same, and
the size of the file before and after `journal prune`. Ends with 1 where reads of a plan grow with
the rollouts, where reads of `prune` grow faster than they do, or where the file does not shrink.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import yaml

from orgrollout.aws.s3_journal import S3Journal
from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.drivers.local import drive
from orgrollout.journal.place import S3Place
from orgrollout.journal.port import Document, Journal, put_artifact
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import find_rollout
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.lifecycle.prune import prune_journal
from orgrollout.reconcile.reading.plan_request import look, plan_from
from orgrollout.sandbox import Sandbox

BUCKET = "journals"
PAGE = 1_000  # keys of one list of S3
MOST_READS = 5  # of `prune` for each rollout that it forgets
FIRST = "rollout/small-1"
MANIFEST = {
    "version": 1,
    "name": "small",
    "organization": "o-a1b2c3d4e5",
    "home_region": "us-east-1",
    "targets": "all",
    "regions": ["us-east-1"],
    "stack_sets": {"roles": {"template": "builtin:account-roles"}},
}
ORGANIZATION = {
    "organization": "o-a1b2c3d4e5",
    "management_account": {"id": "999999999999", "name": "management"},
    "home_region": "us-east-1",
    "regions": ["us-east-1"],
    "root": {
        "organizational_units": {
            "Prod": {"accounts": [{"name": f"a{n}", "id": f"2{n:011}"} for n in range(10)]}
        }
    },
}


@dataclass(eq=False)
class Counted:
    """A journal that counts the documents that are read, by kind."""

    journal: Journal
    reads: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def get(self, key: str) -> Document | None:
        """Return the document, and count that."""
        self.reads[key.partition("/")[0]] += 1
        return self.journal.get(key)


Command = Callable[[LoadedManifest, Context], object]
COMMANDS: dict[str, Command] = {
    "plan": lambda loaded, context: plan_from(loaded, look(loaded, context, quiet), context),
    "status": lambda _, context: find_rollout(context.journal, None, only_open=False),
    "rollouts": lambda _, context: summaries(context.journal),
}


def main() -> int:
    """Print reads, requests and sizes; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rollouts", type=int, default=1_000)
    most = parser.parse_args().rollouts
    few = most // 10
    with tempfile.TemporaryDirectory() as folder, Sandbox.start(ORGANIZATION) as sandbox:
        path = Path(folder) / "manifest.yaml"
        path.write_text(yaml.safe_dump(MANIFEST), encoding="utf-8")
        loaded = load_manifest(path)
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
        here = SqliteJournal(Path(folder) / "journal.sqlite")
        there = S3Journal(connect(clock=sandbox.clock), S3Place(bucket=BUCKET, prefix="j/"))
        reads = {n: read(loaded, sandbox, filled(loaded, sandbox, here, n)) for n in (few, most)}
        asked = {n: ask(loaded, sandbox, filled(loaded, sandbox, there, n)) for n in (few, most)}
        print(f"{'':<10} {'documents read':>22} {'requests to S3':>22}")
        print(f"{'ended':<10} " + " ".join(f"{n:>10,} {most:>11,}" for n in (few, few)))
        for name in COMMANDS:
            row = [found[n][name] for found in (reads, asked) for n in (few, most)]
            print(f"{name:<10} " + " ".join(f"{each:>10,} " for each in row))
        grew = reads[few] != reads[most]
        grew |= any(asked[most][name] - asked[few][name] > most / PAGE for name in COMMANDS)
        return int(grew) | prune(sandbox, here, most)


def filled(loaded: LoadedManifest, sandbox: Sandbox, journal: Journal, number: int) -> Journal:
    """Return the journal with as many ended rollouts, each with a plan of its own."""
    if journal.get(FIRST) is None:
        at = context(sandbox, journal)
        plan = plan_from(loaded, look(loaded, at, quiet), at)
        drive(begin_rollout(plan, at).state.id, at, quiet)
        sandbox.clock.sleep(timedelta(hours=1))
    found = journal.get(FIRST)
    text = found and journal.get(f"artifacts/{found.value['state']['plan']}")
    if found is None or text is None:
        raise SystemExit("the first rollout is not in the journal")
    for n in range(len(journal.keys("rollout/")) + 1, number + 1):
        digest = put_artifact(journal, text.value + " " * n)
        state = {**found.value["state"], "id": f"small-{n}", "plan": digest}
        journal.put(f"rollout/small-{n}", {**found.value, "state": state}, expected=None)
    return journal


def read(loaded: LoadedManifest, sandbox: Sandbox, journal: Journal) -> dict[str, int]:
    """Return how many documents each command reads, once it has been called before."""
    found = {}
    for name, command in COMMANDS.items():
        counted: Any = Counted(journal)
        command(loaded, context(sandbox, counted))
        counted.reads.clear()
        command(loaded, context(sandbox, counted))
        found[name] = counted.reads.total()
    return found


def ask(loaded: LoadedManifest, sandbox: Sandbox, journal: Journal) -> dict[str, int]:
    """Return how many requests to S3 each command takes, once it has been called before."""
    found = {}
    for name, command in COMMANDS.items():
        command(loaded, context(sandbox, journal))
        before = len(sandbox.calls)
        command(loaded, context(sandbox, journal))
        found[name] = sum(call.service == "s3" for call in sandbox.calls[before:])
    return found


def prune(sandbox: Sandbox, journal: SqliteJournal, number: int) -> int:
    """Forget all but the newest rollout, print reads and sizes; return the exit code."""
    counted: Any = Counted(journal)
    before = journal.path.stat().st_size
    removed = prune_journal(counted, keep=1, now=sandbox.clock.now())
    journal.shrink()
    after = journal.path.stat().st_size
    each = counted.reads.total() / len(removed.rollouts)
    print(f"prune      {each:.1f} documents read for each of {len(removed.rollouts):,} forgotten")
    print(f"file       {before / 1e6:.2f} MB before, {after / 1e6:.2f} MB after")
    is_short = len(removed.rollouts) != number - 1
    return int(is_short or each > MOST_READS or after > before / 2)


def context(sandbox: Sandbox, journal: Journal) -> Context:
    """Return what a new process works with."""
    connection = connect(clock=sandbox.clock, limits=RateLimits(speed=1e9))
    return Context(
        connection=connection,
        stack_sets=StackSets(connection),
        journal=journal,
        clock=sandbox.clock,
    )


def quiet(*_: object) -> None:
    """Say nothing."""


if __name__ == "__main__":
    raise SystemExit(main())
