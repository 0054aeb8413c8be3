"""A stack set that is to be absent while an account of it is suspended: the job ends."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, DEV, TOPICS, Stage, changed, organization, pairs

NAME = StackSetName("base-topics")


@pytest.fixture
def skipping(tmp_path: Path) -> Iterator[Stage]:
    """Return a stage on which CloudFormation skips suspended accounts in every operation."""
    settings = {"suspended_delete": "skip"}
    with Sandbox.start(organization(settings=settings)) as sandbox:
        yield Stage(sandbox, tmp_path)


def absent(**more: Any) -> dict[str, Any]:
    manifest = deepcopy(BASE) | more
    manifest["stack_sets"] = {"topics": {"state": "absent"}}
    return manifest


@pytest.mark.parametrize("retain", [True, False])
def test_an_absent_stack_set_is_deleted_with_the_records_of_a_suspended_account(
    stage: Stage, *, retain: bool
) -> None:
    """RetainStacks takes the record off the list; no stack can be deleted in there anyway."""
    stage.apply()
    stage.sandbox.suspend(DEV[0])
    manifest = absent(guards={"retain_stacks": retain})

    plan = stage.plan(manifest, allow_removals=7)
    assert changed(plan, OperationAction.DETACH) >= pairs(DEV[:1])
    rollout = stage.apply(manifest, allow_removals=7)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert stage.context().stack_sets.describe(NAME) is None
    assert stage.plan(manifest).is_empty


def test_a_stack_instance_that_cloudformation_skips_is_tried_once_and_then_left(
    skipping: Stage,
) -> None:
    """A nightly job does not repeat it: the plan is empty, and names the rest once."""
    stage = skipping
    stage.apply()
    stage.sandbox.suspend(DEV[0])
    stage.apply(absent(), allow_removals=7)
    before = stage.writes()

    plan = stage.plan(absent())

    assert plan.is_empty
    assert plan.stack_sets[TOPICS].change is StackSetChange.NONE
    (warning,) = [w for w in plan.warnings if DEV[0] in w]
    assert "base-topics stays" in warning
    assert "CloudFormation skipped it" in warning
    assert f"Accounts={DEV[0]}" in warning
    assert "--retain-stacks" in warning
    assert stage.writes() == before


def test_a_stack_instance_detached_for_its_suspension_is_tried_once_too(skipping: Stage) -> None:
    stage = skipping
    stage.apply()
    stage.sandbox.suspend(DEV[0])
    guarded = BASE | {"guards": {"detach_suspended": True}}
    stage.apply(guarded)

    assert stage.plan(guarded).is_empty


def test_a_stack_instance_of_an_account_active_again_is_removed_by_the_next_plan(
    skipping: Stage,
) -> None:
    stage = skipping
    stage.apply()
    stage.sandbox.suspend(DEV[0])
    stage.apply(absent(), allow_removals=7)
    stage.sandbox.simulation.organization.accounts[DEV[0]].state = "ACTIVE"

    plan = stage.plan(absent())

    assert changed(plan, OperationAction.DETACH) == pairs(DEV[:1])
