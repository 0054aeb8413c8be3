"""A stack set to be deleted, and changes of another user to it meanwhile."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.drivers.local import stop_holders
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.rollout.state.state import Outcome, Phase
from tests.stage import BASE, LAB, PROD, Stage, exactly

pytestmark = pytest.mark.slow

NAME = StackSetName("base-topics")


def absent() -> dict[str, Any]:
    manifest = deepcopy(BASE)
    manifest["stack_sets"] = {"topics": {"state": "absent"}}
    return manifest


def emptied(stage: Stage) -> RolloutId:
    """Return a rollout that has removed every stack instance, and not yet the stack set."""
    stage.apply()
    rollout = stage.begin(absent(), allow_removals=7)
    while stage.deployed():
        stage.step(rollout)
    return rollout


def create_instance(stage: Stage, *accounts: str) -> None:
    """Begin to create stack instances as a user of the console would."""
    stage.sandbox.session().client("cloudformation").create_stack_instances(
        StackSetName=NAME,
        DeploymentTargets=exactly(stage.sandbox, *accounts),
        Regions=["us-east-1"],
    )


def test_an_operation_of_another_user_is_waited_for_before_the_stack_set_is_deleted(
    stage: Stage,
) -> None:
    rollout = emptied(stage)
    stage.sandbox.slow(seconds=timedelta(minutes=20))
    create_instance(stage, PROD[0])
    began, calls = stage.sandbox.clock.now(), len(stage.sandbox.calls)

    busy = set()
    while not stage.load(rollout).state.phase.is_over:
        busy |= {*stage.step(rollout).busy}

    assert busy == {NAME}
    assert stage.sandbox.clock.now() - began > timedelta(minutes=15)
    deletes = [c for c in stage.sandbox.calls[calls:] if c.operation == "DeleteStackSet"]
    assert len(deletes) < 80, "it is asked about ever more rarely"


def test_a_nonempty_stack_set_halts_its_deletion_and_a_later_plan_continues(stage: Stage) -> None:
    """A stack instance of another user is in no plan; a repeated deletion does not help."""
    rollout = emptied(stage)
    create_instance(stage, PROD[0], LAB[0])
    stage.sandbox.run_to_end()

    halted = stage.finish(rollout)

    assert halted.state.phase is Phase.HALTED
    assert "base-topics still has stack instances and was not deleted" in halted.state.note
    assert f"{PROD[0]} us-east-1, {LAB[0]} us-east-1. " in halted.state.note
    assert halted.state.note in [event.text for event in stage.events]
    plan = stage.plan(absent(), allow_removals=7)
    stop_holders([NAME], stage.context(), lambda _: None)
    later = begin_rollout(plan, stage.context(), supersede=True)
    assert stage.finish(later.state.id).state.outcome is Outcome.SUCCEEDED
    assert stage.context().stack_sets.describe(NAME) is None
