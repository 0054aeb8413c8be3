"""A rollout and a re-sync open side by side: neither starts anything where the other is at work."""

from datetime import timedelta

import pytest

from orgrollout.model.ids import Pair, RolloutId
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.state import Outcome, Phase
from tests.resyncing import (
    GUARD,
    NAME,
    TEMPLATE,
    deploy,
    detect,
    manifest,
    repair,
    seek,
    start_recorders,
)
from tests.stage import PROD, US, Stage

ONE = Pair(PROD[0], US)
SOAKING = manifest(
    rollout={"waves": [{"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "2d"}}]}
)
SOAK = timedelta(days=2)


@pytest.fixture
def soaking(stage: Stage) -> RolloutId:
    """A rollout that soaks, with a change by hand where it was."""
    (stage.folder / "guard.yaml").write_text(TEMPLATE)
    rollout = stage.begin(SOAKING)
    while stage.load(rollout).state.phase is not Phase.SOAKING:
        stage.step(rollout)
    there = stage.deployed(NAME)
    start_recorders(stage, there)
    stage.sandbox.tamper(*min(there), NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    return rollout


@pytest.fixture
def repairs(stage: Stage, soaking: RolloutId) -> RolloutId:
    """A re-sync that has begun its repairs in the stack sets of the rollout that soaks."""
    assert stage.load(soaking).state.phase is Phase.SOAKING
    begun = begin_rollout(seek(stage, SOAKING).resync.plan, stage.context()).state.id
    while not stage.load(begun).state.in_flight:
        stage.step(begun)
    return begun


@pytest.mark.slow
def test_a_rollout_whose_soak_ends_waits_for_repairs_under_way(
    stage: Stage, soaking: RolloutId, repairs: RolloutId
) -> None:
    stage.sandbox.clock.sleep(SOAK)
    started = stage.writes().count("CreateStackInstances")
    waits = [stage.step(soaking) for _ in range(4)]

    assert stage.load(soaking).state.phase is Phase.RUNNING
    assert waits[-1].concurrent == {GUARD: repairs}
    assert waits[-1].wake_after == timedelta(seconds=15)
    assert not stage.load(soaking).state.in_flight
    assert stage.writes().count("CreateStackInstances") == started
    assert stage.finish(repairs).state.outcome is Outcome.SUCCEEDED
    assert not stage.step(soaking).concurrent
    assert stage.finish(soaking).state.outcome is Outcome.SUCCEEDED


@pytest.mark.slow
def test_resumed_repairs_wait_for_a_rollout_under_way(
    stage: Stage, soaking: RolloutId, repairs: RolloutId
) -> None:
    give_order(stage.context().journal, repairs, lambda r: operator_commands.stop(r.state))
    assert stage.finish(repairs).state.phase is Phase.STOPPED
    stage.sandbox.clock.sleep(SOAK)
    while not stage.load(soaking).state.in_flight:
        stage.step(soaking)
    give_order(stage.context().journal, repairs, lambda r: operator_commands.resume(r.state))
    executed = stage.writes().count("ExecuteChangeSet")
    waited = stage.step(repairs, wait=False)

    assert waited.concurrent == {GUARD: soaking}
    assert stage.writes().count("ExecuteChangeSet") == executed
    assert stage.finish(soaking).state.outcome is Outcome.SUCCEEDED
    assert stage.finish(repairs).state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(ONE) == "mine-a"


@pytest.mark.slow
def test_drift_is_repaired_during_a_soak_and_the_rollout_continues(
    stage: Stage, soaking: RolloutId
) -> None:
    """A soak takes days; repairs of changes by hand need not wait for its end."""
    sought = seek(stage, SOAKING)

    (why,) = {left.why for left in sought.resync.left}
    assert why.startswith(f"it waits for {soaking}, which has not done with the stack set")
    assert f"`orgrollout status {soaking}`" in why
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(min(stage.deployed(NAME))) == "mine-a"
    assert stage.finish(soaking).state.outcome is Outcome.SUCCEEDED


@pytest.mark.slow
def test_two_resyncs_of_one_stack_set_exclude_each_other(stage: Stage) -> None:
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    plan = seek(stage).resync.plan
    first = begin_rollout(plan, stage.context()).state.id

    with pytest.raises(OpenRolloutError, match=first):
        begin_rollout(plan, stage.context())

    assert stage.finish(first).state.outcome is Outcome.SUCCEEDED
    assert begin_rollout(plan, stage.context()).state.id != first


def test_a_running_rollout_and_a_running_resync_exclude_each_other(stage: Stage) -> None:
    """Both change the same stacks."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    repairs = seek(stage).resync.plan
    newer = {"stack_sets": {"guard": {"template": "guard.yaml", "parameters": {"Suffix": "b"}}}}
    running = stage.begin(manifest(**newer))

    with pytest.raises(OpenRolloutError, match=running):
        begin_rollout(repairs, stage.context())
