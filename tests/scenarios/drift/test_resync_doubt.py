"""Uncertain cases of a re-sync: suspects, unproven repairs, and drift that comes back."""

from collections import Counter
from datetime import timedelta

import pytest

from orgrollout.drift.finding import Verdict
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome
from tests.resyncing import (
    NAME,
    changed_stacks,
    deploy,
    detect,
    later,
    repair,
    seek,
)
from tests.stage import PROD, US, Stage

ONE, TWO = (Pair(account, US) for account in PROD[:2])


@pytest.mark.slow
def test_a_job_repairs_drift_once_and_leaves_it_to_a_person_if_it_came_back(
    stage: Stage,
) -> None:
    """Else each night would carry out another change set, and no one would be told."""
    deploy(stage)
    job = ResyncRequest(refused_again=False, fought_again=False)

    def night() -> ResyncPlan:
        stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
        later(stage)
        detect(stage)
        return seek(stage, wanted=job)

    assert repair(stage, night()).state.outcome is Outcome.SUCCEEDED
    later(stage)
    again = night()

    assert again.resync.plan.is_empty
    (left,) = again.resync.left
    assert (left.finding.pair, left.finding.what) == (ONE, "Topic")
    assert "it came back after it was repaired" in left.why
    assert not seek(stage).resync.plan.is_empty


def test_false_drift_is_recognised_by_a_second_look_and_left_alone(stage: Stage) -> None:
    """A caller without permission to read sees a property as gone."""
    deploy(stage)
    stage.sandbox.hide(*ONE, "AWS::SNS::Topic", "DisplayName")
    stage.sandbox.tamper(*TWO, NAME, "Topic", "/DisplayName", None)
    detect(stage)

    before = len(stage.sandbox.calls)
    sought = seek(stage)

    verdicts = {f.pair: f.verdict for f in sought.findings.findings if f.what == "Topic"}
    assert verdicts == {ONE: Verdict.SUSPECT, TWO: Verdict.REAL}
    assert {pair for _, pair, _ in sought.resync.plan.changes()} == {TWO}
    assert changed_stacks(stage, before) == Counter()


def test_a_detection_whose_id_was_lost_delays_no_one_for_long(stage: Stage) -> None:
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    sought = seek(stage)
    stage.sandbox.lose_response("DetectStackDrift")
    began = stage.sandbox.clock.now()

    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED
    assert stage.sandbox.clock.now() - began < timedelta(minutes=5)


def test_a_repair_of_a_resource_that_detection_omits_is_unproven(stage: Stage) -> None:
    """The stack is reported IN_SYNC, even if detection left out the resource to be repaired."""
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    sought = seek(stage)
    stage.sandbox.hide(*ONE, "AWS::SNS::Topic", "*", everyone=True)

    (failure,) = repair(stage, sought).state.failed

    assert failure.reason == "Topic could not be checked, so nothing is proven"


@pytest.mark.slow
def test_a_job_tries_the_repair_of_an_unreadable_property_once(stage: Stage) -> None:
    """The role that looks twice may lack the same permission; no one changed anything."""
    deploy(stage)
    stage.sandbox.hide(*ONE, "AWS::SNS::Topic", "DisplayName", everyone=True)
    detect(stage)

    (failure,) = repair(stage, seek(stage)).state.failed

    assert failure.kind is FailureClass.CONFIGURATION
    assert failure.reason.startswith("could not be read: Topic/DisplayName")
    later(stage)
    detect(stage)
    job = seek(stage, wanted=ResyncRequest(refused_again=False, fought_again=False))
    assert job.resync.plan.is_empty
    assert [left.why for left in job.resync.left] == [failure.reason]


def test_a_difference_that_the_second_look_finds_below_a_suspect_is_repaired(stage: Stage) -> None:
    """A caller without permission sees all tags as gone; one with it sees the tag that is."""
    deploy(stage)
    stage.sandbox.remove_tag(*ONE, NAME, "Topic", "owner")
    stage.sandbox.hide(*ONE, "AWS::SNS::Topic", "Tags")
    detect(stage)

    sought = seek(stage)

    (real,) = sought.findings.real
    assert (real.pair, real.what) == (ONE, "Topic")
    assert real.path.startswith("/Tags/")
    assert not sought.resync.left
    assert repair(stage, sought).state.outcome is Outcome.SUCCEEDED


@pytest.mark.slow
def test_drift_fixed_before_its_repair_is_gone_and_leaves_no_change_set(stage: Stage) -> None:
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    detect(stage)
    sought = seek(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "mine-a")

    done = repair(stage, sought)

    assert done.state.outcome is Outcome.SUCCEEDED
    (record,) = history(stage.context().journal, StackSetName(NAME)).values()
    assert (record.is_open, record.repaired, record.repaired_by) == (False, None, "")
    again = seek(stage)  # CloudFormation goes on to call it DRIFTED
    assert not again.findings.real
    assert again.findings.stack_sets[0].repaired_since == 1
    stack = stage.sandbox.stack_set(NAME).instances[ONE].stack_id
    client = stage.sandbox.session(*ONE).client("cloudformation")
    assert client.list_change_sets(StackName=str(stack))["Summaries"] == []


@pytest.mark.slow
def test_drift_that_another_user_restores_is_reported_and_not_repaired_again(stage: Stage) -> None:
    deploy(stage)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs", again=timedelta(seconds=1))
    detect(stage)

    done = repair(stage, seek(stage))

    (failure,) = done.state.failed
    assert (failure.kind, failure.reason) == (
        FailureClass.CAME_BACK,
        "came back: Topic/DisplayName",
    )
    assert [completed.attempt for completed in done.state.completed] == [1]
    later(stage)
    detect(stage)
    seek(stage)
    records = stage.context().journal.get(f"findings/{NAME}")
    assert records is not None
    assert '"came_back": 1' in str(records.value).replace("'", '"')
