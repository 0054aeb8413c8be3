"""A re-sync repairs real drift, and nothing else."""

from collections import Counter
from datetime import date

import pytest

from orgrollout.model.ids import Pair, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.posture.seen import PostureState
from orgrollout.reconcile.documents.posture import known_posture
from orgrollout.reconcile.drift.resync import ResyncRequest
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome
from tests.resyncing import (
    GUARD,
    MANIFEST,
    NAME,
    changed_stacks,
    deploy,
    detect,
    manifest,
    repair,
    seek,
)
from tests.stage import EU, PROD, US, Stage, exactly

ONE, TWO = (Pair(account, US) for account in PROD[:2])
FOUR = Pair(PROD[0], EU)


def test_only_changed_resources_are_reverted_and_verified(stage: Stage) -> None:
    """The sandbox's own record of calls shows which resources were changed."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    stage.sandbox.delete_resource(*FOUR, NAME, "Queue")
    detect(stage)

    before = len(stage.sandbox.calls)
    sought = seek(stage)
    assert changed_stacks(stage, before) == Counter()
    done = repair(stage, sought)

    assert done.state.outcome is Outcome.SUCCEEDED
    assert changed_stacks(stage, before) == {
        (call, pair): 1 for call in ("CreateChangeSet", "ExecuteChangeSet") for pair in (ONE, FOUR)
    }
    assert stage.display_name(ONE) == "mine-a"
    detect(stage)
    again = seek(stage)
    assert not again.findings.real
    assert again.resync.plan.is_empty


def test_an_update_with_the_same_template_does_not_revert_drift(stage: Stage) -> None:
    """CloudFormation calls it a success; so nothing of ours ever repairs drift that way."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    client = stage.sandbox.session().client("cloudformation")
    operation = client.update_stack_instances(
        StackSetName=NAME,
        DeploymentTargets=exactly(stage.sandbox, ONE.account),
        Regions=[ONE.region],
    )["OperationId"]
    stage.sandbox.run_to_end()

    found = client.describe_stack_set_operation(StackSetName=NAME, OperationId=operation)
    assert found["StackSetOperation"]["Status"] == "SUCCEEDED"
    assert stage.display_name(ONE) == "theirs"
    detect(stage)
    assert [(f.pair, f.what) for f in seek(stage).findings.real] == [(ONE, "Topic")]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["replaces", "removes"])
def test_a_change_set_with_more_changes_is_refused_and_left_for_a_person(
    stage: Stage, kind: str
) -> None:
    """One stack is refused, and the others are repaired all the same."""
    deploy(stage)
    for pair in (ONE, TWO):
        stage.sandbox.tamper(*pair, NAME, "Topic", "/DisplayName", "theirs")
    getattr(stage.sandbox, kind)(*ONE, NAME, logical_id="Queue")
    detect(stage)

    before = len(stage.sandbox.calls)
    done = repair(stage, seek(stage))

    assert done.state.outcome is Outcome.FAILURES
    (failure,) = done.state.failed
    assert (failure.pair, failure.kind) == (ONE, FailureClass.REFUSED)
    assert "Queue" in failure.reason
    assert changed_stacks(stage, before)["ExecuteChangeSet", ONE] == 0
    assert (stage.display_name(ONE), stage.display_name(TWO)) == ("theirs", "mine-a")
    client = stage.sandbox.session(*ONE).client("cloudformation")
    stack = stage.sandbox.stack_set(NAME).instances[ONE].stack_id
    (left,) = client.list_change_sets(StackName=str(stack))["Summaries"]
    assert left["ChangeSetName"] == done.state.completed[0].id


def test_accepted_drift_is_not_reverted_together_with_real_drift(stage: Stage) -> None:
    """A change set works on a whole stack; one that would undo accepted drift is refused."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Queue", "/DelaySeconds", 30)
    stage.sandbox.tamper(*TWO, NAME, "Queue", "/DelaySeconds", 30)
    stage.sandbox.tamper(*TWO, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)

    sought = seek(stage)
    assert {(f.pair, f.what) for f in sought.findings.real} == {(TWO, "Topic")}
    (failure,) = repair(stage, sought).state.failed

    assert (failure.pair, failure.kind) == (TWO, FailureClass.REFUSED)
    assert "accepted by a rule" in failure.reason


def test_accepted_drift_that_changed_after_the_look_is_kept(
    stage: Stage,
) -> None:
    """Days may lie between a detection and the change set; both see a resource as it is then."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Queue", "/VisibilityTimeout", 99)
    detect(stage)
    stage.sandbox.tamper(*ONE, NAME, "Queue", "/DelaySeconds", 30)

    (failure,) = repair(stage, seek(stage)).state.failed

    assert (failure.pair, failure.kind) == (ONE, FailureClass.REFUSED)
    assert "Queue/DelaySeconds, which is accepted by a rule" in failure.reason
    client = stage.sandbox.session(*ONE).client("sqs")
    (url,) = client.list_queues()["QueueUrls"]
    now = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (now["DelaySeconds"], now["VisibilityTimeout"]) == ("30", "99")


