"""Which rollout may change a stack set: one at a time, and none for ever by accident."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from orgrollout.drivers.local import drive, stop_holders
from orgrollout.journal.port import Version
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.documents.claims import ClaimLostError, claim_of
from orgrollout.reconcile.documents.rollout_errors import LaterRolloutError, OpenRolloutError
from orgrollout.reconcile.documents.rollouts import give_order, load_rollout, rollout_ids
from orgrollout.reconcile.lifecycle.begin import begin_rollout, holders_of, unlock
from orgrollout.reconcile.tick.tick import tick
from orgrollout.rollout.decide.operator_commands import WrongPhaseError, resume, retry, stop
from orgrollout.rollout.state.state import Outcome, Phase
from tests.drivers.support import begun, die, held_up_while_sending, until_dead
from tests.stage import BASE, Stage

TOPICS = StackSetName("base-topics")
DENIED = "is not authorized to perform: sns:CreateTopic with an explicit deny"


def named(manifest: str, *names: str) -> dict[str, Any]:
    """Return a manifest of stack sets that others may have, too."""
    made = deepcopy(BASE)
    made["name"] = manifest
    made["stack_sets"] = {
        key: {"template": "topic.yaml", "stack_set_name": key, "adopt": True} for key in names
    }
    return made


class DyingJournal:
    """A journal whose user dies right after its n-th commit."""

    def __init__(self, journal: Any, commits: int) -> None:
        self._journal = journal
        self._left = commits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        version: Version = self._journal.put(key, value, expected=expected)
        self._left -= 1
        if not self._left:
            die()
        return version


def test_rollouts_of_different_stack_sets_run_at_the_same_time(stage: Stage) -> None:
    first, second = stage.begin(named("one", "a")), stage.begin(named("two", "b"))

    assert stage.finish(first).state.outcome is Outcome.SUCCEEDED
    assert stage.finish(second).state.outcome is Outcome.SUCCEEDED


def test_one_stack_set_in_common_refuses_a_rollout_and_leaves_no_claim(
    stage: Stage,
) -> None:
    first = stage.begin(named("one", "b", "c"))

    with pytest.raises(OpenRolloutError) as refused:
        stage.begin(named("two", "a", "b"))

    assert (refused.value.other, refused.value.stack_set) == (first, "b")
    assert rollout_ids(stage.context().journal) == (first,)
    assert stage.begin(named("three", "a"))


def test_a_halted_rollout_keeps_its_stack_sets_and_a_finished_one_does_not(stage: Stage) -> None:
    stage.sandbox.fail(None, None, times=None, reason=DENIED)
    manifest = {**BASE, "rollout": {"waves": [{"name": "canary", "sample": {"per_ou": 1}}]}}
    halted = stage.apply(manifest)
    assert halted.state.phase is Phase.HALTED

    with pytest.raises(OpenRolloutError, match="--supersede"):
        stage.begin(manifest)

    journal = stage.context().journal
    stage.sandbox.simulation.faults.instances.clear()
    give_order(journal, halted.state.id, lambda r: retry(r.plan, r.state))
    assert stage.finish(halted.state.id).state.outcome is Outcome.SUCCEEDED
    changed = deepcopy(manifest)
    changed["stack_sets"] = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "b"}}}
    assert stage.begin(changed) == "base-2"


@pytest.mark.parametrize("commits", range(1, 5))
def test_a_process_that_dies_while_beginning_leaves_nothing_locked(
    stage: Stage, commits: int
) -> None:
    """The plan, two claims, the record: up to the last of them there is no rollout."""
    plan = stage.plan(named("one", "a", "b"))
    context = stage.context()
    dying = replace(context, journal=DyingJournal(context.journal, commits))
    until_dead(lambda: begin_rollout(plan, dying))

    recorded = rollout_ids(context.journal)
    assert recorded == (() if commits < 4 else ("one-1",))
    if recorded:
        assert stage.finish(recorded[0]).state.outcome is Outcome.SUCCEEDED
    else:
        assert stage.begin(named("two", "b")) == "two-1"
        assert stage.begin(named("one", "a")) == "one-1"


def test_one_of_many_rollouts_begun_at_once_begins(stage: Stage) -> None:
    plans = [stage.plan(named(manifest, "a", "b")) for manifest in ("one", "two", "three")] * 2
    barrier = Barrier(len(plans))

    def begin(number: int) -> RolloutId | None:
        context = stage.context()
        barrier.wait()
        try:
            return begin_rollout(plans[number], context).state.id
        except OpenRolloutError:
            return None

    with ThreadPoolExecutor(len(plans)) as pool:
        begun = [name for name in pool.map(begin, range(len(plans))) if name]

    journal = stage.context().journal
    holding = [n for n in rollout_ids(journal) if load_rollout(journal, n).state.holds]
    assert len(begun) <= 1
    assert holding == begun


def test_superseding_takes_over_from_a_stopped_rollout(stage: Stage) -> None:
    older = begun(stage)
    context = stage.context()
    give_order(context.journal, older, lambda r: stop(r.state))
    stage.finish(older)

    newer = begin_rollout(stage.plan(), context, supersede=True).state.id

    assert stage.load(older).state.superseded_by == newer
    for order in (resume, lambda state: retry(stage.load(older).plan, state)):
        with pytest.raises(WrongPhaseError, match=f"superseded by {newer}"):
            give_order(context.journal, older, lambda r, o=order: o(r.state))  # type: ignore[misc]
    assert stage.finish(newer).state.outcome is Outcome.SUCCEEDED


def test_superseding_does_not_begin_while_the_other_rollout_runs(stage: Stage) -> None:
    older = begun(stage)
    stage.step(older)
    plan = stage.load(older).plan

    with pytest.raises(OpenRolloutError, match=f"orgrollout status {older}.*--supersede"):
        begin_rollout(plan, stage.context(), supersede=True)

    assert stage.finish(older).state.outcome is Outcome.SUCCEEDED


def test_a_running_rollout_is_stopped_before_the_plan_that_supersedes_it(stage: Stage) -> None:
    older = begun(stage)
    stage.step(older)
    context = stage.context()

    assert stop_holders({TOPICS}, context, lambda _: None) == (older,)

    assert stage.load(older).state.phase is Phase.STOPPED
    newer = begin_rollout(stage.plan(), context, supersede=True)
    assert stage.finish(newer.state.id).state.outcome is Outcome.SUCCEEDED
    assert holders_of(context.journal, {TOPICS}) == {}


def test_a_late_operation_of_a_superseded_rollout_is_stopped_by_its_successor(stage: Stage) -> None:
    older = begun(stage)
    newer: list[RolloutId] = []

    def others() -> None:
        context = stage.context()
        stop_holders({TOPICS}, context, lambda _: None)
        newer.append(begin_rollout(stage.plan(), context, supersede=True).state.id)

    until_dead(lambda: drive(older, held_up_while_sending(stage, others, then=die), lambda _: None))
    (late,) = stage.sandbox.operations(TOPICS)
    assert late.status == "RUNNING"

    ended = stage.finish(newer[0])

    assert ended.state.outcome is Outcome.SUCCEEDED
    assert stage.sandbox.operations(TOPICS)[0].status == "STOPPED"
    state = stage.load(older).state
    assert (state.phase, state.superseded_by) == (Phase.STOPPED, newer[0])
    assert not state.holds


def test_unlocking_by_force_stops_the_drivers_operations_and_allows_other_rollouts(
    stage: Stage,
) -> None:
    older = begun(stage)
    context = stage.context()
    until_dead(lambda: tick(older, replace(context, journal=DyingJournal(context.journal, 1))))
    assert stage.load(older).record.lease is not None

    assert unlock(context.journal, older) == (TOPICS,)

    assert stage.load(older).record.lease is None
    with pytest.raises(ClaimLostError, match="unlocked by force"):
        stage.finish(older)
    assert [c for c in stage.writes() if c.startswith("CreateStackInstances")] == []
    newer = stage.begin()
    with pytest.raises(ClaimLostError, match=f"taken over by {newer}"):
        stage.finish(older)
    assert stage.finish(newer).state.outcome is Outcome.SUCCEEDED


def test_an_unlocked_rollout_can_still_be_resumed(stage: Stage) -> None:
    rollout = stage.begin()
    journal = stage.context().journal
    unlock(journal, rollout)

    give_order(journal, rollout, lambda r: resume(r.state))

    assert claim_of(journal, TOPICS).rollout == rollout
    assert stage.finish(rollout).state.outcome is Outcome.SUCCEEDED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("finish", "refused"), [(True, LaterRolloutError), (False, OpenRolloutError)]
)
def test_pairs_that_a_later_rollout_changed_are_not_retried(
    stage: Stage, finish: bool, refused: type[Exception]
) -> None:
    """The older plan would send the overrides of then with the definition of now."""
    stage.sandbox.fail("p2", "eu-west-1", times=None, reason=DENIED)
    older = stage.apply().state.id
    changed = deepcopy(BASE)
    changed["stack_sets"]["topics"]["parameters"] = {"Suffix": "b"}
    newer = stage.begin(changed)
    if finish:
        stage.finish(newer)

    with pytest.raises(refused, match=newer):
        give_order(stage.context().journal, older, lambda r: retry(r.plan, r.state))

    assert stage.load(older).state.phase is Phase.FINISHED


def test_a_rollout_begins_although_the_response_to_its_record_was_lost(
    stage: Stage,
) -> None:
    """It must neither be begun again nor be taken for another user's."""
    context = stage.context()

    class Losing(DyingJournal):
        def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
            version: Version = self._journal.put(key, value, expected=expected)
            if key.startswith("rollout/"):
                return self._journal.put(key, value, expected=None)  # type: ignore[no-any-return]
            return version

    begun = begin_rollout(stage.plan(), replace(context, journal=Losing(context.journal, 0)))

    assert rollout_ids(context.journal) == (begun.state.id,)
    assert stage.finish(begun.state.id).state.outcome is Outcome.SUCCEEDED


def test_a_rollout_that_waits_for_an_approval_keeps_its_claims(stage: Stage) -> None:
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"approval": "required"}}
    waiting = stage.apply({**BASE, "rollout": {"waves": [wave]}})
    stage.sandbox.clock.sleep(timedelta(days=30))

    with pytest.raises(OpenRolloutError, match=waiting.state.id):
        stage.begin()
