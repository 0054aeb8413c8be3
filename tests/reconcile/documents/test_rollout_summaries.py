"""What is remembered of ended rollouts saves reads, and never hides one that is open."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.errors import AwsError
from orgrollout.journal.port import Journal, Version
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.documents.rollout_summaries import SUMMARIES, summaries
from orgrollout.reconcile.documents.rollouts import (
    find_rollout,
    give_order,
    recent_rollouts,
    rollout_states,
)
from orgrollout.reconcile.lifecycle.prune import prune_journal
from orgrollout.rollout.decide.operator_commands import resume, stop
from orgrollout.rollout.state.summary import summary_of
from tests.reconcile.documents.test_findings import CountedJournal
from tests.reconcile.documents.test_rollout_record import SCHEMA_1
from tests.reconcile.lifecycle.test_prune import changed
from tests.stage import Stage

ROLLOUT = RolloutId("base-1")
FEW, MANY = 4, 12


def copies(journal: Journal, number: int) -> Journal:
    """Keep a rollout that ended under more names, as if there had been so many."""
    found = journal.get("rollout/base-1")
    assert found is not None
    for n in range(2, number + 1):
        state = {**found.value["state"], "id": f"base-{n}"}
        journal.put(f"rollout/base-{n}", {**found.value, "state": state}, expected=None)
    return journal


@pytest.fixture
def ended(stage: Stage) -> SqliteJournal:
    """Return the journal of a rollout that ended an hour ago."""
    stage.apply()
    stage.sandbox.clock.sleep(timedelta(hours=1))
    journal = stage.context().journal
    assert isinstance(journal, SqliteJournal)
    return journal


@pytest.fixture
def stopped(stage: Stage) -> Journal:
    """Return the journal of a rollout that was stopped, and is remembered so."""
    stage.begin()
    journal = stage.context().journal
    give_order(journal, ROLLOUT, lambda r: stop(r.state))
    stage.finish(ROLLOUT)
    assert [each.phase.is_over for each in summaries(journal)] == [True]
    assert SUMMARIES.get(journal)
    return journal


def is_open(journal: Journal) -> bool:
    found = find_rollout(journal, None, only_open=False)
    return [each.phase.is_over for each in summaries(journal)] == [
        False
    ] and not found.state.phase.is_over


READS: dict[str, Callable[[Any, Any], Any]] = {
    "what ran lately": lambda journal, now: list(recent_rollouts(journal, now)),
    "the newest": lambda journal, _: find_rollout(journal, None, only_open=False),
    "all, in short": lambda journal, _: summaries(journal),
    "stacks that were kept": lambda journal, _: retained_stacks(journal),
}


@pytest.mark.parametrize("what", READS)
def test_reads_do_not_grow_with_the_rollouts_that_have_ended(
    stage: Stage, ended: Journal, what: str
) -> None:
    def reads(number: int) -> int:
        journal = CountedJournal(copies(ended, number))
        now = stage.sandbox.clock.now()
        READS[what](journal, now)
        journal.reads.clear()
        READS[what](journal, now)
        return journal.reads.total()

    few = reads(FEW)
    for n in range(2, FEW + 1):
        found = ended.get(f"rollout/base-{n}")
        assert found is not None
        ended.delete(found.key, expected=found.version)
    assert few == reads(MANY) <= 3


def test_a_plan_reads_no_more_with_more_rollouts_that_have_ended(
    stage: Stage, ended: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedJournal(ended)
    monkeypatch.setattr(Stage, "journal", lambda *_: counted)
    stage.plan()
    counted.reads.clear()
    stage.plan()
    one = counted.reads.total()
    copies(ended, MANY)
    stage.plan()
    counted.reads.clear()
    stage.plan()

    assert counted.reads.total() == one
    assert counted.reads["rollout"] == 0


def test_a_rollout_that_goes_on_is_open_at_once(stopped: Journal) -> None:
    give_order(stopped, ROLLOUT, lambda r: resume(r.state))

    assert is_open(stopped)


def test_a_rollout_that_goes_on_between_the_look_and_the_note_is_not_hidden(
    stage: Stage, stopped: Journal
) -> None:
    """Another process notes that it ended, after it was resumed."""
    document = SUMMARIES.get(stopped)
    assert document is not None
    SUMMARIES.remove(stopped, "", document.version)

    class Resuming:
        def __getattr__(self, name: str) -> Any:
            return getattr(stopped, name)

        def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
            if key == SUMMARIES.key():
                give_order(stage.context().journal, ROLLOUT, lambda r: resume(r.state))
            return stopped.put(key, value, expected=expected)

    summaries(Resuming())

    assert SUMMARIES.get(stopped)  # the note was written, of what was there before
    assert is_open(stopped)


def test_at_every_write_the_short_form_is_what_the_records_say(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed after any write; what others see then must be true."""
    seen: list[bool] = []

    @dataclass(eq=False)
    class Watched:
        journal: Journal

        def __getattr__(self, name: str) -> Any:
            return getattr(self.journal, name)

        def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
            version = self.journal.put(key, value, expected=expected)
            self.look()
            return version

        def delete(self, key: str, *, expected: Version) -> None:
            self.journal.delete(key, expected=expected)
            self.look()

        def look(self) -> None:
            true = [summary_of(state) for state in rollout_states(self.journal)]
            # Every other look leaves no note, so that old notes are met, too.
            journal: Any = Forgetful(self.journal) if len(seen) % 2 else self.journal
            seen.append(summaries(journal) == true)

    watched: Journal = Watched(stage.context().journal)
    monkeypatch.setattr(Stage, "journal", lambda *_: watched)
    stage.begin()
    for order in (stop, resume):
        give_order(watched, ROLLOUT, lambda r, order=order: order(r.state))  # type: ignore[misc]
        stage.finish(ROLLOUT)
    stage.apply(changed("b"))
    stage.sandbox.clock.sleep(timedelta(hours=1))
    prune_journal(watched, keep=0, now=stage.sandbox.clock.now())

    assert len(seen) > 20
    assert all(seen)


