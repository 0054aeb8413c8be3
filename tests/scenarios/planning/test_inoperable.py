"""INOPERABLE stack instances are left and named, and recovered only if requested."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.model.kinds import belongs_to_import
from orgrollout.plan.model.planned_stack_set import Recovery
from orgrollout.reconcile.documents.rollouts import give_order
from orgrollout.rollout.coverage import CoverageState
from orgrollout.rollout.decide.operator_commands import retry
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome
from orgrollout.sandbox import Sandbox
from tests.scenarios.manifests import edited
from tests.scenarios.planning.test_import import stack_in, topics_in
from tests.stage import DEV, EU, TOPICS, US, Stage, organization

STUCK = Pair(DEV[0], US)
DEV_ONLY = edited(targets={"organizational_units": ["/Dev"]})
ORDER = ["DeleteStackInstances", "ImportStacksToStackSet", "UpdateStackInstances"]


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Stage]:
    """A stack instance that is wanted, and whose deletion failed before."""
    with Sandbox.start(organization()) as sandbox:
        stage = Stage(sandbox, tmp_path)
        stage.apply(DEV_ONLY)
        sandbox.terminate_protection(STUCK.account, STUCK.region, "base-topics")
        gone: dict[str, Any] = edited(
            targets={"accounts": [DEV[1]]}, guards={"retain_stacks": False}
        )
        failed = stage.apply(gone, allow_removals=1)
        assert {f.pair for f in failed.state.failed} == {STUCK}
        yield stage


def status_of(stage: Stage, pair: Pair) -> tuple[str, str]:
    found = stage.sandbox.stack_set("base-topics").instances[pair]
    return found.status, found.detailed_status


def since(stage: Stage, calls: int) -> list[str]:
    return stage.writes()[calls:]


def test_an_inoperable_stack_instance_is_left_and_named_with_what_to_do(stuck: Stage) -> None:
    """An update does not reach it, so none is planned; it is never counted as unchanged."""
    whole = edited(
        targets={"organizational_units": ["/Dev"]}, topics={"parameters": {"Suffix": "new"}}
    )
    plan = stuck.plan(whole)

    assert STUCK not in {pair for _, pair, _ in plan.changes()}
    assert plan.unchanged == 0
    said = next(text for text in plan.warnings if "--recover-inoperable" in text)
    assert f"{STUCK}: INOPERABLE: Stack [" in said
    assert "TerminationProtection" in said

    stuck.apply(whole)

    assert status_of(stuck, STUCK) == ("INOPERABLE", "INOPERABLE")
    assert stuck.coverage(whole)[STUCK].state is CoverageState.INOPERABLE
    assert stuck.display_name(STUCK) == "a-b"


def test_an_inoperable_stack_instance_is_detached_and_its_stack_imported_again(
    stuck: Stage,
) -> None:
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "new"}}
    whole = {**DEV_ONLY, "stack_sets": deepcopy(DEV_ONLY["stack_sets"])}
    whole["stack_sets"]["topics"]["parameter_overrides"] = [override]
    before = len(stuck.writes())

    plan = stuck.plan(whole, recover_inoperable=True, allow_removals=1)
    steps = [
        (o.action, belongs_to_import(o.kind)) for o in plan.operations if STUCK in o.rectangle.pairs
    ]
    rollout = stuck.apply(whole, recover_inoperable=True, allow_removals=1)

    assert plan.stack_sets[TOPICS].recovery == Recovery(accounts=1, imported=1, created=0)
    assert steps == [
        (OperationAction.DETACH, False),
        (OperationAction.CREATE, True),
        (OperationAction.UPDATE, True),
    ]
    assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
    assert [name for name in since(stuck, before) if name in ORDER][:3] == ORDER
    assert status_of(stuck, STUCK) == ("CURRENT", "SUCCEEDED")
    assert topics_in(stuck, STUCK) == 1
    assert stuck.display_name(STUCK) == "new-b"
    assert stuck.plan(whole).is_empty


@pytest.mark.slow
def test_a_stack_that_was_removed_by_hand_is_created_again(stuck: Stage) -> None:
    """CloudFormation still names the stack; the import shows that it is gone, for the next run."""
    client = stuck.sandbox.session(*STUCK).client("cloudformation")
    (stack,) = client.describe_stacks()["Stacks"]
    client.update_termination_protection(
        StackName=stack["StackId"], EnableTerminationProtection=False
    )
    client.delete_stack(StackName=stack["StackId"])

    first = stuck.apply(DEV_ONLY, recover_inoperable=True, allow_removals=1)

    assert {(f.pair, f.kind) for f in first.state.failed} == {
        (STUCK, FailureClass.PERMANENT),
        (STUCK, FailureClass.BLOCKED),
    }
    assert status_of(stuck, STUCK) == ("INOPERABLE", "FAILED_IMPORT")

    plan = stuck.plan(DEV_ONLY, recover_inoperable=True, allow_removals=1)
    assert plan.stack_sets[TOPICS].recovery == Recovery(accounts=1, imported=0, created=1)
    second = stuck.apply(DEV_ONLY, recover_inoperable=True, allow_removals=1)

    assert second.state.outcome is Outcome.SUCCEEDED, second.state.failures
    assert topics_in(stuck, STUCK) == 1


@pytest.mark.slow
def test_a_stack_instance_that_could_not_be_detached_is_not_created_again(stuck: Stage) -> None:
    """A second step after a failed first one would create a stack twice, or fail."""
    stuck.sandbox.fail(DEV[0], "us-east-1", reason="never seen before", times=1)
    before = len(stuck.writes())
    whole = edited(
        targets={"organizational_units": ["/Dev"]}, topics={"parameters": {"Suffix": "new"}}
    )

    rollout = stuck.apply(whole, recover_inoperable=True, allow_removals=1)

    assert "ImportStacksToStackSet" not in since(stuck, before)
    assert {f.kind for f in rollout.state.failed} == {FailureClass.PERMANENT, FailureClass.BLOCKED}
    assert status_of(stuck, STUCK) == ("INOPERABLE", "INOPERABLE")

    give_order(stuck.context().journal, rollout.state.id, lambda r: retry(r.plan, r.state))
    again = stuck.finish(rollout.state.id)

    assert again.state.outcome is Outcome.SUCCEEDED, again.state.failures
    assert topics_in(stuck, STUCK) == 1


@pytest.mark.slow
def test_a_failed_import_is_imported_again(stage: Stage) -> None:
    arn = stack_in(stage, DEV[0], US)
    stage.sandbox.fail(DEV[0], "us-east-1", reason="never seen before", times=1)
    manifest = edited(targets={"organizational_units": ["/Dev"]}, topics={"import_stacks": [arn]})
    stage.apply(manifest)
    assert status_of(stage, STUCK) == ("INOPERABLE", "FAILED_IMPORT")
    assert STUCK not in {pair for _, pair, _ in stage.plan(manifest).changes()}

    rollout = stage.apply(manifest, recover_inoperable=True, allow_removals=1)

    assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
    assert topics_in(stage, STUCK) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("guards", "said"),
    [
        ({"max_removed_accounts": 0}, "guards.max_removed_accounts is 0"),
        ({"never_remove_from": {"accounts": [DEV[0]]}}, "leave out --recover-inoperable"),
    ],
)
def test_guards_of_removals_apply_to_recovery(
    stuck: Stage, guards: Mapping[str, Any], said: str
) -> None:
    """For a moment the account has no stack instance, so it counts as a removal."""
    with pytest.raises(PlanRefusedError, match=said):
        stuck.plan({**DEV_ONLY, "guards": guards}, recover_inoperable=True)


@pytest.mark.slow
def test_the_next_plan_knows_that_the_stack_came_back(stuck: Stage) -> None:
    """A stack that was kept is warned of, but not one that was taken in again."""
    stuck.apply(DEV_ONLY, recover_inoperable=True, allow_removals=1)
    stuck.apply(
        edited(targets={"accounts": [DEV[1]]}, guards={"retain_stacks": False}), allow_removals=1
    )

    kept = [text for text in stuck.plan(DEV_ONLY).warnings if "were kept" in text]

    assert stuck.context().stack_sets.describe(StackSetName("base-topics")) is not None
    assert not any(str(STUCK) in text for text in kept)


@pytest.mark.slow
def test_a_narrowed_recovery_recovers_only_the_chosen_pairs(stuck: Stage) -> None:
    plan = stuck.plan(
        DEV_ONLY,
        recover_inoperable=True,
        allow_removals=1,
        narrowing=lambda _: lambda _key, pair: pair.region == EU,
    )

    assert plan.stack_sets[TOPICS].recovery is None
    assert STUCK not in {pair for _, pair, _ in plan.changes()}
