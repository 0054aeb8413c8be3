"""The rollback that is killed repeatedly, and the invariants of its end.

Two stack sets that were changed in waves, until too many accounts failed. What was reached is taken
back, automatically or by order of an operator.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgrollout.drivers.local import drive, stop_holders
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout, give_order, load_rollout, rollouts
from orgrollout.reconcile.lifecycle.begin import begin_rollout, holders_of
from orgrollout.reconcile.lifecycle.rollback import begin_rollback
from orgrollout.rollout.decide.operator_commands import resume
from orgrollout.rollout.state.state import Phase
from orgrollout.sandbox import Sandbox
from tests.matrix.killing import Fuse, fused_context
from tests.matrix.story import DENIED, QUICK
from tests.stage import BASE, Stage, organization

HALTED = RolloutId("base-2")
STACK_SETS = (StackSetName("base-first"), StackSetName("base-second"))


def manifest(suffix: str, on_failure: str = "halt") -> dict[str, Any]:
    """Return a manifest of two stack sets, in two waves."""
    each = {"template": "topic.yaml", "parameters": {"Suffix": suffix}}
    return {
        **BASE,
        "stack_sets": {"first": each, "second": {**each, "depends_on": ["first"]}},
        "rollout": {
            "waves": [{"name": "canary", "sample": {"per_ou": 1}}],
            "on_failure": on_failure,
        },
    }


@dataclass(frozen=True)
class Ending:
    """All that two runs of the same rollback must agree on."""

    rollouts: tuple[tuple[Any, ...], ...]
    completed: tuple[tuple[Any, ...], ...]
    operations: tuple[tuple[Any, ...], ...]
    instances: frozenset[tuple[Any, ...]]


class RollbackStory:
    """One telling of it: a sandbox in which a rollout has halted."""

    def __init__(self, sandbox: Sandbox, folder: Path, *, by_itself: bool) -> None:
        self.sandbox = sandbox
        self.stage = Stage(sandbox, folder)
        self.by_itself = by_itself
        self.stage.apply(manifest("a"))
        sandbox.fail("p2", "us-east-1", STACK_SETS[1], reason=DENIED, action="UPDATE")
        rollout = self.stage.begin(manifest("b", "rollback" if by_itself else "halt"))
        while self.stage.step(rollout).wake_after is not None:
            pass
        assert self.stage.load(rollout).state.phase is Phase.HALTED

    def one_process(self, fuse: Fuse) -> Rollout:
        """Take the rollout back until that is done, or the process is."""
        journal = SqliteJournal(self.stage.folder / "journal.sqlite")
        context = fused_context(journal, self.sandbox.clock, fuse)
        try:
            return self._resumed(context) if self.by_itself else self._ordered(context)
        finally:
            journal.close()

    def supersede(self) -> Rollout:
        """Apply another manifest instead, and supersede any rollout in its way."""
        context = self.stage.context()
        stop_holders(STACK_SETS, context, lambda _: None)
        begun = begin_rollout(self.stage.plan(manifest("c")), context, supersede=True)
        ended = drive(begun.state.id, context, lambda _: None)
        assert holders_of(context.journal, STACK_SETS) == {}
        assert [r.state.id for r in rollouts(context.journal) if r.state.holds] == []
        return ended

    def ending(self, back: Rollout) -> Ending:
        """Return the final state, apart from times and ids."""
        journal = self.stage.context().journal
        records = [(name, o) for name in STACK_SETS for o in self.sandbox.operations(name)]
        return Ending(
            rollouts=tuple(
                (r.state.id, r.state.outcome, r.state.superseded_by) for r in rollouts(journal)
            ),
            completed=tuple(
                sorted((o.planned, o.attempt, o.succeeded) for o in back.state.completed)
            ),
            operations=tuple(
                sorted((name, o.action, o.status, tuple(sorted(o.targets))) for name, o in records)
            ),
            instances=frozenset(
                (name, i.pair, i.status, i.detailed_status, i.applied_version)
                for name in STACK_SETS
                for i in self.sandbox.stack_set(name).instances.values()
            ),
        )

    def _resumed(self, context: Context) -> Rollout:
        """Resume the open rollout: the halted one, or the one that superseded it."""
        halted = load_rollout(context.journal, HALTED)
        current = load_rollout(context.journal, halted.state.superseded_by or HALTED)
        if current.state.holds:
            give_order(context.journal, current.state.id, lambda r: resume(r.state))
            drive(current.state.id, context, lambda _: None)
        by = load_rollout(context.journal, HALTED).state.superseded_by
        assert by is not None
        return load_rollout(context.journal, by)

    def _ordered(self, context: Context) -> Rollout:
        """Order the rollback, as if it had not been ordered before."""
        back = begin_rollback(load_rollout(context.journal, HALTED), context)
        return drive(back.state.id, context, lambda _: None)


@contextmanager
def telling(folder: Path, *, by_itself: bool) -> Iterator[RollbackStory]:
    """Give the story in a sandbox of its own."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        Sandbox.start(organization(), settings=QUICK) as sandbox,
    ):
        yield RollbackStory(sandbox, Path(place), by_itself=by_itself)
