"""Real failure texts and what they mean."""

from datetime import timedelta

import pytest

from orgrollout.model.operation import ResultStatus
from orgrollout.rollout.failures import FailureClass, advice, classify, pause

TEXTS = [
    ("Rate exceeded", FailureClass.THROTTLED),
    ("Internal Failure", FailureClass.TRANSIENT),
    ("Failed to get stack status", FailureClass.TRANSIENT),
    (
        "Stack:arn:aws:cloudformation:eu-west-1:1:stack/x is in UPDATE_IN_PROGRESS state and can "
        "not be updated.",
        FailureClass.TRANSIENT,
    ),
    (
        "Stack:arn:aws:cloudformation:eu-west-1:1:stack/x is in ROLLBACK_COMPLETE state and can "
        "not be updated.",
        FailureClass.PERMANENT,
    ),
    (
        "User: arn:aws:sts::1:assumed-role/stacksets-exec-2/a is not authorized to perform: "
        "iam:CreateRole on resource: x with an explicit deny in a service control policy",
        FailureClass.POLICY,
    ),
    (
        "User: arn:aws:sts::1:assumed-role/x/a is not authorized to perform: "
        "cloudformation:CreateStack",
        FailureClass.CONFIGURATION,
    ),
    (
        "Account 1 should have 'AWSCloudFormationStackSetExecutionRole' role with trust "
        "relationship to Role 'AWSCloudFormationStackSetAdministrationRole'.",
        FailureClass.CONFIGURATION,
    ),
    (
        "STS is not activated in this region for account:1. Your account administrator can "
        "activate STS in this region using the IAM Console.",
        FailureClass.CONFIGURATION,
    ),
    ("ACCOUNT_SUSPENDED", FailureClass.SKIPPED),
    (
        "ResourceLogicalId:Recorder, ResourceType:AWS::Config::ConfigurationRecorder, "
        "ResourceStatusReason:maximum number of configuration recorders: 1 is reached",
        FailureClass.PERMANENT,
    ),
    ("Stack [X] cannot be deleted while TerminationProtection is enabled", FailureClass.PERMANENT),
    ("You have attempted to create more buckets than allowed", FailureClass.CONFIGURATION),
    ("nobody has seen this one before", FailureClass.PERMANENT),
]


@pytest.mark.parametrize(("text", "kind"), TEXTS)
def test_a_real_reason_is_classified(text: str, kind: FailureClass) -> None:
    assert classify(ResultStatus.FAILED, text) is kind


@pytest.mark.parametrize("status", [ResultStatus.CANCELLED, ResultStatus.PENDING])
def test_what_never_began_is_no_cause(status: ResultStatus) -> None:
    kind = classify(status, "Cancelled since failure tolerance has exceeded")

    assert kind is FailureClass.CANCELLED
    assert kind.is_retried
    assert not kind.is_root_cause


def test_an_unknown_reason_is_not_retried() -> None:
    """Repeating what nobody understands may do harm in thousands of accounts."""
    assert not classify(ResultStatus.FAILED, "nobody has seen this").is_retried


def test_a_policy_says_what_to_exempt() -> None:
    text = "with an explicit deny in a service control policy"

    assert "stacksets-exec-*" in advice(text)


def test_pauses_double_and_end_at_a_quarter_of_an_hour() -> None:
    pauses = [pause(FailureClass.THROTTLED, attempt) for attempt in range(1, 20)]

    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert max(pauses) == timedelta(minutes=15)
    assert pause(FailureClass.CANCELLED, 3) == timedelta()
