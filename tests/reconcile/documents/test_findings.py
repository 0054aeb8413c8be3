"""Finding a rollout reads records, which are small, and of all the plans the one that is meant."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.journal.port import Document, Journal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollouts import (
    find_rollout,
    give_order,
    recent_rollouts,
    rollout_states,
)
from orgrollout.rollout.decide.operator_commands import supersede
from tests.reconcile.documents.test_claims import named
from tests.stage import Stage

NAMES = ("one", "two", "three", "four")


@dataclass(eq=False)
class CountedJournal:
    """A journal that counts its reads, by kind."""

    journal: Journal
    reads: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    def get(self, key: str) -> Document | None:
        self.reads[key.partition("/")[0]] += 1
        return self.journal.get(key)


@pytest.fixture
def journal(stage: Stage) -> CountedJournal:
    """Return a journal of four rollouts with a plan each, as a new process opens it."""
    for name in NAMES:
        stage.begin(named(name, name))
        stage.sandbox.clock.sleep(timedelta(hours=1))
    return CountedJournal(stage.context().journal)


def close(stage: Stage, *names: str) -> None:
    by, now = RolloutId("later-1"), stage.sandbox.clock.now()
    for name in names:
        give_order(stage.context().journal, RolloutId(name), lambda r: supersede(r.state, by, now))


FINDS: dict[str, Callable[[Any], RolloutId]] = {
    "the newest": lambda journal: find_rollout(journal, None, only_open=False).state.id,
    "the open one": lambda journal: find_rollout(journal, None, only_open=True).state.id,
    "one that may go on": lambda journal: (
        find_rollout(journal, None, only_open=True, or_stopped=True).state.id
    ),
}


@pytest.mark.parametrize("what", FINDS)
def test_the_search_for_one_rollout_reads_one_plan(
    stage: Stage, journal: CountedJournal, what: str
) -> None:
    """Plans are megabytes, and in a bucket each is a request."""
    close(stage, "one-1", "two-1", "three-1")

    assert FINDS[what](journal) == "four-1"
    assert journal.reads == {"rollout": len(NAMES) + 1, "artifacts": 1, "summaries": 1}


def test_several_open_rollouts_are_named_without_reading_their_plans(
    journal: CountedJournal,
) -> None:
    with pytest.raises(NoSuchRolloutError, match="one-1, two-1, three-1, four-1"):
        find_rollout(journal, None, only_open=True)

    assert journal.reads == {"rollout": len(NAMES), "summaries": 1}


def test_a_list_of_all_rollouts_reads_no_plan(journal: CountedJournal) -> None:
    assert [state.manifest for state in rollout_states(journal)] == list(NAMES)
    assert journal.reads == {"rollout": len(NAMES)}


def test_of_rollouts_that_ended_long_ago_no_plan_is_read(
    stage: Stage, journal: CountedJournal
) -> None:
    close(stage, "one-1", "two-1")
    later = stage.sandbox.clock.now() + timedelta(seconds=1)

    found = {rollout.state.id for rollout in recent_rollouts(journal, later)}

    assert found == {"three-1", "four-1"}
    assert journal.reads == {"rollout": len(NAMES) + 2, "artifacts": 2, "summaries": 1}
