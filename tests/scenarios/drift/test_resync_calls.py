"""The calls of a re-sync grow with the drifted stacks, and hardly with the others."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drivers.local import drive
from orgrollout.journal.port import Version
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox, Settings
from tests.resyncing import NAME, TEMPLATE, deploy, detect, later, repair, seek
from tests.stage import DEV, EU, PROD, US, Stage, organization

STACK_SET = StackSetName(NAME)
PLACES = [Pair(account, region) for account, region in product((*PROD, *DEV), (US, EU))]
FEW, MORE = PLACES[:1], PLACES[1:8]
MOST = 12  # calls for a stack instance that drifted


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Give a stage where nothing in an account takes long, and so no call waits there."""
    at_once = Settings(
        change_set_duration=timedelta(),
        stack_update_duration=timedelta(),
        stack_drift_duration=timedelta(),
    )
    with Sandbox.start(organization(), settings=at_once) as sandbox:
        made = Stage(sandbox, tmp_path)
        deploy(made, template=TEMPLATE)
        yield made


def calls_to_repair(stage: Stage, places: list[Pair]) -> int:
    """Change something in each place, and return the calls to repair it, without sessions."""
    for place in places:
        stage.sandbox.tamper(*place, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    before = len(stage.sandbox.calls)
    done = repair(stage, seek(stage))
    assert done.state.outcome is Outcome.SUCCEEDED
    assert sum(completed.succeeded for completed in done.state.completed) == len(places)
    return sum(call.operation != "AssumeRole" for call in stage.sandbox.calls[before:])


@pytest.mark.slow
def test_a_drifted_stack_instance_is_repaired_in_twelve_calls_at_most(stage: Stage) -> None:
    """At two calls a second for findings, the calls decide the duration in a large organization."""
    few = calls_to_repair(stage, FEW)
    later(stage)
    more = calls_to_repair(stage, MORE)

    assert (more - few) / (len(MORE) - len(FEW)) <= MOST


class CountedJournal(SqliteJournal):
    """Counts how often the findings of a stack set are written."""

    writes = 0

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        """Write a document."""
        self.writes += key.startswith("findings/")
        return super().put(key, value, expected=expected)


@pytest.mark.slow
def test_results_of_many_repairs_are_written_in_one_commit(stage: Stage) -> None:
    """With a thousand findings the document is large, and each write is the whole of it."""
    refused, repaired = PLACES[:6], PLACES[6:]
    for place in PLACES:
        stage.sandbox.tamper(*place, NAME, "Topic", "/DisplayName", "theirs")
    for place in refused:
        stage.sandbox.replaces(*place, NAME, logical_id="Queue")
    detect(stage)
    sought = seek(stage)
    journal = CountedJournal(stage.folder / "journal.sqlite")
    context = replace(stage.context(), journal=journal)
    ticks: list[Tick] = []

    drive(begin_rollout(sought.resync.plan, context).state.id, context, ticks.append)

    records = [r for r in history(journal, STACK_SET).values() if r.what == "Topic"]
    assert {r.pair for r in records if r.refused} == {*refused}
    assert {r.pair for r in records if r.repaired} == {*repaired}
    assert journal.writes <= sum(any(e.kind is EventKind.ENDED for e in t.events) for t in ticks)