def test_an_expired_rule_accepts_no_drift(stage: Stage) -> None:
    rule = {**MANIFEST["drift"]["ignore"][0], "until": date(2026, 1, 1)}
    expired = manifest(drift={**MANIFEST["drift"], "ignore": [rule]})
    deploy(stage, expired)
    stage.sandbox.tamper(*ONE, NAME, "Queue", "/DelaySeconds", 30)
    detect(stage)

    assert repair(stage, seek(stage, expired)).state.outcome is Outcome.SUCCEEDED


@pytest.mark.slow
def test_a_refused_change_set_does_not_prevent_starting_a_recorder(stage: Stage) -> None:
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    stage.sandbox.replaces(*ONE, NAME, logical_id="Topic")
    detect(stage)
    repair(stage, seek(stage))
    stage.sandbox.stop_recorder(*ONE)

    sought = seek(stage, wanted=ResyncRequest(refused_again=False))

    assert [o.action for o in sought.resync.plan.operations] == [OperationAction.CALL]
    assert [left.finding.what for left in sought.resync.left] == ["Topic"]
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED


def test_a_stopped_recorder_is_started_by_a_call_and_checked_again(stage: Stage) -> None:
    """Drift detection does not see it: that it records is no property."""
    deploy(stage)
    stage.sandbox.stop_recorder(*ONE)
    detect(stage)

    before = len(stage.sandbox.calls)
    sought = seek(stage)
    assert [(f.pair, f.what) for f in sought.findings.real] == [(ONE, "config-recorder")]
    done = repair(stage, sought)

    assert done.state.outcome is Outcome.SUCCEEDED
    assert changed_stacks(stage, before) == {("StartConfigurationRecorder", ONE): 1}
    # The repair verified the check: the ledger need not wait for the next look.
    known, _ = known_posture(stage.context().journal, StackSetName(NAME), [ONE])[ONE]
    assert (known.state, known.reason.partition(" ")[0]) == (PostureState.OK, "repaired")
    assert not seek(stage).findings.real


@pytest.mark.slow
def test_missing_stacks_are_created_again_and_extra_ones_are_left(stage: Stage) -> None:
    deploy(stage)
    client = stage.sandbox.session().client("cloudformation")
    client.delete_stack_instances(
        StackSetName=NAME,
        DeploymentTargets=exactly(stage.sandbox, ONE.account),
        Regions=[ONE.region],
        RetainStacks=False,
    )
    stage.sandbox.run_to_end()

    sought = seek(stage)
    plan = sought.resync.plan
    assert {(o.action, pair) for o, pair, _ in plan.changes()} == {(OperationAction.CREATE, ONE)}
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED


def test_a_resync_does_not_roll_out_changes_of_the_manifest(stage: Stage) -> None:
    """It restores the deployed state; a new definition has to be reviewed and applied."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    newer = manifest()
    newer["stack_sets"]["guard"]["parameters"] = {"Suffix": "b"}

    done = repair(stage, seek(stage, newer))

    assert done.state.outcome is Outcome.SUCCEEDED
    assert {o.action for o in done.plan.operations} == {OperationAction.REVERT}
    assert stage.display_name(ONE) == "mine-a"


def test_findings_without_a_repair_role_are_reported_and_left(stage: Stage) -> None:
    bare = manifest(drift={})
    deploy(stage, bare)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)

    sought = seek(stage, bare)

    assert sought.resync.plan.is_empty
    whys = {left.why for left in sought.resync.left if left.finding.pair == ONE}
    assert whys == {"no role is named that may repair: `drift: {resync_role: ...}`"}
    assert GUARD in {left.finding.stack_set for left in sought.resync.left}


@pytest.mark.slow
def test_a_stack_is_recreated_only_if_requested_and_nothing_else_repairs_it(stage: Stage) -> None:
    """Deleting a stack is no repair that a tool may choose by itself."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    stage.sandbox.replaces(*ONE, NAME, logical_id="Topic", times=1)
    detect(stage)
    assert repair(stage, seek(stage)).state.failed[0].kind is FailureClass.REFUSED
    left = seek(stage, wanted=ResyncRequest(refused_again=False))
    assert left.resync.plan.is_empty

    sought = seek(stage, wanted=ResyncRequest(refused_again=False, recreate=True))

    assert [(o.action, [*o.rectangle.pairs]) for o in sought.resync.plan.operations] == [
        (OperationAction.DELETE, [ONE]),
        (OperationAction.CREATE, [ONE]),
    ]
    assert sought.resync.plan.stack_sets[GUARD].recovery is not None
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    assert stage.display_name(ONE) == "mine-a"


def test_a_stack_that_must_never_be_removed_is_not_recreated(stage: Stage) -> None:
    guarded = manifest(guards={"never_remove_from": {"accounts": [ONE.account]}})
    deploy(stage, guarded)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    stage.sandbox.replaces(*ONE, NAME, logical_id="Topic", times=1)
    detect(stage)
    repair(stage, seek(stage, guarded))

    with pytest.raises(PlanRefusedError, match="never_remove_from"):
        seek(stage, guarded, wanted=ResyncRequest(refused_again=False, recreate=True))
