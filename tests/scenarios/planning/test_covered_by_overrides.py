"""A new value that stack instances override: its changes, and drift in the same stacks."""

from typing import Any

import pytest

from orgrollout.drift.finding import FindingKind
from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.model.stack_set import InstanceStatus, StackInstance
from orgrollout.plan.build.definition_target import REASON
from orgrollout.reconcile.drift.resync import ResyncRequest
from orgrollout.reconcile.lifecycle.rollback import begin_rollback
from orgrollout.rollout.state.state import Outcome
from tests.resyncing import GUARD, MANIFEST, NAME, deploy, detect, manifest, repair, seek
from tests.stage import BASE, DEV, PROD, US, Stage, changed, pairs

ONE, TWO = (Pair(account, US) for account in PROD[:2])
EVERYWHERE = pairs((*PROD, *DEV))
OWN = {"targets": {"accounts": [ONE.account]}, "parameters": {"Suffix": "own"}}


def guard(value: str) -> dict[str, Any]:
    """Return a manifest in which one account has a value of its own."""
    given = manifest()
    given["stack_sets"]["guard"] |= {"parameters": {"Suffix": value}, "parameter_overrides": [OWN]}
    return given


def topics(value: str, *, name: str = "Suffix") -> dict[str, Any]:
    """Return a manifest in which every account has a value of its own."""
    own = {"targets": "all", "parameters": {"Suffix": "own"}}
    return BASE | {
        "stack_sets": {
            "topics": {
                "template": "topic.yaml",
                "parameters": {name: value},
                "parameter_overrides": [own],
            }
        }
    }


@pytest.fixture
def covered(stage: Stage) -> dict[str, Any]:
    """Let a set-level value change that one account overrides, and that account drift."""
    deploy(stage, guard("a"))
    newer = guard("b")
    assert stage.apply(newer).state.outcome is Outcome.SUCCEEDED
    assert instance(stage, ONE).status is InstanceStatus.OUTDATED
    assert stage.plan(newer).is_empty
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    return newer


def instance(stage: Stage, pair: Pair) -> StackInstance:
    name = stage.plan(MANIFEST).stack_sets[GUARD].name
    return next(i for i in stage.context().stack_sets.instances(name) if i.pair == pair)


def test_drift_in_an_outdated_stack_instance_with_the_desired_values_is_repaired(
    stage: Stage, covered: dict[str, Any]
) -> None:
    """Nothing else ever brings it to CURRENT, since a plan has nothing to do with it."""
    stage.sandbox.stop_recorder(*ONE)

    sought = seek(stage, covered)

    assert {(f.pair, f.kind) for f in sought.findings.real} == {
        (ONE, FindingKind.RESOURCE),
        (ONE, FindingKind.POSTURE),
    }
    assert not sought.resync.left
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(ONE) == "mine-own"
    assert instance(stage, ONE).status is InstanceStatus.OUTDATED
    detect(stage)
    assert not seek(stage, covered).findings.real


@pytest.mark.slow
def test_an_outdated_stack_instance_is_recreated_only_if_requested(
    stage: Stage, covered: dict[str, Any]
) -> None:
    stage.sandbox.replaces(*ONE, NAME, logical_id="Topic", times=1)
    assert repair(stage, seek(stage, covered)).state.outcome is Outcome.FAILURES

    sought = seek(stage, covered, wanted=ResyncRequest(refused_again=False, recreate=True))

    assert [o.action for o in sought.resync.plan.operations] == [
        OperationAction.DELETE,
        OperationAction.CREATE,
    ]
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(ONE) == "mine-own"


@pytest.mark.usefixtures("covered")
def test_an_outdated_stack_instance_of_unknown_content_is_left_with_what_to_do(
    stage: Stage,
) -> None:
    """The present manifest was never sent to the stack instance, so nothing is inferred."""
    sought = seek(stage, guard("c"))

    assert sought.resync.plan.is_empty
    assert [left.why for left in sought.resync.left if left.finding.pair == ONE] == [
        "its stack instance is OUTDATED, and the manifest differs from what is deployed; "
        "`orgrollout apply` it first"
    ]


