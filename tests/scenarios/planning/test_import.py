"""Existing stacks become stack instances, and none of their resources is created twice."""

from typing import Any

import pytest

from orgrollout.errors import ManifestError
from orgrollout.model.ids import AccountId, Pair, Region, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.build.importing import IMPORTED, MAX_NAMED
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.rollout.state.state import Phase
from tests.scenarios.manifests import edited
from tests.stage import DEV, EU, LAB, PROD, TOPIC, US, Stage, changed, pairs


def stack_in(stage: Stage, account: AccountId, region: Region, suffix: str = "old") -> str:
    """Return the id of a stack that was made by hand."""
    client = stage.sandbox.session(account, region).client("cloudformation")
    made = client.create_stack(
        StackName="byhand",
        TemplateBody=TOPIC,
        Parameters=[{"ParameterKey": "Suffix", "ParameterValue": suffix}],
    )
    return str(made["StackId"])


def topics_in(stage: Stage, pair: Pair) -> int:
    client = stage.sandbox.session(pair.account, pair.region).client("sns")
    return len(client.list_topics()["Topics"])


def ended_well(rollout: Rollout) -> bool:
    return rollout.state.phase is Phase.FINISHED and not rollout.state.failures


def importing(*stacks: str, **more: Any) -> dict[str, Any]:
    targets = {"organizational_units": ["/Dev"]}
    return edited(targets=targets, topics={"import_stacks": list(stacks), **more})


def test_an_existing_stack_is_imported_and_updated_to_the_desired_state(stage: Stage) -> None:
    """CfCT#124, RM#539: adopt existing stacks."""
    pair = Pair(DEV[0], US)
    arn = stack_in(stage, *pair)
    before = topics_in(stage, pair)
    override = {"targets": {"accounts": [DEV[0]]}, "parameters": {"Suffix": "new"}}
    manifest = importing(arn, parameter_overrides=[override])

    plan = stage.plan(manifest)
    rollout = stage.apply(manifest)

    assert changed(plan, OperationAction.CREATE) == pairs(DEV)
    assert {p for _, p, reason in plan.changes() if reason == IMPORTED} == {pair}
    assert ended_well(rollout), rollout.state.failures
    sent = [c for c in stage.sandbox.calls if c.operation == "ImportStacksToStackSet"]
    assert [c.params["StackIds"] for c in sent] == [[arn]]
    assert topics_in(stage, pair) == before == 1
    assert stage.display_name(pair) == "new-b"
    assert stage.plan(manifest).is_empty


def test_a_new_stack_set_can_start_with_imports_alone(stage: Stage) -> None:
    arns = [stack_in(stage, account, region) for account in DEV for region in (US, EU)]
    manifest = importing(*arns)

    rollout = stage.apply(manifest)

    assert ended_well(rollout)
    assert "CreateStackInstances" not in stage.writes()
    assert stage.deployed() == pairs(DEV)
    assert stage.display_name(Pair(DEV[1], EU)) == "a-b"
    assert stage.plan(manifest).is_empty


def test_no_call_imports_more_stacks_than_cloudformation_accepts(stage: Stage) -> None:
    accounts = (*PROD, *DEV, *LAB)
    arns = [stack_in(stage, account, region) for account in accounts for region in (US, EU)]
    units = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}
    manifest = edited(targets=units, topics={"import_stacks": arns})

    rollout = stage.apply(manifest)

    sent = [c.params["StackIds"] for c in stage.sandbox.calls if c.operation.startswith("Import")]
    assert ended_well(rollout)
    assert sorted(arn for call in sent for arn in call) == sorted(arns)
    assert max(map(len, sent)) <= MAX_NAMED
    assert len(sent) == 2


@pytest.mark.slow
def test_an_interrupted_import_is_not_taken_as_desired(stage: Stage) -> None:
    """Killed between the import and the update, the next plan still updates."""
    arn = stack_in(stage, DEV[0], US)
    manifest = importing(arn)
    rollout = stage.begin(manifest)
    while not any(c.operation == "ImportStacksToStackSet" for c in stage.sandbox.calls):
        stage.step(rollout)
    stage.sandbox.run_to_end()

    assert Pair(DEV[0], US) in changed(stage.plan(manifest), OperationAction.UPDATE)


def test_a_missing_stack_fails_alone_and_is_named(stage: Stage) -> None:
    arn = stack_in(stage, DEV[0], US)
    client = stage.sandbox.session(DEV[0], US).client("cloudformation")
    client.delete_stack(StackName="byhand")

    rollout = stage.apply(importing(arn))

    assert {f.pair for f in rollout.state.failed} == {Pair(DEV[0], US)}
    assert "does not exist" in " ".join(f.reason for f in rollout.state.failed)
    assert pairs(DEV) - {Pair(DEV[0], US)} <= stage.deployed()


def test_an_import_into_a_pair_that_is_not_targeted_is_a_manifest_error(stage: Stage) -> None:
    arn = stack_in(stage, LAB[0], US)

    with pytest.raises(ManifestError, match="topics does not go to 300000000001 us-east-1"):
        stage.plan(importing(arn))


@pytest.mark.parametrize(
    ("stacks", "said"),
    [
        (["byhand"], "`byhand` is no id of a stack"),
        (
            [f"arn:aws:cloudformation:us-east-1:{DEV[0]}:stack/{n}/1" for n in ("a", "b")],
            f"a second stack for {DEV[0]} us-east-1",
        ),
    ],
)
def test_an_invalid_stack_name_is_reported_when_the_manifest_is_read(
    stage: Stage, stacks: list[str], said: str
) -> None:
    with pytest.raises(ManifestError, match=said):
        stage.plan(importing(*stacks))


def test_a_detached_stack_is_attached_again_by_import(stage: Stage) -> None:
    """CfCT#24, LZA#665: a stack that was kept cannot be created again."""
    whole = edited(targets={"organizational_units": ["/Dev"]})
    stage.apply(whole)
    pair = Pair(DEV[0], US)
    arn = next(
        i.stack_id
        for i in stage.context().stack_sets.instances(StackSetName("base-topics"))
        if i.pair == pair
    )
    stage.apply(edited(targets={"accounts": [DEV[1]]}))

    rollout = stage.apply(importing(str(arn)), allow_removals=0)

    assert ended_well(rollout)
    assert topics_in(stage, pair) == 1
    assert stage.deployed() == pairs(DEV)
