"""How it stood, where plans of older versions do not remember it: known in part, never guessed."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from orgrollout.model.ids import Pair
from orgrollout.plan.model.document import plan_document, read_plan
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.past_ledger import past_ledger
from orgrollout.rollout.as_of import NOT_RECORDED
from orgrollout.rollout.coverage import CoverageState
from tests.stage import BASE, DEV, EU, TOPICS, US, Stage


def test_what_no_plan_remembers_is_unknown(stage: Stage) -> None:
    """A plan of an older version tells of what it touched, and of nothing else."""
    only: set[Pair] = {Pair(DEV[0], US), Pair(DEV[0], EU), Pair(DEV[1], US)}
    chosen = stage.plan(narrowing=lambda _: lambda _, pair: pair in only)
    old = begin_rollout(replace(chosen, ledger=None), stage.context()).state.id
    stage.finish(old)

    found = past_ledger(stage.context().journal, "base", None)

    assert found.read is None
    rows = {row.pair: row for row in found.rows}
    assert rows.keys() == {Pair(account, region) for account in DEV for region in (US, EU)}
    assert {pair for pair, row in rows.items() if row.state is CoverageState.CURRENT} == only
    unknown = rows[Pair(DEV[1], EU)]
    assert (unknown.state, unknown.reason) == (CoverageState.UNKNOWN, NOT_RECORDED)
    assert found.organization.accounts[DEV[1]].name == "d2"
    assert found.organization.units[found.organization.accounts[DEV[1]].parent].path == "/Dev"


def test_a_plan_remembers_every_pair_and_is_the_same_when_it_is_read(stage: Stage) -> None:
    plan = stage.plan()

    assert plan.ledger is not None
    again = read_plan(plan_document(plan))
    assert again.ledger == plan.ledger
    alike = plan.ledger.stack_sets[TOPICS].alike
    counted = Counter(each.state for each in alike for _ in plan.ledger.pairs(each))
    assert counted.total() == 11 * 2
    assert counted["missing"] == 14
    assert replace(plan, ledger=None).fingerprint == plan.fingerprint


def test_a_ledger_that_does_not_fit_together_is_refused(stage: Stage) -> None:
    """A saved plan may be damaged; an index beyond the accounts would name another pair."""
    document = plan_document(stage.plan())
    document["ledger"]["stack_sets"][TOPICS]["alike"][0]["where"][0][0][0][1] = 99

    with pytest.raises(ValueError, match="in an account that is not listed"):
        read_plan(document)


def test_what_was_forgotten_may_have_changed_anything(stage: Stage) -> None:
    """`journal prune` keeps a rollout that can still be resumed, and forgets later ones."""
    ended = []
    for suffix in "abcd":
        set_ = {"template": "topic.yaml", "parameters": {"Suffix": suffix}}
        plan = stage.plan({**BASE, "stack_sets": {"topics": set_}})
        made = begin_rollout(replace(plan, ledger=None), stage.context()).state.id
        ended.append(stage.finish(made).state.ended)
        stage.sandbox.clock.sleep(timedelta(hours=1))
    journal = stage.context().journal
    before = past_ledger(journal, "base", ended[3])
    forgotten = ROLLOUTS.get(journal, "base-3")
    assert forgotten is not None
    ROLLOUTS.remove(journal, "base-3", forgotten.version)

    after = past_ledger(journal, "base", ended[3])
    with pytest.raises(NoSuchRolloutError, match="forgotten rollouts between base-2 and base-4"):
        past_ledger(journal, "base", ended[2])

    assert len(before.rows) == len(after.rows) == 14
    assert past_ledger(journal, "base", ended[1]).rows == before.rows


def test_nothing_to_do_remembers_nothing(stage: Stage) -> None:
    stage.apply(BASE)

    assert stage.plan(BASE).ledger is None
