"""Real failure texts and what they mean; each row is one text of a public report."""

from datetime import timedelta

import pytest

from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.operation import OperationResult, ResultStatus
from orgrollout.plan.plan import FailureRule
from orgrollout.rollout.failures import BACKOFFS, SETTLING, FailureClass
from orgrollout.rollout.reasons import KNOWN, advice, find, is_success, read

ARN = "arn:aws:cloudformation:eu-west-1:111122223333:stack/x"
IN_SCP = "with an explicit deny in a service control policy"
ONCE, TWICE, AS_PLANNED = 1, 2, 4
TEXTS = [
    ("refused: it would replace Topic (AWS::SNS::Topic)", FailureClass.REFUSED, ONCE),
    (
        "no way into the account: sts:AssumeRole was denied: User: arn:aws:sts::999999999999:"
        "assumed-role/Rollout/me is not authorized to perform: sts:AssumeRole on resource: "
        "arn:aws:iam::100000000001:role/Resync",
        FailureClass.CONFIGURATION,
        TWICE,
    ),
    (
        "cloudformation:CreateChangeSet was rejected: REVERT_DRIFT is not supported for stacks of "
        "a stack set",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    ("drift detection does not end, so nothing is proven", FailureClass.PERMANENT, ONCE),
    ("the stack is UPDATE_ROLLBACK_FAILED: Topic: no", FailureClass.PERMANENT, ONCE),
    ("came back: Topic/DisplayName", FailureClass.CAME_BACK, ONCE),
    (
        "somebody changed the stack before the change set was used",
        FailureClass.TRANSIENT,
        AS_PLANNED,
    ),
    ("Rate exceeded", FailureClass.THROTTLED, AS_PLANNED),
    ("Throttling", FailureClass.THROTTLED, AS_PLANNED),
    ("Another Operation on StackSet arn:x is in progress", FailureClass.TRANSIENT, AS_PLANNED),
    ("Internal Failure", FailureClass.TRANSIENT, AS_PLANNED),
    (
        "Resource handler returned message: x (HandlerErrorCode: InternalFailure)",
        FailureClass.TRANSIENT,
        AS_PLANNED,
    ),
    ("Failed to get stack status", FailureClass.TRANSIENT, AS_PLANNED),
    (
        f"Stack:{ARN} is in UPDATE_IN_PROGRESS state and can not be updated.",
        FailureClass.TRANSIENT,
        AS_PLANNED,
    ),
    (
        f"Stack:{ARN} is in ROLLBACK_COMPLETE state and can not be updated.",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        f"Stack:{ARN} is in UPDATE_ROLLBACK_FAILED state and can not be updated.",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        "User: arn:aws:sts::1:assumed-role/stacksets-exec-2/a is not authorized to perform: "
        f"iam:CreateRole on resource: x {IN_SCP}",
        FailureClass.POLICY,
        ONCE,
    ),
    (
        "ResourceLogicalId:Role, ResourceType:AWS::IAM::Role, ResourceStatusReason:User: "
        f"arn:aws:sts::1:assumed-role/x/a is not authorized to perform: iam:CreateRole {IN_SCP}",
        FailureClass.POLICY,
        ONCE,
    ),
    (
        "User: arn:aws:sts::1:assumed-role/x/a is not authorized to perform: "
        "cloudformation:CreateStack on resource: y",
        FailureClass.CONFIGURATION,
        TWICE,
    ),
    (
        "The role arn:aws:iam::1:role/x has insufficient S3 permissions",
        FailureClass.CONFIGURATION,
        TWICE,
    ),
    (
        "Account 1 should have 'AWSCloudFormationStackSetExecutionRole' role with trust "
        "relationship to Role 'AWSCloudFormationStackSetAdministrationRole'.",
        FailureClass.CONFIGURATION,
        TWICE,
    ),
    (
        "Account 1 should have 'AWSCloudFormationStackSetAdministrationRole' role with trust "
        "relationship to CloudFormation service.",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    ("AccountGate check failed", FailureClass.CONFIGURATION, TWICE),
    (
        "The security token included in the request is invalid",
        FailureClass.CONFIGURATION,
        TWICE,
    ),
    (
        "STS is not activated in this region for account:1. Your account administrator can "
        "activate STS in this region using the IAM Console.",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    ("ACCOUNT_SUSPENDED", FailureClass.SKIPPED, ONCE),
    ("DEFAULT_ROLE_CREATION_ERROR", FailureClass.CONFIGURATION, TWICE),
    (
        "ResourceLogicalId:Bucket, ResourceType:AWS::S3::Bucket, "
        "ResourceStatusReason:my-bucket already exists.",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (f"my-bucket already exists in stack {ARN}", FailureClass.PERMANENT, ONCE),
    (
        'Resource handler returned message: "A policy called X already exists. Duplicate names '
        'are not allowed." (RequestToken: a, HandlerErrorCode: AlreadyExists)',
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        'Resource handler returned message: "Cannot delete entity, must delete login profile '
        'first." (HandlerErrorCode: GeneralServiceException)',
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        "You have attempted to create more buckets than allowed (HandlerErrorCode: TooManyBuckets)",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    (
        "Failed to put delivery channel 'x' because the maximum number of delivery channels: 1 "
        "is reached.",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    (
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from "
        "the advanced-parameter tier to the standard-parameter tier.",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        "Policy contains a statement with one or more invalid principals. (Service: Kms, "
        "HandlerErrorCode: InvalidRequest)",
        FailureClass.PERMANENT,
        TWICE,
    ),
    (
        "SLR [AWSServiceRoleForConfig] already exists but has a different description",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        "The following resource(s) failed to create: [X]. Delete requested by user.",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        "The provided execution role does not have permissions to call SendMessage on SQS",
        FailureClass.CONFIGURATION,
        TWICE,
    ),
    (
        "Stack [X] cannot be deleted while TerminationProtection is enabled",
        FailureClass.PERMANENT,
        ONCE,
    ),
    (
        "You must enable organizations access to operate a service managed stack set",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    (
        "You must be the management account or delegated admin account of an organization before "
        "operating a SERVICE_MANAGED stack set",
        FailureClass.CONFIGURATION,
        ONCE,
    ),
    ("Account used is not a delegated administrator", FailureClass.CONFIGURATION, ONCE),
]


@pytest.mark.parametrize(("text", "kind", "tries"), TEXTS)
def test_a_real_reason_has_a_class_a_budget_and_advice(
    text: str, kind: FailureClass, tries: int
) -> None:
    reading = read(ResultStatus.FAILED, text)

    assert (reading.kind, reading.budget(AS_PLANNED)) == (kind, tries)
    assert bool(reading.advice) is not kind.is_retried


def test_every_known_reason_is_met_by_a_real_text() -> None:
    """A pattern that no collected text reaches would be dead, or hidden by one before it."""
    cancelled = "Cancelled since failure tolerance has exceeded"
    of_proofs = (
        "the stack instance is OUTDATED/SUCCEEDED",
        "could not be read: Topic/DisplayName; the role that repairs may lack the permission",
    )
    met = [find(text) for text in (*(text for text, _, _ in TEXTS), cancelled, *of_proofs)]

    assert all(any(known.reading is reading for reading in met) for known in KNOWN)


@pytest.mark.parametrize("status", [ResultStatus.CANCELLED, ResultStatus.PENDING])
def test_what_never_began_is_no_cause(status: ResultStatus) -> None:
    kind = read(status, "Cancelled since failure tolerance has exceeded").kind

    assert kind is FailureClass.CANCELLED
    assert kind.is_retried
    assert not kind.is_root_cause


def test_a_suspended_account_is_skipped_whatever_its_result_is_called() -> None:
    """The API has no SKIPPED; which status it uses instead is not documented."""
    for status in (ResultStatus.CANCELLED, ResultStatus.FAILED):
        assert read(status, "ACCOUNT_SUSPENDED").kind is FailureClass.SKIPPED


def test_an_unknown_reason_is_not_retried() -> None:
    """Repeating what nobody understands may do harm in thousands of accounts."""
    reading = read(ResultStatus.FAILED, "nobody has seen this")

    assert reading.kind is FailureClass.PERMANENT
    assert reading.budget(AS_PLANNED) == 1


def test_nothing_to_change_is_a_success() -> None:
    pair = Pair(AccountId("1" * 12), Region("us-east-1"))
    text = "No updates are to be performed."

    assert is_success(OperationResult(pair=pair, status=ResultStatus.FAILED, reason=text))
    assert not is_success(OperationResult(pair=pair, status=ResultStatus.CANCELLED, reason=text))


def test_the_manifest_knows_better() -> None:
    rules = (
        FailureRule(kind="transient", pattern="landing zone .* busy", attempts=7),
        FailureRule(kind="blocked by policy", pattern="already exists", advice="ask security"),
    )

    busy = read(ResultStatus.FAILED, "The Landing Zone is busy", rules)

    assert (busy.kind, busy.budget(AS_PLANNED)) == (FailureClass.TRANSIENT, 7)
    assert advice("it already exists", rules) == "ask security"
    assert advice("it already exists") != "ask security"


def test_pauses_double_and_end_at_a_quarter_of_an_hour() -> None:
    throttled = BACKOFFS[FailureClass.THROTTLED]
    pauses = [throttled.pause(attempts) for attempts in range(1, 20)]

    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert max(pauses) == timedelta(minutes=15)


def test_each_class_waits_in_its_own_way() -> None:
    """Throttling is given more time than a passing fault, and a new role more than both."""
    firsts = [
        BACKOFFS[kind].pause(1)
        for kind in (FailureClass.CANCELLED, FailureClass.TRANSIENT, FailureClass.THROTTLED)
    ]

    assert firsts == sorted(set(firsts))
    assert firsts[0] == timedelta()
    assert SETTLING.pause(1) > firsts[-1]
