"""Own verdicts hold against a manifest's rules for AWS's messages; new accounts get an hour."""

from datetime import timedelta
from typing import Any

import pytest

from orgrollout.model.cause import Cause
from orgrollout.model.ids import Pair
from orgrollout.rollout.failures.recovered_failures import recovered_failures
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome
from tests.resyncing import MANIFEST, NAME, changed_stacks, deploy, detect, manifest, repair, seek
from tests.stage import BASE, PROD, US, Stage

ONE = Pair(PROD[0], US)
NOT_READY = (
    "ResourceLogicalId:Topic, ResourceType:AWS::SNS::Topic, ResourceStatusReason:Resource handler "
    'returned message: "The AWS Access Key Id needs a subscription for the service (Service: Sns, '
    'Status Code: 400, Request ID: 1)" (RequestToken: 2, HandlerErrorCode: GeneralServiceException)'
)
SUSPENDED = (
    "This account is suspended. To remove this instance from the stack set, run "
    "DeleteStackInstances with the RetainStacks parameter."
)
STRICT = {**BASE, "rollout": {"max_failed_accounts": 0}}


def transient(pattern: str, base: dict[str, Any] = MANIFEST) -> dict[str, Any]:
    return {**base, "rollout": {"failure_classes": {"transient": [{"pattern": pattern}]}}}


@pytest.mark.parametrize("pattern", ["AWS::SNS::Topic", "refused", ".*"])
def test_a_refused_repair_stays_refused_whatever_the_manifest_says(
    stage: Stage, pattern: str
) -> None:
    """Read as transient, it made four change sets instead of one."""
    wanted = transient(pattern, manifest())
    deploy(stage, wanted)
    stage.sandbox.tamper(*ONE, NAME, "Topic", "/DisplayName", "theirs")
    stage.sandbox.replaces(*ONE, NAME, logical_id="Topic")
    detect(stage)

    before = len(stage.sandbox.calls)
    done = repair(stage, seek(stage, wanted))

    (failure,) = done.state.failed
    assert failure.kind is FailureClass.REFUSED
    assert failure.own is not None
    assert (failure.own.cause, failure.own.resources) == (Cause.REFUSED, ("Topic",))
    assert changed_stacks(stage, before) == {("CreateChangeSet", ONE): 1}


def test_a_manifest_can_still_declare_an_error_of_aws_transient(stage: Stage) -> None:
    reason = "ResourceLogicalId:Topic, ResourceType:AWS::SNS::Topic, ResourceStatusReason:busy"
    stage.sandbox.fail(ONE.account, ONE.region, times=1, reason=reason)

    done = stage.apply(transient("AWS::SNS::Topic", BASE))

    assert done.state.outcome is Outcome.SUCCEEDED
    assert [f.kind for f in recovered_failures(done.state)] == [FailureClass.TRANSIENT]


def test_a_new_account_is_given_time_and_reported_so(stage: Stage) -> None:
    stage.sandbox.fail(ONE.account, ONE.region, times=3, reason=NOT_READY)

    done = stage.apply(STRICT)

    assert done.state.outcome is Outcome.SUCCEEDED
    (failure,) = (f for f in recovered_failures(done.state) if f.pair == ONE)
    assert failure.kind is FailureClass.TRANSIENT
    assert failure.reason.startswith("the account is being set up: ")
    assert failure.own is not None
    assert failure.own.cause is Cause.BEING_SET_UP


def test_a_new_account_is_given_up_after_an_hour(stage: Stage) -> None:
    stage.sandbox.fail(ONE.account, ONE.region, times=None, reason=NOT_READY)
    began = stage.sandbox.clock.now()

    done = stage.apply({**BASE, "rollout": {"max_failed_accounts": 1}})

    (failure,) = done.state.failed
    assert failure.reason.startswith("the account is being set up: ")
    took = (done.state.ended or began) - began
    assert timedelta(minutes=45) < took < timedelta(hours=2)


def test_an_account_of_more_than_a_day_is_not_given_time(stage: Stage) -> None:
    stage.sandbox.clock.sleep(timedelta(days=1, minutes=1))
    stage.sandbox.fail(ONE.account, ONE.region, times=1, reason=NOT_READY)

    done = stage.apply({**BASE, "rollout": {"max_failed_accounts": 1}})

    (failure,) = done.state.failed
    assert (failure.kind, failure.attempts) == (FailureClass.CONFIGURATION, 1)
    assert failure.own is None


def test_a_plan_of_yesterday_does_not_treat_an_account_as_new(stage: Stage) -> None:
    rollout = stage.begin({**BASE, "rollout": {"max_failed_accounts": 1}})
    stage.sandbox.clock.sleep(timedelta(days=1, minutes=1))
    stage.sandbox.fail(ONE.account, ONE.region, times=1, reason=NOT_READY)

    (failure,) = stage.finish(rollout).state.failed

    assert failure.kind is FailureClass.CONFIGURATION


def test_a_failure_in_a_suspended_account_is_skipped_and_does_not_halt(stage: Stage) -> None:
    stage.sandbox.fail(ONE.account, ONE.region, times=None, reason=SUSPENDED)

    done = stage.apply(STRICT)

    assert done.state.outcome is Outcome.SUCCEEDED
    assert {f.kind for f in done.state.failures if f.final} == {FailureClass.SKIPPED}


def test_a_failed_account_gate_has_its_own_reason(stage: Stage) -> None:
    said = "Insufficient permissions to invoke the AWSCloudFormationStackSetAccountGate function"
    stage.sandbox.gate(ONE.account, ONE.region, reason=said)

    done = stage.apply({**BASE, "rollout": {"max_failed_accounts": 1}})

    (failure,) = done.state.failed
    assert failure.reason == f"AccountGate check failed: {said}"
    assert failure.kind is FailureClass.CONFIGURATION
