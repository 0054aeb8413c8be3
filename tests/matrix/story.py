"""The rollout that is killed repeatedly, and the invariants of its end.

Three stack sets (one that exists and changes, two new ones of which the second waits for the
first), three waves and a removal, a soak, and failures: one that is throttled and retried, one
that is denied for good, and with it what depends on it.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from orgrollout.drivers.local import drive
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout, rollouts
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.sandbox import Sandbox, Settings
from tests.stage import BASE, PROD, Stage, organization

DENIED = (
    "User: arn:aws:sts::1:assumed-role/stacksets-exec-1/x is not authorized to perform: "
    "sns:CreateTopic with an explicit deny in a service control policy"
)
QUICK = Settings(median_duration=timedelta(seconds=3), duration_spread=0.2, deploy_resources=False)
STACK_SETS = ("base-roles", "base-first", "base-second")


def before() -> dict[str, Any]:
    """Return the manifest that was applied long ago."""
    manifest = deepcopy(BASE)
    manifest["stack_sets"] = {"roles": {"template": "topic.yaml"}}
    return manifest


def now() -> dict[str, Any]:
    """Return the manifest whose rollout is killed."""
    manifest = deepcopy(BASE)
    manifest["targets"] = {
        "include": [manifest["targets"]],
        "exclude": [{"accounts": [PROD[4]], "reason": "leaves"}],
    }
    manifest["stack_sets"] = {
        "roles": {"template": "topic.yaml", "parameters": {"Suffix": "new"}},
        "first": {"template": "topic.yaml", "regions": ["us-east-1"]},
        "second": {"template": "topic.yaml", "depends_on": ["first"]},
    }
    manifest["rollout"] = {
        "waves": [
            {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "30m"}},
            {"name": "dev", "organizational_units": ["/Dev"]},
        ],
        "max_failed_accounts": 2,
    }
    return manifest


@dataclass(frozen=True)
class Ending:
    """All that two runs of the same rollout must agree on."""

    outcome: str
    failures: frozenset[tuple[Any, ...]]
    completed: tuple[tuple[Any, ...], ...]
    operations: tuple[tuple[Any, ...], ...]
    instances: frozenset[tuple[Any, ...]]


class Story:
    """One run of the story: a sandbox with the state before, and a plan."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.stage = Stage(sandbox, folder)
        self.stage.apply(before())
        plan = self.stage.plan(now())
        rest = next(w.accounts for w in plan.waves if w.name == "rest")
        canary = next(w.accounts for w in plan.waves if w.name == "canary")
        sandbox.fail(canary[0], "us-east-1", "base-roles", reason="Rate exceeded")
        sandbox.fail(rest[0], "us-east-1", "base-first", times=None, reason=DENIED)
        sandbox.fail(rest[-1], "eu-west-1", "base-second", times=2, reason="Internal Failure")
        self.plan: Plan = plan

    def journal(self) -> SqliteJournal:
        """Return the journal as a new process opens it."""
        return SqliteJournal(self.stage.folder / "journal.sqlite")

    def ending(self, rollout: Rollout) -> Ending:
        """Return the final state, apart from times and ids."""
        state = rollout.state
        records = [(name, o) for name in STACK_SETS for o in self.sandbox.operations(name)]
        return Ending(
            outcome=state.outcome,
            failures=frozenset(
                (f.planned, f.pair, f.kind, f.attempts, f.final) for f in state.failures
            ),
            completed=tuple(
                sorted(
                    (o.planned, o.attempt, o.succeeded, o.failed, o.cancelled)
                    for o in state.completed
                )
            ),
            operations=tuple(
                sorted(
                    (name, o.action, o.status, tuple(sorted(o.targets)), tuple(sorted(o.failed)))
                    for name, o in records
                )
            ),
            instances=frozenset(
                (name, i.pair, i.status, i.detailed_status, i.applied_version)
                for name in STACK_SETS
                for i in self.sandbox.stack_set(name).instances.values()
            ),
        )

    def ids_at_aws(self) -> list[str]:
        """Return the id of every operation of the rollout that AWS started."""
        found = [o.id for name in STACK_SETS for o in self.sandbox.operations(name)]
        return [i for i in found if i.startswith("or-base-2-")]


def go_on(plan: Plan, context: Context) -> Rollout:
    """Act as an operator does after a crash: resume the open rollout, or else apply again."""
    known = [r for r in rollouts(context.journal) if r.plan.fingerprint == plan.fingerprint]
    rollout = known[-1].state.id if known else begin_rollout(plan, context).state.id
    return drive(rollout, context, lambda _: None)


@contextmanager
def telling(folder: Path, settings: Settings = QUICK) -> Iterator[Story]:
    """Give the story in a sandbox of its own."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        Sandbox.start(organization(), settings=settings) as sandbox,
    ):
        yield Story(sandbox, Path(place))
