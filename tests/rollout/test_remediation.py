"""A remediation that was started: one execution a try, and its step's own words where it fails."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.model.operation import OperationAction, ResultStatus
from orgrollout.model.remediation import Execution
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import Subject, broken_for
from orgrollout.rollout.failures.classify_failure import read
from orgrollout.rollout.member_accounts.remediation import NO_REASON, Remediations
from orgrollout.rollout.member_accounts.repair_observation import ASK_AGAIN, Look, RepairObservation
from orgrollout.rollout.member_accounts.repair_steps import next_step
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.repair_step import Step
from tests.rollout.member_accounts.test_repair_steps import ID, NOW, look

FLOW_LOGS = Repair(
    action=OperationAction.CALL,
    check=PostureCheck(name="vpc-flow-logs", arguments={"traffic": "ALL", "rule": "r"}),
)
BARE = broken_for(
    Subject(id=vpc, reason=f"no flow log in {vpc}", by_call=True) for vpc in ("vpc-1", "vpc-2")
)
BEGAN = NOW - timedelta(minutes=1)
ASSUME = "The provided role arn:aws:iam::1:role/runbook can not be assumed."


def went(state: str, vpc: str = "vpc-1", *, error: str = "", minutes: int = 0) -> Execution:
    invoked = NOW - timedelta(minutes=minutes)
    return Execution(resource=vpc, state=state, invoked=invoked, error=error)


def seen(*executions: Execution, **more: Any) -> RepairObservation:
    known = Remediations(executions=executions, since=BEGAN, **more)
    return RepairObservation(posture=BARE, remediations=known)


def test_what_failed_before_this_try_says_nothing_of_it() -> None:
    assert look(seen(went("FAILED", error="old", minutes=9)), FLOW_LOGS)[0] is Step.CALL


def test_what_runs_is_waited_for_and_what_failed_says_why() -> None:
    assert look(seen(went("QUEUED"), went("FAILED", "vpc-2")), FLOW_LOGS)[0] is Step.WAIT
    step, reason = look(seen(went("FAILED", error=ASSUME), went("SUCCEEDED", "vpc-2")), FLOW_LOGS)
    assert step is Step.FAILED
    assert reason.endswith(f"its remediation failed: {ASSUME} (vpc-1)")
    assert look(seen(went("FAILED")), FLOW_LOGS)[1].endswith(f"{NO_REASON} (vpc-1)")


def test_a_try_starts_no_second_execution_although_nothing_came_of_the_first() -> None:
    both = {"vpc-1": None, "vpc-2": None}
    asked = seen(went("SUCCEEDED"), started=both, tried=frozenset(both))
    assert look(replace(asked, asked=NOW), FLOW_LOGS)[0] is Step.WAIT
    step, reason = look(replace(asked, asked=NOW - ASK_AGAIN), FLOW_LOGS)
    assert step is Step.FAILED
    assert "nothing came of it" in reason


def test_what_did_not_start_is_asked_for_again_and_what_was_never_asked_for_at_once() -> None:
    one = seen(went("SUCCEEDED"), started={"vpc-1": None}, tried=frozenset({"vpc-1"}))
    assert look(replace(one, asked=NOW), FLOW_LOGS)[0] is Step.CALL
    refused = replace(one.remediations, tried=frozenset({"vpc-1", "vpc-2"}))
    waiting = replace(one, remediations=refused, asked=NOW)
    assert look(waiting, FLOW_LOGS)[0] is Step.WAIT
    assert look(replace(waiting, asked=NOW - ASK_AGAIN), FLOW_LOGS)[0] is Step.CALL


@pytest.mark.parametrize(
    ("error", "kind", "advice"),
    [
        (ASSUME, FailureClass.CONFIGURATION, "trusts ssm.amazonaws.com"),
        ("Rate exceeded", FailureClass.THROTTLED, ""),
        ("not authorized to perform: ec2:CreateFlowLogs", FailureClass.CONFIGURATION, "runbook"),
        ("it is Tuesday", FailureClass.PERMANENT, "the step of the runbook says why"),
    ],
)
def test_the_step_s_own_words_give_class_and_advice(
    error: str, kind: FailureClass, advice: str
) -> None:
    found = seen(went("FAILED", error=error))
    step = next_step(Look(repair=FLOW_LOGS, name=ID, now=NOW, seen=found))
    reading = read(ResultStatus.FAILED, step.reason, own=step.own)
    assert reading.kind is kind
    assert advice in reading.advice
