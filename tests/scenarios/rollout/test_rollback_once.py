"""A rollout is rolled back once, alone, and only where that undoes no change of others."""

from datetime import timedelta
from typing import Any

import pytest

from orgrollout.drivers.local import drive
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import give_order, rollout_ids
from orgrollout.reconcile.lifecycle.begin import NewerRolloutError, begin_rollout
from orgrollout.reconcile.lifecycle.rollback import begin_rollback, plan_rollback
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.rollout.decide.operator_commands import WrongPhaseError, retry, stop
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome, Phase
from tests import resyncing
from tests.scenarios.manifests import DENIED, EVERYWHERE
from tests.scenarios.rollout.test_rollback import CANARY, changed, names, take_back
from tests.stage import Stage

pytestmark = pytest.mark.slow


class Enough(Exception):  # noqa: N818
    """The driver is gone."""


def by_itself() -> dict[str, Any]:
    manifest = changed(parameters={"Suffix": "new"})
    manifest["rollout"]["on_failure"] = "rollback"
    return manifest


def halting(stage: Stage) -> RolloutId:
    """Return a rollout that will halt, with an automatic rollback."""
    stage.apply()
    stage.sandbox.fail("p2", None, times=1, reason=DENIED, action="UPDATE")
    return stage.begin(by_itself())


def has_halted(tick: Tick) -> bool:
    return tick.wake_after is None and tick.rollout.state.phase is Phase.HALTED


@pytest.mark.parametrize("through", [True, False])
def test_two_drivers_roll_back_once(stage: Stage, through: bool) -> None:
    """Whether the other driver is through with it, or has only begun, when the first one looks."""
    rollout = halting(stage)
    others: list[Tick] = []

    def other(tick: Tick) -> None:
        others.append(tick)
        if not through and tick.rollout.state.id != rollout:
            raise Enough

    def follow(tick: Tick) -> None:
        stage.events.extend(tick.events)
        if has_halted(tick) and not others:
            try:
                drive(rollout, stage.context(), other)
            except Enough:
                assert not through

    drive(rollout, stage.context(), follow)

    assert rollout_ids(stage.context().journal) == ("base-1", "base-2", "base-3")
    assert stage.load(rollout).state.superseded_by == "base-3"
    assert stage.load(RolloutId("base-3")).state.outcome is Outcome.SUCCEEDED
    assert names(stage, EVERYWHERE) == {"a-b"}
    said = [event.text for event in stage.events if event.kind is EventKind.ROLLBACK]
    assert said == ["base-2 is taken back: base-3"]


def test_a_rollback_begun_before_is_continued_if_ordered_again(stage: Stage) -> None:
    stage.apply()
    rollout = stage.apply(changed(parameters={"Suffix": "new"}))
    back = begin_rollback(rollout, stage.context())

    again = stage.load(rollout.state.id)
    assert plan_rollback(again, stage.context().journal) == back.plan
    assert begin_rollback(again, stage.context()).state.id == back.state.id

    give_order(stage.context().journal, back.state.id, lambda r: stop(r.state))
    stage.finish(back.state.id)
    with pytest.raises(WrongPhaseError, match="base-3 takes base-2 back already, and is stopped"):
        plan_rollback(stage.load(rollout.state.id), stage.context().journal)


@pytest.mark.parametrize("approval", [False, True], ids=["finished", "stopped"])
def test_a_rollback_does_not_undo_changes_of_a_newer_rollout(stage: Stage, approval: bool) -> None:
    stage.apply()
    older = stage.apply(changed(parameters={"Suffix": "new"}))
    manifest = changed(parameters={"Suffix": "newest"})
    if approval:
        manifest["rollout"]["waves"] = [{**CANARY, "after": {"approval": "required"}}]
    newer = stage.apply(manifest)
    if approval:
        give_order(stage.context().journal, newer.state.id, lambda r: stop(r.state))
        stage.finish(newer.state.id)
    before = names(stage, EVERYWHERE)

    with pytest.raises(NewerRolloutError, match=r"base-3's since base-2.*rollback base-3"):
        begin_rollback(stage.load(older.state.id), stage.context())

    assert rollout_ids(stage.context().journal) == ("base-1", "base-2", "base-3")
    assert stage.load(newer.state.id).state.superseded_by is None
    assert names(stage, EVERYWHERE) == before
    assert take_back(stage, newer).state.outcome is Outcome.SUCCEEDED
    assert names(stage, EVERYWHERE) == {"new-b"}


def test_a_rollback_that_a_resync_excludes_changes_nothing(
    stage: Stage,
) -> None:
    resyncing.deploy(stage)
    guard = {"template": "guard.yaml", "parameters": {"Suffix": "b"}}
    manifest = resyncing.manifest(rollout={"waves": [CANARY]}, stack_sets={"guard": guard})
    stage.sandbox.fail("p2", None, times=1, reason=DENIED, action="UPDATE")
    halted = stage.apply(manifest)
    assert halted.state.phase is Phase.HALTED
    for pair in sorted(stage.deployed(resyncing.NAME)):
        stage.sandbox.tamper(*pair, resyncing.NAME, "Topic", "/DisplayName", "theirs")
    resyncing.detect(stage)
    plan = resyncing.seek(stage, manifest).resync.plan
    repairs = begin_rollout(plan, stage.context()).state.id

    with pytest.raises(OpenRolloutError, match=repairs):
        begin_rollback(halted, stage.context())

    assert stage.load(halted.state.id).state.superseded_by is None
    assert retry(halted.plan, stage.load(halted.state.id).state).phase is Phase.RUNNING
    stage.finish(repairs)
    assert take_back(stage, halted).state.outcome is Outcome.SUCCEEDED


def test_a_rollback_waits_for_an_unreachable_bucket(stage: Stage) -> None:
    stage.bucket = "acme-orgrollout"
    stage.sandbox.session().client("s3").create_bucket(Bucket=stage.bucket)
    rollout = halting(stage)
    timeline = stage.sandbox.simulation.timeline
    waited: list[str] = []

    def follow(tick: Tick) -> None:
        waited.extend(e.text for e in tick.events if e.kind is EventKind.WAITING)
        if has_halted(tick) and not waited:
            stage.sandbox.server_error(times=None, service="s3")
            restored = timeline.now() + timedelta(minutes=10)
            timeline.at(restored, stage.sandbox.simulation.faults.calls.clear)

    ended = drive(rollout, stage.context(), follow)

    assert "nothing is lost" in waited[0]
    assert ended.state.superseded_by == "base-3"
    assert stage.load(RolloutId("base-3")).state.outcome is Outcome.SUCCEEDED
    assert names(stage, EVERYWHERE) == {"a-b"}
