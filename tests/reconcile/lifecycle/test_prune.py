"""Forgetting old rollouts: nothing that stays refers to something gone."""

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.inventory.watermark import LOOK_BACK
from orgrollout.journal.export import export_journal
from orgrollout.journal.port import Version
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.documents.rollouts import (
    Rollout,
    give_order,
    load_rollout,
    rollout_ids,
    rollouts,
)
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.lifecycle.prune import Pruned, prune_journal
from orgrollout.rollout.decide.operator_commands import stop
from orgrollout.rollout.state.state import Outcome
from tests.stage import BASE, PROD, Stage, pairs

pytestmark = pytest.mark.slow
MOMENT = timedelta(seconds=1)


def changed(suffix: str) -> dict[str, Any]:
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"]["parameters"] = {"Suffix": suffix}
    return manifest


@pytest.fixture
def many(stage: Stage) -> Stage:
    """Four rollouts that ended, and one that was stopped."""
    for suffix in "abcd":
        stage.apply(changed(suffix))
    last = stage.begin(changed("e"))
    give_order(stage.context().journal, last, lambda r: stop(r.state))
    stage.finish(last)
    return stage


def prune(stage: Stage, journal: Any, *, keep: int) -> Pruned:
    """Prune once no list lags behind the ended rollouts."""
    stage.sandbox.clock.sleep(LOOK_BACK)
    return prune_journal(journal, keep=keep, now=stage.sandbox.clock.now() + MOMENT)


@pytest.mark.parametrize(("keep", "stay"), [(0, "5"), (1, "45"), (3, "2345"), (9, "12345")])
def test_prune_keeps_the_newest_rollouts_and_the_open_ones(
    many: Stage, keep: int, stay: str
) -> None:
    journal = many.context().journal

    removed = prune(many, journal, keep=keep)

    assert sorted(rollout_ids(journal)) == [f"base-{n}" for n in stay]
    assert removed.plans == len(removed.rollouts) == 5 - len(stay)
    assert set(journal.streams("history/")) == {f"history/base-{n}" for n in stay}
    assert len(journal.keys("artifacts/")) == len(stay)
    assert [r.plan.manifest for r in rollouts(journal)] == ["base"] * len(stay)


def test_prune_keeps_a_rollout_that_has_just_ended_as_lists_may_lag(many: Stage) -> None:
    context = many.context()

    ended = many.load(RolloutId("base-3")).state.ended
    assert ended is not None
    removed = prune_journal(context.journal, keep=0, now=ended + LOOK_BACK)

    assert removed.rollouts == ("base-1", "base-2")


def test_prune_keeps_the_newest_rollout_of_a_manifest_and_so_its_number(stage: Stage) -> None:
    stage.apply()

    assert prune(stage, stage.context().journal, keep=0).rollouts == ()
    assert stage.begin(changed("b")) == "base-2"


def test_a_plan_of_two_rollouts_is_kept_with_the_second(stage: Stage) -> None:
    context, plan = stage.context(), stage.plan()
    first = stage.finish(begin_rollout(plan, context).state.id)
    again = begin_rollout(plan, context).state.id

    assert prune(stage, context.journal, keep=0).plans == 0

    assert rollout_ids(context.journal) == (again,)
    assert load_rollout(context.journal, again).plan == first.plan


def test_a_rollout_that_begins_while_its_plan_is_removed_keeps_it(many: Stage) -> None:
    context = many.context()
    plan = load_rollout(context.journal, RolloutId("base-1")).plan
    begun: list[Rollout] = []

    class Beginning:
        def __getattr__(self, name: str) -> Any:
            return getattr(context.journal, name)

        def delete(self, key: str, *, expected: Version) -> None:
            if key.startswith("artifacts/") and not begun:
                begun.append(begin_rollout(plan, many.context(), supersede=True))
            context.journal.delete(key, expected=expected)

    prune(many, Beginning(), keep=1)

    assert many.finish(begun[0].state.id).plan == plan


def test_a_rollout_changed_meanwhile_is_not_pruned(many: Stage) -> None:
    context = many.context()

    class Changing:
        def __getattr__(self, name: str) -> Any:
            return getattr(context.journal, name)

        def delete(self, key: str, *, expected: Version) -> None:
            if key == "rollout/base-1":
                found = context.journal.get(key)
                assert found is not None
                context.journal.put(key, found.value, expected=found.version)
            context.journal.delete(key, expected=expected)

    removed = prune(many, Changing(), keep=0)

    assert "base-1" not in removed.rollouts
    assert many.load(RolloutId("base-1")).state.outcome is Outcome.SUCCEEDED


def test_the_kept_stacks_of_a_pruned_rollout_stay_known(stage: Stage) -> None:
    stage.apply()
    less = deepcopy(BASE)
    less["targets"] = {"organizational_units": ["/Dev"]}
    stage.finish(stage.begin(less, allow_removals=5))
    less["stack_sets"]["topics"]["parameters"] = {"Suffix": "z"}
    stage.apply(less)
    journal = stage.context().journal

    assert prune(stage, journal, keep=0).rollouts == ("base-1", "base-2")

    kept = retained_stacks(journal)[StackSetName("base-topics")]
    assert set(kept) == pairs(PROD)
    assert set(kept.values()) == {"base-2"}


def test_an_export_has_every_document(many: Stage) -> None:
    journal = many.context().journal

    document = json.loads("".join(export_journal(journal)))

    assert document["format_version"] == 1
    assert set(document["documents"]) == set(journal.keys())
    assert set(document["streams"]) == set(journal.streams())
    assert document["documents"]["rollout/base-1"]["state"]["phase"] == "finished"
    assert document["streams"]["history/base-1"][-1]["events"][-1]["kind"] == "finished"


@pytest.mark.parametrize("number", [20, 60])
def test_prune_reads_each_document_once(stage: Stage, number: int) -> None:
    """A search through all rollouts for each that is forgotten would read their square."""
    stage.apply()
    last = stage.apply(changed("b")).state.id
    journal = stage.context().journal
    kept = journal.get(f"rollout/{last}")
    assert kept is not None
    for n in range(100, 100 + number):
        value = deepcopy(kept.value)
        value["state"]["id"] = f"base-{n}"
        journal.put(f"rollout/base-{n}", value, expected=None)
    reads: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(journal, name)

        def get(self, key: str) -> Any:
            reads.append(key)
            return journal.get(key)

    removed = prune(stage, Counting(), keep=2)

    assert len(removed.rollouts) >= number - 2
    assert len(reads) <= 6 * number + 40