@dataclass(eq=False)
class Forgetful:
    """A journal whose process is killed instead of writing the short form."""

    journal: Journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        if key == SUMMARIES.key():
            raise AwsError("AccessDenied", "not this caller")
        return self.journal.put(key, value, expected=expected)


def test_who_may_not_write_reads_all_the_same(ended: Journal) -> None:
    assert [each.id for each in summaries(Forgetful(ended))] == [ROLLOUT]
    assert SUMMARIES.get(ended) is None


@pytest.mark.parametrize(
    "harmed",
    [
        [],
        {"format_version": 2, "rollouts": {}},
        {"format_version": 1, "rollouts": {"base-1": {"version": "1"}}},
        {"format_version": 1},
    ],
)
def test_a_short_form_that_is_damaged_or_of_another_version_is_made_again(
    ended: Journal, harmed: Any
) -> None:
    true = summaries(ended)
    kept = ended.get(SUMMARIES.key())
    assert kept is not None
    ended.put(kept.key, harmed, expected=kept.version)

    assert summaries(ended) == true
    again = ended.get(SUMMARIES.key())
    assert again is not None
    assert again.value == kept.value


def test_a_note_that_an_open_rollout_had_ended_is_not_believed(ended: Journal) -> None:
    """Only what is over is ever noted: what says otherwise was not written by this program."""
    true = summaries(ended)
    kept = ended.get(SUMMARIES.key())
    assert kept is not None
    harmed = json.loads(json.dumps(kept.value))
    harmed["rollouts"]["base-1"]["summary"]["phase"] = "running"
    ended.put(kept.key, harmed, expected=kept.version)

    assert summaries(ended) == true


def test_a_journal_of_the_first_schema_has_none_and_gets_one(stage: Stage) -> None:
    journal = stage.context().journal
    for key, value in json.loads(SCHEMA_1.read_text())["documents"].items():
        journal.put(key, value, expected=None)

    assert [each.id for each in summaries(journal)] == [ROLLOUT]
    assert is_open(journal)


def test_pruning_reads_each_rollout_a_few_times_however_many_there_are(
    stage: Stage, ended: Journal
) -> None:
    def reads(number: int) -> int:
        journal = CountedJournal(copies(ended, number))
        now = stage.sandbox.clock.now()
        assert len(prune_journal(journal, keep=1, now=now).rollouts) == number - 1
        return journal.reads.total()

    first = reads(FEW)
    newest = next(iter(summaries(ended)))
    found = ended.get(f"rollout/{newest.id}")
    assert found is not None
    state = {**found.value["state"], "id": "base-1"}
    ended.put("rollout/base-1", {**found.value, "state": state}, expected=None)
    ended.delete(found.key, expected=found.version)
    per_rollout = (reads(3 * FEW) - first) / (2 * FEW)

    assert per_rollout <= 4
