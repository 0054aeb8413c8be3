"""Superseding a rollout: one of the two can continue, even if a process dies in between."""

from dataclasses import replace
from functools import partial

import pytest

from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.claims import ClaimLostError
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import (
    give_order,
    load_rollout,
    rollout_ids,
    save_record,
)
from orgrollout.reconcile.lifecycle.begin import begin_rollout, holders_of, unlock
from orgrollout.reconcile.tick.tick import tick
from orgrollout.rollout.decide.operator_commands import WrongPhaseError, resume, stop
from orgrollout.rollout.state.state import Outcome, Phase
from tests.drivers.support import HeldUpJournal, begun, until_dead
from tests.reconcile.documents.test_claims import TOPICS, DyingJournal, named
from tests.stage import Stage

PLAN, CLAIM, RECORD, MARK = range(1, 5)  # the commits, one after the other


@pytest.fixture
def older(stage: Stage) -> RolloutId:
    """A rollout that was stopped before it had started an operation."""
    rollout = begun(stage)
    give_order(stage.context().journal, rollout, lambda r: stop(r.state))
    assert stage.finish(rollout).state.phase is Phase.STOPPED
    return rollout


def die_taking_over(stage: Stage, commits: int) -> Journal:
    """Return the journal that a process left which died after so many commits."""
    plan, context = stage.plan(), stage.context()
    dying = replace(context, journal=DyingJournal(context.journal, commits))
    until_dead(lambda: begin_rollout(plan, dying, supersede=True))
    return context.journal


@pytest.mark.parametrize("commits", [PLAN, CLAIM])
def test_the_older_rollout_keeps_its_stack_sets_until_the_newer_is_recorded(
    stage: Stage, older: RolloutId, commits: int
) -> None:
    journal = die_taking_over(stage, commits)

    assert holders_of(journal, {TOPICS}) == {TOPICS: older}
    with pytest.raises(OpenRolloutError, match=older):
        stage.begin()
    give_order(journal, older, lambda r: resume(r.state))
    assert stage.finish(older).state.outcome is Outcome.SUCCEEDED
    assert rollout_ids(journal) == (older,)


def test_the_next_rollout_of_the_same_name_leaves_the_older_one_alone(
    stage: Stage, older: RolloutId
) -> None:
    journal = die_taking_over(stage, CLAIM)

    assert stage.apply(named("base", "other")).state.id == "base-2"

    assert stage.load(older).state.superseded_by is None
    assert holders_of(journal, {TOPICS}) == {TOPICS: older}
    give_order(journal, older, lambda r: resume(r.state))
    assert stage.finish(older).state.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("commits", [RECORD, pytest.param(MARK, marks=pytest.mark.slow)])
def test_the_older_rollout_cannot_continue_once_the_newer_is_recorded(
    stage: Stage, older: RolloutId, commits: int
) -> None:
    journal = die_taking_over(stage, commits)
    (newer,) = {*rollout_ids(journal)} - {older}

    with pytest.raises((OpenRolloutError, WrongPhaseError), match=newer):
        give_order(journal, older, lambda r: resume(r.state))

    marked: list[RolloutId | None] = []
    while not stage.load(newer).state.phase.is_over:
        stage.step(newer)
        if stage.sandbox.operations(TOPICS):
            marked.append(stage.load(older).state.superseded_by)
    assert set(marked) == {newer}
    assert stage.load(newer).state.outcome is Outcome.SUCCEEDED


def test_the_newer_rollout_can_be_superseded_together_with_the_older(
    stage: Stage, older: RolloutId
) -> None:
    journal = die_taking_over(stage, RECORD)
    (newer,) = {*rollout_ids(journal)} - {older}
    give_order(journal, newer, lambda r: stop(r.state))
    stage.finish(newer)

    newest = begin_rollout(stage.plan(), stage.context(), supersede=True).state.id

    assert stage.load(older).state.superseded_by == newer
    assert stage.load(newer).state.superseded_by == newest
    assert stage.finish(newest).state.outcome is Outcome.SUCCEEDED


def test_an_older_rollout_resumed_meanwhile_keeps_its_stack_sets(
    stage: Stage, older: RolloutId
) -> None:
    """Its operation is committed, and may have been sent."""
    plan, context = stage.plan(), stage.context()

    def resumed() -> None:
        give_order(context.journal, older, lambda r: resume(r.state))
        while not stage.load(older).state.in_flight:
            tick(older, stage.context())

    held_up = replace(context, journal=HeldUpJournal(context.journal, "claims/", resumed))
    with pytest.raises(OpenRolloutError, match=older):
        begin_rollout(plan, held_up, supersede=True)

    assert stage.load(older).state.superseded_by is None
    assert holders_of(context.journal, {TOPICS}) == {TOPICS: older}
    assert stage.finish(older).state.outcome is Outcome.SUCCEEDED
    assert len(stage.sandbox.operations(TOPICS)) == 1


def at_work_too_late(stage: Stage, older: RolloutId) -> None:
    """Let the older one go on in a process that had looked at the claims before it was resumed."""
    journal = stage.context().journal
    current = load_rollout(journal, older)
    save_record(journal, current, replace(current.record, state=resume(current.state)))
    with pytest.raises(ClaimLostError):
        stage.finish(older)
    assert stage.load(older).state.in_flight
    assert stage.sandbox.operations(TOPICS) == []


def test_a_process_that_finds_the_older_rollout_at_work_returns_its_claims(
    stage: Stage, older: RolloutId
) -> None:
    plan, context = stage.plan(), stage.context()
    resumed = partial(at_work_too_late, stage, older)
    held_up = replace(context, journal=HeldUpJournal(context.journal, "rollout/", resumed))

    with pytest.raises(OpenRolloutError, match=older):
        begin_rollout(plan, held_up, supersede=True)

    assert stage.load(RolloutId("base-2")).state.superseded_by == older
    assert holders_of(context.journal, {TOPICS}) == {TOPICS: older}
    assert stage.finish(older).state.outcome is Outcome.SUCCEEDED


def test_nothing_is_sent_while_the_older_rollout_may_be_at_work(
    stage: Stage, older: RolloutId
) -> None:
    journal = die_taking_over(stage, RECORD)
    at_work_too_late(stage, older)

    with pytest.raises(OpenRolloutError, match=older):
        stage.finish(RolloutId("base-2"))

    assert stage.sandbox.operations(TOPICS) == []
    give_order(journal, older, lambda r: stop(r.state))
    assert stage.finish(older).state.phase is Phase.STOPPED
    assert stage.finish(RolloutId("base-2")).state.outcome is Outcome.SUCCEEDED
    assert stage.load(older).state.superseded_by == "base-2"


def test_unlocking_the_newer_rollout_leaves_the_stack_sets_unclaimed(
    stage: Stage, older: RolloutId
) -> None:
    journal = die_taking_over(stage, RECORD)

    assert unlock(journal, RolloutId("base-2")) == (TOPICS,)

    assert holders_of(journal, {TOPICS}) == {}
    give_order(journal, older, lambda r: resume(r.state))
    assert stage.finish(older).state.outcome is Outcome.SUCCEEDED
