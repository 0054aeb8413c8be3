"""Each step of a call that makes a broken check true, and of a rule that is evaluated again."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.rollout.member_accounts.config_evaluation import ConfigEvaluation
from orgrollout.rollout.member_accounts.repair_observation import (
    ASK_AGAIN,
    GIVE_UP,
    RepairObservation,
)
from orgrollout.rollout.state.repair_step import Step
from tests.rollout.member_accounts.test_repair_steps import CALL, NOW, look


def posture(state: PostureState, **asked: Any) -> RepairObservation:
    seen = PostureSeen(state=state, reason="it does not record", subjects=("main",))
    return RepairObservation(posture=seen, **asked)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (posture(PostureState.BROKEN), (Step.CALL, "")),
        (posture(PostureState.BROKEN, asked=NOW), (Step.WAIT, "")),
        (
            posture(PostureState.BROKEN, asked=NOW - ASK_AGAIN, waited=ASK_AGAIN),
            (Step.CALL, ""),
        ),
        (
            posture(PostureState.BROKEN, asked=NOW, waited=GIVE_UP),
            (Step.FAILED, "could not: it does not record"),
        ),
        (posture(PostureState.OK), (Step.SUCCEEDED, "")),
        (posture(PostureState.UNKNOWN), (Step.FAILED, "it does not record")),
    ],
)
def test_a_call_is_over_when_the_check_is_true(
    seen: RepairObservation, expected: tuple[Step, str]
) -> None:
    """Not when the call was answered: that proves nothing."""
    assert look(seen, CALL) == expected


RULE = Repair(
    action=OperationAction.CALL,
    check=PostureCheck(
        name="config-compliance", arguments={"rule": "r", "remediated_type": "AWS::EC2::VPC"}
    ),
)


JUST_NOW, BEFORE = NOW - timedelta(seconds=5), NOW - timedelta(hours=5)


@pytest.mark.parametrize(
    ("evaluated", "evaluation", "asked", "step"),
    [
        (BEFORE, ConfigEvaluation(), None, Step.EVALUATE),
        (BEFORE, ConfigEvaluation(asked=True, before=BEFORE), NOW, Step.WAIT),
        (JUST_NOW, ConfigEvaluation(asked=True, before=BEFORE), NOW, Step.CALL),
        (BEFORE, ConfigEvaluation(asked=True, before=BEFORE), NOW - ASK_AGAIN, Step.CALL),
        (JUST_NOW, ConfigEvaluation(called=frozenset({"main"})), NOW, Step.WAIT),
        (JUST_NOW, ConfigEvaluation(called=frozenset({"main"})), NOW - ASK_AGAIN, Step.EVALUATE),
        (
            JUST_NOW,
            ConfigEvaluation(asked=True, before=BEFORE, called=frozenset({"main"})),
            NOW,
            Step.WAIT,
        ),
    ],
)
def test_a_rule_is_evaluated_again_before_what_it_fails_for_is_remediated_once(
    evaluated: datetime, evaluation: ConfigEvaluation, asked: datetime | None, step: Step
) -> None:
    """It may have been evaluated hours ago, and does not hear of what was remediated since."""
    seen = posture(PostureState.BROKEN, asked=asked, evaluation=evaluation)
    assert seen.posture is not None
    told = replace(seen, posture=replace(seen.posture, evaluated=evaluated))

    assert look(told, RULE) == (step, "")


def test_a_rule_that_goes_on_to_fail_after_its_remediation_is_given_up() -> None:
    seen = posture(PostureState.BROKEN, asked=NOW, waited=GIVE_UP)

    assert look(seen, RULE) == (Step.FAILED, "could not: it does not record")


def test_what_no_call_repairs_any_more_has_failed_and_is_not_called_for() -> None:
    """It was stopped when the plan was made, and is deleted now."""
    gone = RepairObservation(posture=PostureSeen(state=PostureState.BROKEN, reason="there is none"))

    assert look(gone, CALL) == (Step.FAILED, "could not: there is none, which no call repairs")


def test_no_result_right_after_a_call_is_no_failure() -> None:
    """A rule has none for a while once its remediation was started."""
    assert look(posture(PostureState.UNKNOWN, asked=NOW), CALL) == (Step.WAIT, "")
