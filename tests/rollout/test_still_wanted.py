"""What an unattended job may finish of an earlier one: exactly what it would do itself today."""

from dataclasses import replace
from typing import Any

import pytest

from orgrollout.model.ids import Digest, Pair, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.model.kinds import Import, MakeRepair, OperationKind, Remove, SetOverrides
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.plan.model.repair import Repair
from orgrollout.rollout.decide.operator_commands import begin
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.still_wanted import UnattendedJob, why_not_allowed, why_not_wanted
from tests.rollout.decide.test_decide import (
    DEFINITION,
    DIGEST,
    FIRST,
    KEY,
    NOW,
    ONE,
    TWO,
    US,
    a_plan,
)

RULES, OTHER = Digest("a" * 16), Digest("b" * 16)
CREATE, UPDATE = OperationAction.CREATE, OperationAction.UPDATE
REVERT = MakeRepair(repair=Repair(action=OperationAction.REVERT))
CALL = MakeRepair(repair=Repair(action=OperationAction.CALL))
MINE = DesiredStackSet(
    key=KEY,
    name=StackSetName("m-k"),
    definition=DEFINITION,
    pairs={Pair(ONE, US): DIGEST, Pair(TWO, US): DIGEST},
    parameter_sets={DIGEST: {}},
    regions=(US,),
    rules={},
)


def left(kind: OperationKind | None = None, change: str = "unchanged", **plan: Any) -> RolloutView:
    """Return a rollout of which nothing was sent."""
    made = a_plan(StackSetChange(change))
    operations = made.operations
    if kind is not None:
        operations = tuple(replace(operation, kind=kind) for operation in operations)
    made = replace(made, operations=operations, unattended=True, **{"rollout_rules": RULES, **plan})
    return RolloutView(made, begin(made, DIGEST, FIRST, NOW))


def may(*actions: OperationAction, rollout: Digest = RULES, drift: str = "") -> UnattendedJob:
    return UnattendedJob(actions=frozenset(actions), rollout_rules=rollout, drift_rules=drift)


def wanted(view: RolloutView, **changes: Any) -> str:
    return why_not_wanted(view, {KEY: replace(MINE, **changes)})


def test_what_the_job_would_do_itself_is_finished() -> None:
    for view in (left(), left(change="create"), left(SetOverrides(), change="update")):
        assert wanted(view) == ""
        assert why_not_allowed(view, may(CREATE, UPDATE)) == ""
    assert why_not_allowed(left(enrols=True), may(CREATE)) == ""
    assert why_not_allowed(left(SetOverrides(), enrols=True), may(CREATE)) == ""
    assert (
        why_not_allowed(left(REVERT, drift_rules=RULES), may(*OperationAction, drift=RULES)) == ""
    )


@pytest.mark.parametrize("change", ["unchanged", "create", "update"])
def test_another_definition_since_is_left(change: str) -> None:
    """An enrolment changes no stack set, and would bring the rest the old template."""
    newer = StackSetDefinition(template_body='{"Resources": {}}')

    assert "another definition since" in wanted(left(change=change), definition=newer)
    assert "another definition since" in wanted(left(CALL), definition=newer)
    assert wanted(left(REVERT), definition=newer) == ""


def test_a_stack_set_without_stack_instances_is_compared_too() -> None:
    made = left(change="create")
    empty = RolloutView(made.plan, replace(made.state, waiting=()))
    newer = StackSetDefinition(template_body='{"Resources": {}}')

    assert "another definition since" in wanted(empty, definition=newer)
    assert wanted(empty) == ""


def test_other_parameters_other_imports_and_what_is_gone_are_left() -> None:
    pairs = {Pair(ONE, US): DIGEST, Pair(TWO, US): OTHER}

    assert f"other parameters for {Pair(TWO, US)}" in wanted(left(), pairs=pairs)
    assert "imports other stacks" in wanted(left(), imports={Pair(TWO, US): "a-stack"})
    assert "imports other stacks" in wanted(left(Import()))
    assert "does not want it any more" in wanted(left(), pairs={Pair(ONE, US): DIGEST})
    assert "takes it away" in wanted(left(), absent=True)
    assert why_not_wanted(left(), {}) == "k: it is not in the manifest any more"


@pytest.mark.parametrize("retain", [True, False])
def test_no_job_removes_what_an_earlier_one_was_to_remove(retain: bool) -> None:
    """A person sees deletions and cancels the job: the next one must not finish them."""
    every = may(*OperationAction)
    deletes = left(change="delete")
    empty = RolloutView(deletes.plan, replace(deletes.state, waiting=()))
    gone = RolloutView(deletes.plan, replace(empty.state, gone=frozenset({KEY})))

    assert "no job removes" in why_not_allowed(left(Remove(retain_stacks=retain)), every)
    assert "no job removes" in why_not_allowed(empty, every)
    assert why_not_allowed(gone, every) == ""


def test_a_job_finishes_no_action_that_it_may_not_begin() -> None:
    update = left(SetOverrides(), change="update")

    assert why_not_allowed(update, may(CREATE)) == "it would update, which this job may not"
    assert "waits for no gate" in why_not_allowed(left(enrols=True), may(CREATE, UPDATE))


def test_each_command_finishes_only_its_own_kind_by_the_same_rules() -> None:
    resync, every = left(REVERT, drift_rules=RULES), may(*OperationAction, drift=RULES)
    created = left(drift_rules=RULES)

    assert "`resync --unattended` began it" in why_not_allowed(resync, may(*OperationAction))
    assert "`apply --unattended` began it" in why_not_allowed(left(), every)
    assert "`drift:`" in why_not_allowed(created, may(*OperationAction, drift=OTHER))
    assert "`rollout:`" in why_not_allowed(left(), may(CREATE, rollout=OTHER))
    assert "`rollout:`" in why_not_allowed(left(rollout_rules=""), may(CREATE))
