"""Rollouts of schema 2, which named the fields of a state otherwise, are read and resumed.

`journals-of-schema-2.json` was written by the last version of that schema: journals as ended
rollouts, a rollback, a detachment, a stop and a retry left them, and two of a rollout under way.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.documents.rollout_record import SCHEMA, read_record, record_document
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout, rollouts
from orgrollout.rollout.state.state import Outcome, Phase
from tests.stage import DEV, PROD, Stage, pairs

JOURNALS: dict[str, Any] = json.loads(
    Path(__file__).with_name("journals-of-schema-2.json").read_text()
)
FIRST = RolloutId("base-1")


def journal_of(name: str, folder: Path) -> SqliteJournal:
    """Return a journal with the documents and histories of a kept one."""
    made = SqliteJournal(folder / "journal.sqlite")
    for key, value in JOURNALS[name]["documents"].items():
        made.put(key, value, expected=None)
    for stream, lines in JOURNALS[name]["streams"].items():
        for line in lines:
            made.append(stream, line)
    return made


def records() -> list[Any]:
    return [
        value
        for journal in JOURNALS.values()
        for key, value in journal["documents"].items()
        if key.startswith("rollout/")
    ]


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


def only(name: str, folder: Path) -> Rollout:
    return load_rollout(journal_of(name, folder), FIRST)


def test_the_journals_are_of_schema_2() -> None:
    assert {record["schema_version"] for record in records()} == {2}
    assert any(record["state"]["flights"] for record in records())
    assert any(record["state"]["landed"] for record in records())
    assert any(record["state"]["withdrawn"] for record in records())
    assert any(record["state"]["proving_since"] for record in records())


@pytest.mark.parametrize("kept", records(), ids=lambda kept: str(kept["state"]["phase"]))
def test_a_record_loses_nothing_on_its_way_to_the_present_schema(kept: dict[str, Any]) -> None:
    before = kept["state"]

    record = read_record(kept)
    written = json.loads(json.dumps(record_document(record)))

    assert written["schema_version"] == SCHEMA
    assert read_record(written) == record
    after = written["state"]
    same = before.keys() & after.keys() - {"withdrawn"}
    assert before.keys() - same == {"flights", "landed", "proving_since", "withdrawn"}
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["completed"] == before["landed"]
    assert after["verifying_since"] == before["proving_since"]
    for new, old in (("in_flight", "flights"), ("withdrawn", "withdrawn")):
        renamed = [{"pending": each["piece"], **without(each, "piece")} for each in before[old]]
        assert after[new] == renamed


def test_ended_halted_and_rollback_rollouts_are_listed(tmp_path: Path) -> None:
    ended, halted, back = rollouts(journal_of("ended, halted and rolled back", tmp_path))

    assert ended.state.outcome is Outcome.SUCCEEDED
    assert (halted.state.phase, halted.state.superseded_by) == (Phase.HALTED, back.state.id)
    assert (back.state.takes_back, back.state.outcome) == (halted.state.id, Outcome.SUCCEEDED)
    assert [sum(o.succeeded for o in each.state.completed) for each in (ended, back)] == [14, 6]


def test_a_detaching_rollout_is_listed_with_the_stacks_it_kept(tmp_path: Path) -> None:
    journal = journal_of("detached", tmp_path)

    detached = load_rollout(journal, RolloutId("base-2"))

    assert [o.action for o in detached.plan.operations] == [OperationAction.DETACH]
    assert [o.succeeded for o in detached.state.completed] == [4]
    kept = retained_stacks(journal)[StackSetName("base-topics")]
    assert kept == dict.fromkeys(pairs(DEV), detached.state.id)


def test_a_rollout_that_verifies_is_verified(stage: Stage) -> None:
    assert only("verifying", stage.folder).state.phase is Phase.VERIFYING

    ended = stage.finish(FIRST)

    assert ended.state.phase is Phase.FINISHED
    assert {f.pair.account for f in ended.state.failed} >= set(PROD), "nothing of it is there"


@pytest.mark.parametrize(("name", "completed"), [("in the middle", 1), ("retried after a halt", 5)])
def test_a_rollout_under_way_is_resumed_under_the_committed_id(
    stage: Stage, name: str, completed: int
) -> None:
    begun = only(name, stage.folder)
    (in_flight,) = begun.state.in_flight
    assert len(begun.state.completed) == completed
    assert bool(begun.state.ordered) == (name != "in the middle")
    for stack_set in begun.plan.stack_sets.values():
        stage.context().stack_sets.create_stack_set(stack_set.name, stack_set.definition, "then")

    ended = stage.finish(FIRST)

    assert stage.sandbox.operations("base-topics")[0].id == in_flight.id
    assert len(ended.state.completed) > completed
    assert ended.state.phase is Phase.FINISHED


def test_a_withdrawn_operation_keeps_its_id(tmp_path: Path) -> None:
    stopped = only("stopped, with an operation withdrawn", tmp_path)

    (withdrawn,) = stopped.state.withdrawn
    assert stopped.state.phase is Phase.STOPPED
    assert withdrawn.pending.pairs
    assert withdrawn.id.startswith("or-base-1-")
