"""State that an earlier version of the program wrote is understood, and a later one's refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollout_record import SCHEMA
from orgrollout.reconcile.documents.rollouts import load_rollout, rollouts
from orgrollout.rollout.state.document import NewerStateError
from orgrollout.rollout.state.state import Outcome
from tests.stage import BASE, Stage

SCHEMA_1 = Path(__file__).with_name("journal-of-schema-1.json")
ROLLOUT = RolloutId("base-1")


@pytest.fixture
def journal(stage: Stage) -> SqliteJournal:
    """Return a journal that the first version left in the middle of a wave."""
    made = SqliteJournal(stage.folder / "journal.sqlite")
    for key, value in json.loads(SCHEMA_1.read_text())["documents"].items():
        made.put(key, value, expected=None)
    return made


def change(journal: SqliteJournal, **more: Any) -> None:
    found = journal.get("rollout/base-1")
    assert found is not None
    journal.put(found.key, {**found.value, **more}, expected=found.version)


def test_a_rollout_of_the_first_schema_is_resumed_to_its_end(
    stage: Stage, journal: SqliteJournal
) -> None:
    """Its operation is committed under an id, and that is the id CloudFormation sees."""
    (in_flight,) = load_rollout(journal, ROLLOUT).state.in_flight
    given = json.loads(SCHEMA_1.read_text())["documents"]["rollout/base-1"]["flights"]
    assert [in_flight.id] == [f["id"] for f in given]
    for stack_set in load_rollout(journal, ROLLOUT).plan.stack_sets.values():
        context = stage.context()
        context.stack_sets.create_stack_set(stack_set.name, stack_set.definition, "then")

    ended = stage.finish(ROLLOUT)

    assert ended.state.outcome is Outcome.SUCCEEDED
    assert stage.sandbox.operations("base-topics")[0].id == in_flight.id
    assert len(ended.state.completed) == 2
    document = journal.get("rollout/base-1")
    assert document is not None
    assert document.value["schema_version"] == SCHEMA


def test_a_rollout_from_before_there_were_claims_holds_its_stack_sets(
    stage: Stage, journal: SqliteJournal
) -> None:
    with pytest.raises(OpenRolloutError, match="base-1"):
        stage.begin(BASE)
    assert len(list(rollouts(journal))) == 1


@pytest.mark.parametrize("version", [SCHEMA + 1, None, "2"])
def test_a_newer_schema_is_refused_and_left_alone(
    stage: Stage, journal: SqliteJournal, version: object
) -> None:
    change(journal, schema_version=version)
    before = journal.get("rollout/base-1")

    with pytest.raises(NewerStateError, match=r"base-1.*newer version.*nothing was changed"):
        stage.finish(ROLLOUT)

    assert journal.get("rollout/base-1") == before


def test_fields_that_a_newer_version_added_are_not_dropped_silently(
    stage: Stage, journal: SqliteJournal
) -> None:
    change(journal, sideways=True)

    with pytest.raises(NewerStateError, match="sideways"):
        stage.finish(ROLLOUT)
