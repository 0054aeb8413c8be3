"""An operation committed and never sent counts as not begun: it is held back like the rest."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.state import Outcome, Phase
from tests.scenarios.manifests import EVERYWHERE, with_waves
from tests.stage import BASE, PROD, TOPIC, Stage, exactly

pytestmark = pytest.mark.slow

CANARY = with_waves({"name": "canary", "sample": {"per_ou": 1}})
THEIRS = TOPIC.replace('"${Suffix}-${Other}"', '"theirs-${Suffix}"')
HOURS = timedelta(hours=30)


def begun(stage: Stage, manifest: Mapping[str, Any] = CANARY) -> RolloutId:
    """Return a rollout whose second wave is committed while a stranger holds the stack set."""
    rollout = stage.begin(manifest)
    while stage.load(rollout).state.wave < 1:
        stage.step(rollout)
    stage.sandbox.slow(times=1, seconds=HOURS)
    client(stage).detect_stack_set_drift(StackSetName="base-topics")
    while not stage.load(rollout).state.in_flight:
        stage.step(rollout, wait=False)
    return rollout


def client(stage: Stage) -> Any:
    return stage.sandbox.session().client("cloudformation")


def change_definition(stage: Stage) -> None:
    """Send another template, aimed at a stack instance that is done, as soon as one can."""
    stage.sandbox.run_to_end()
    done = min(stage.deployed())
    client(stage).update_stack_set(
        StackSetName="base-topics",
        TemplateBody=THEIRS,
        DeploymentTargets=exactly(stage.sandbox, done.account),
        Regions=[done.region],
    )
    stage.sandbox.run_to_end()


@pytest.mark.parametrize("stopped", [False, True])
def test_a_definition_changed_meanwhile_reaches_no_other_account(
    stage: Stage, *, stopped: bool
) -> None:
    rollout = begun(stage)
    if stopped:
        give_order(stage.context().journal, rollout, lambda r: operator_commands.stop(r.state))
        assert stage.finish(rollout).state.withdrawn
    change_definition(stage)
    if stopped:
        give_order(stage.context().journal, rollout, lambda r: operator_commands.resume(r.state))

    halted = stage.finish(rollout).state

    assert halted.outcome is Outcome.HALTED
    assert "base-topics was changed by another process or person: template" in halted.note
    assert (len(halted.in_flight), len(halted.withdrawn)) == (0, 1)
    shown = Counter(stage.display_name(pair) for pair in stage.deployed())
    assert shown["theirs-a"] == 1


def test_a_freeze_begun_meanwhile_delays_an_unsent_operation(stage: Stage) -> None:
    now = stage.sandbox.clock.now()
    begins, ends = now + timedelta(hours=1), now + timedelta(days=3)
    freeze = f"{begins.isoformat()}/{ends.isoformat()}"
    rollout = begun(stage, {**CANARY, "rollout": {**CANARY["rollout"], "freeze": [freeze]}})
    stage.sandbox.clock.sleep(timedelta(hours=2))

    waited = stage.step(rollout, wait=False)
    assert waited.wake_after == ends - stage.sandbox.clock.now()
    assert [e.text for e in waited.events] == [f"no operation starts before {ends.isoformat()}"]
    done = stage.finish(rollout).state

    assert done.outcome is Outcome.SUCCEEDED
    assert [each.started >= ends for each in done.completed] == [False, True]


def test_an_unsent_operation_is_tried_less_often_while_another_user_is_busy(stage: Stage) -> None:
    """Also where other operations have to be looked at often."""
    alone = {"template": "topic.yaml", "targets": {"accounts": [PROD[0]]}}
    stage.apply({**BASE, "stack_sets": {"busy": alone}})
    stage.sandbox.slow(stack_set="base-busy", times=1, seconds=timedelta(minutes=20))
    client(stage).detect_stack_set_drift(StackSetName="base-busy")
    overrides = [{"targets": {"accounts": [a]}, "parameters": {"Suffix": a}} for a in PROD]
    busy = {**alone, "targets": {"accounts": [PROD[0], PROD[1]]}}
    short = {"template": "topic.yaml", "parameter_overrides": overrides}
    before = len(stage.sandbox.calls)

    done = stage.finish(stage.begin({**BASE, "stack_sets": {"busy": busy, "short": short}}))

    assert done.state.outcome is Outcome.SUCCEEDED
    asked = Counter(
        call.params.get("StackSetName")
        for call in stage.sandbox.calls[before:]
        if call.operation == "CreateStackInstances"
    )
    assert asked["base-short"] == 6
    assert asked["base-busy"] < 90  # with each look at any of the six others it would be 200


def test_a_rollout_that_halts_sends_nothing_that_never_arrived(stage: Stage) -> None:
    rollout = begun(stage)
    change_definition(stage)
    halted, before = stage.finish(rollout), stage.deployed()
    sent = stage.writes().count("CreateStackInstances")
    client(stage).update_stack_set(StackSetName="base-topics", TemplateBody=TOPIC)
    stage.sandbox.run_to_end()

    order = give_order(
        stage.context().journal, rollout, lambda r: operator_commands.resume(r.state)
    )
    assert order.state.phase is Phase.RUNNING
    assert halted.state.withdrawn == order.state.in_flight
    done = stage.finish(rollout)

    assert {failure.pair for failure in done.state.failed} <= before  # those that they touched
    assert stage.writes().count("CreateStackInstances") == sent + 1
    assert stage.deployed() == EVERYWHERE