@pytest.mark.slow
def test_a_failed_stack_instance_that_was_marked_again_is_not_taken_as_desired(
    stage: Stage,
) -> None:
    """It carries the wanted digest, and never got there: the results of its operation say so."""
    deploy(stage, guard("a"))
    stage.sandbox.fail(TWO.account, TWO.region, times=None, reason="AccessDenied: no")
    stage.apply(guard("b"))
    stage.sandbox.simulation.faults.instances.clear()
    for value in ("c", "b"):  # each marks all others, with any status before
        stage.apply(guard(value), narrowing=lambda _: lambda _, pair: pair.account == PROD[2])
    assert instance(stage, TWO).status is InstanceStatus.OUTDATED
    stage.sandbox.tamper(*TWO, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)

    sought = seek(stage, guard("b"))

    assert [o.action for o, pair, _ in sought.resync.plan.changes() if pair == TWO] == [
        OperationAction.UPDATE
    ]
    assert [left.why for left in sought.resync.left if left.finding.pair == TWO] == [
        "it is brought up to date first; the next re-sync looks at it again"
    ]


def test_a_value_that_all_pairs_override_is_one_update_and_can_be_rolled_back(
    stage: Stage,
) -> None:
    """The plan has exactly the calls sent, and the journal has the earlier values."""
    stage.apply(topics("x"))
    plan = stage.plan(topics("y"))
    (target,) = changed(plan, OperationAction.UPDATE)
    assert (plan.counts()[OperationAction.UPDATE], plan.unchanged) == (1, len(EVERYWHERE) - 1)
    assert [reason for _, _, reason in plan.changes()] == [REASON]

    rollout = stage.apply(topics("y"))

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert stage.sandbox.operations("base-topics")[-1].targets == {target}
    assert stage.plan(topics("y")).is_empty
    back = stage.finish(begin_rollback(stage.load(rollout.state.id), stage.context()).state.id)
    assert back.state.outcome is Outcome.SUCCEEDED
    assert set_value(stage) == "x"
    assert {stage.display_name(pair) for pair in EVERYWHERE} == {"own-b"}
    assert stage.plan(topics("x")).is_empty


def test_a_new_description_is_one_update_and_can_be_rolled_back(stage: Stage) -> None:
    older, newer = topics("x"), topics("x")
    older["stack_sets"]["topics"]["description"] = "older"
    newer["stack_sets"]["topics"]["description"] = "newer"
    stage.apply(older)
    plan = stage.plan(newer)
    assert (plan.counts()[OperationAction.UPDATE], plan.unchanged) == (1, len(EVERYWHERE) - 1)

    rollout = stage.apply(newer)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert stage.plan(newer).is_empty
    back = stage.finish(begin_rollback(stage.load(rollout.state.id), stage.context()).state.id)
    assert back.state.outcome is Outcome.SUCCEEDED
    assert stage.plan(older).is_empty


def test_a_new_account_is_never_created_before_the_new_definition(
    stage: Stage,
) -> None:
    """It would get the old definition: the one that sends the new one is in no later wave."""
    waves = {"rollout": {"waves": [{"name": "first", "accounts": [PROD[0]]}]}}
    narrow = topics("x") | waves | {"targets": {"accounts": list(PROD[1:])}}
    stage.apply(narrow)
    wider = topics("y") | waves | {"targets": {"accounts": list(PROD)}}

    plan = stage.plan(wider)

    sends = next(i for i, o in enumerate(plan.operations) if o.sends_definition)
    creates = [i for i, o in enumerate(plan.operations) if o.action is OperationAction.CREATE]
    assert sends < min(creates)
    assert stage.apply(wider).state.outcome is Outcome.SUCCEEDED


def set_value(stage: Stage) -> str:
    definition = stage.sandbox.stack_set("base-topics").definition
    return dict(definition.parameters)["Suffix"]
