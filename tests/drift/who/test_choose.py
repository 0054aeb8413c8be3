"""Which event is taken for the change, property by property and type by type."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import seen, with_changes
from orgrollout.drift.who.about import is_about
from orgrollout.drift.who.answer import ChangedBy, Known
from orgrollout.drift.who.choose import change_of, choose, concerns, stacks_of
from orgrollout.drift.who.event import Event, event_of
from orgrollout.drift.who.links import linked, unnamed
from orgrollout.drift.who.sought import Sought, names_of, sought_of
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, StackSetName
from orgrollout.posture.definition import Link
from tests.drift.who.events import ACCOUNT, ROLE, event

NOW = datetime(2030, 6, 1, tzinfo=UTC)
PAIR = Pair(AccountId(ACCOUNT), Region("eu-west-1"))
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"
CLOUDFORMATION = {**ROLE, "invokedBy": "cloudformation.amazonaws.com"}


def finding(resource: str = "AWS::SNS::Topic", name: str = TOPIC, **more: Any) -> Finding:
    return Finding(
        **{
            "stack_set": StackSetKey("topics"),
            "pair": PAIR,
            "kind": FindingKind.RESOURCE,
            "what": "Topic",
            "verdict": Verdict.REAL,
            "resource_type": resource,
            "physical_id": name,
            "path": "/DisplayName",
            "looked": NOW,
            **more,
        }
    )


def sought(of: Finding | None = None, **more: Any) -> Sought:
    found = sought_of(
        of or finding(), name=StackSetName("base-topics"), partition="aws", now=NOW, **more
    )
    assert isinstance(found, Sought)
    return found


def read(*args: Any, **more: Any) -> Event:
    found = event_of(event(*args, **more))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("resource", "path", "name", "request_"),
    [
        ("SNS::Topic", "/DisplayName", "SetTopicAttributes", {"attributeName": "DisplayName"}),
        ("SNS::Topic", "/Tags/owner", "TagResource", {"tags": []}),
        ("Logs::LogGroup", "/RetentionInDays", "PutRetentionPolicy", {"retentionInDays": 7}),
        ("Logs::LogGroup", "/RetentionInDays", "DeleteRetentionPolicy", {"retentionInDays": 7}),
        ("S3::Bucket", "/VersioningConfiguration/Status", "PutBucketVersioning", {}),
        ("S3::Bucket", "/BucketEncryption", "PutBucketEncryption", {}),
        ("S3::Bucket", "/LifecycleConfiguration", "PutBucketLifecycle", {}),
        ("S3::BucketPolicy", "/PolicyDocument/Statement", "PutBucketPolicy", {}),
        ("IAM::Role", "/AssumeRolePolicyDocument", "UpdateAssumeRolePolicy", {}),
        ("IAM::Role", "/Policies/p/Statement/0", "PutRolePolicy", {"policyName": "p"}),
        ("IAM::Role", "/ManagedPolicyArns", "AttachRolePolicy", {"policyArn": "arn:x"}),
        ("KMS::Key", "/EnableKeyRotation", "DisableKeyRotation", {}),
        ("KMS::Key", "/KeyPolicy", "PutKeyPolicy", {}),
        ("SQS::Queue", "/VisibilityTimeout", "SetQueueAttributes", {"VisibilityTimeout": "5"}),
        ("EC2::SecurityGroup", "/SecurityGroupIngress/0", "AuthorizeSecurityGroupIngress", {}),
    ],
)
def test_an_event_is_about_a_property(
    resource: str, path: str, name: str, request_: dict[str, Any]
) -> None:
    about = finding(f"AWS::{resource}", "id", path=path)
    assert is_about(read(name, request=request_), sought(about))


@pytest.mark.parametrize(
    ("resource", "path", "name"),
    [
        ("ApiGateway::Stage", "/Tags/0", "UpdateStage"),
        ("IAM::Role", "/Policies/0", "UpdateAssumeRolePolicy"),
        ("IAM::Role", "/Policies/0", "AttachRolePolicy"),
        ("IAM::Role", "/ManagedPolicyArns", "PutRolePolicy"),
        ("IAM::Role", "/AssumeRolePolicyDocument/Statement", "PutRolePolicy"),
        ("IAM::ManagedPolicy", "/PolicyDocument", "AttachRolePolicy"),
        ("Glue::Job", "/Configuration", "TagResource"),
    ],
)
def test_words_in_a_name_that_mean_another_property(resource: str, path: str, name: str) -> None:
    about = sought(finding(f"AWS::{resource}", "id", path=path))
    assert not is_about(read(name, request={"policyDocument": "{}"}), about)


@pytest.mark.parametrize(
    ("resource", "name", "expected"),
    [
        ("S3::Bucket", "DeleteBucket", True),
        ("S3::Bucket", "DeleteBucketPolicy", False),
        ("S3::BucketPolicy", "DeleteBucketPolicy", True),
        ("KMS::Key", "ScheduleKeyDeletion", True),
        ("Lambda::Function", "DeleteFunction20150331", True),
        ("CloudWatch::Alarm", "DeleteAlarms", True),
        ("IAM::ManagedPolicy", "DeletePolicyVersion", False),
        ("SNS::Topic", "RemovePermission", False),
        ("EC2::VPC", "DeleteVpc", True),
    ],
)
def test_a_deletion_is_that_of_the_resource_itself(
    resource: str, name: str, expected: bool
) -> None:
    about = finding(f"AWS::{resource}", "id", path="", verdict=Verdict.DELETED)
    assert is_about(read(name), sought(about)) is expected


def by(user: str) -> dict[str, Any]:
    return {"type": "IAMUser", "userName": user, "accountId": ACCOUNT}


def test_of_a_role_the_request_that_changes_the_property_is_chosen() -> None:
    """Newer requests about other policies of the same role accuse the wrong person."""
    named = {"request": {"roleName": "Audit"}, "source": "iam.amazonaws.com"}
    wanted = sought(finding("AWS::IAM::Role", "Audit", path="/Policies/0"))
    bob = read("DeleteRolePolicy", identity=by("bob"), at="2030-05-10T10:00:00Z", **named)
    dan = read("AttachRolePolicy", identity=by("dan"), at="2030-05-19T10:00:00Z", **named)
    carol = read("UpdateAssumeRolePolicy", identity=by("carol"), at="2030-05-20T10:00:00Z", **named)
    eve = read("PutRolePolicy", identity=by("eve"), at="2030-05-09T10:00:00Z", **named)

    alone = choose([carol, dan, bob], wanted, (), {})
    both = choose([carol, dan, bob, eve], wanted, (), {})

    assert alone is not None
    assert (alone.event, alone.is_sure) == (bob, True)
    assert both is not None
    assert (both.event, both.is_sure) == (bob, False)  # or eve, of another policy


def test_an_older_change_is_not_sure_where_a_stack_changed_the_same_later() -> None:
    own = "StackSet-base-topics-1be0315e-5f16-e435-5f2d-8373de75ecf5"
    asked = {"topicArn": TOPIC, "attributeName": "DisplayName"}
    hand = read(request=asked, at="2030-05-01T10:00:00Z")
    later = read(request=asked, at="2030-05-02T10:00:00Z", identity=CLOUDFORMATION)
    first = read(request=asked, at="2030-04-01T10:00:00Z", identity=CLOUDFORMATION)

    for events, stacks, is_sure in (
        ([later, hand], {later.id: (own,)}, False),
        ([later, hand], {}, False),
        ([hand, first], {first.id: (own,)}, True),
    ):
        chosen = choose(events, sought(), (), stacks)
        assert chosen is not None
        assert (chosen.event, chosen.is_sure) == (hand, is_sure)


def test_what_was_changed_after_a_deletion_was_not_gone() -> None:
    named = {"request": {"bucketName": "logs"}, "source": "s3.amazonaws.com"}
    gone = sought(finding("AWS::S3::Bucket", "logs", path="", verdict=Verdict.DELETED))
    policy = read("DeleteBucketPolicy", identity=by("alice"), at="2030-05-01T10:00:00Z", **named)
    again = read("PutBucketPolicy", identity=by("alice"), at="2030-05-03T10:00:00Z", **named)
    deleted = read("DeleteBucket", at="2030-05-02T10:00:00Z", identity=CLOUDFORMATION, **named)
    by_hand = read("DeleteBucket", at="2030-05-01T09:00:00Z", identity=by("bob"), **named)

    found = [
        (chosen.event, chosen.is_sure)
        for events in ([again, policy], [deleted, policy], [again, deleted], [deleted, by_hand])
        if (chosen := choose(events, gone, (), {})) is not None
    ]

    assert found == [(again, False), (deleted, True), (deleted, False), (deleted, True)]


def test_another_property_is_not_what_is_sought() -> None:
    other = read(request={"topicArn": TOPIC, "attributeName": "Policy", "attributeValue": "x"})

    assert concerns(other, sought())
    assert not is_about(other, sought())


@pytest.mark.parametrize(
    "more",
    [
        {"source": "sqs.amazonaws.com"},
        {"readOnly": True},
        {"errorCode": "AccessDenied"},
        {"at": "2030-06-01T00:06:00Z"},
        {"at": "2030-02-28T00:00:00Z"},
        {"request": {"topicArn": f"{TOPIC}-2"}},
        {"request": {"topicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:more-alarms"}},
    ],
)
def test_what_does_not_concern_it(more: dict[str, Any]) -> None:
    """Another service, a read, a failure, another time, another resource with a name like it."""
    assert not concerns(read(**{"request": {"topicArn": TOPIC}, **more}), sought())


def test_an_event_of_cloudformation_is_ours_only_if_its_stack_is() -> None:
    by_stack = read(identity=CLOUDFORMATION, request={"topicArn": TOPIC}, at="2030-05-01T10:00:00Z")
    own = "StackSet-base-topics-1be0315e-5f16-e435-5f2d-8373de75ecf5"
    origins = {
        stack: change_of(by_stack, sought(), (), {by_stack.id: (stack,)}).origin.value
        for stack in (own, "alarms", own.replace("base-topics", "base-topics-2"))
    }

    assert list(origins.values()) == ["orgrollout", "stack", "stack"]


def test_a_change_by_hand_comes_before_our_own_deployment_and_an_unknown_stack() -> None:
    ours = read(identity=CLOUDFORMATION, request={"topicArn": TOPIC}, at="2030-05-03T10:00:00Z")
    hand = read("TagResource", request={"resourceArn": TOPIC}, at="2030-05-01T10:00:00Z")

    chosen = choose([ours, hand], sought(), (), {})

    assert chosen is not None
    assert (chosen.event, chosen.is_sure, chosen.others) == (hand, False, 1)
    assert choose([], sought(), (), {}) is None


def test_the_stack_of_the_same_session_is_taken_before_others() -> None:
    change = read(identity=CLOUDFORMATION, request={"topicArn": TOPIC}, at="2030-05-01T10:05:00Z")
    cloudformation = "cloudformation.amazonaws.com"
    mine = read("UpdateStack", source=cloudformation, request={"stackName": "mine"})
    another = read(
        "UpdateStack",
        identity={**ROLE, "principalId": "AROAOTHER:x"},
        source=cloudformation,
        request={"stackName": f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/theirs/1"},
    )
    later = read("CreateStack", source=cloudformation, at="2030-05-01T10:06:00Z")

    assert stacks_of(change, [later, another, mine]) == ("mine",)
    assert stacks_of(change, [later, another]) == ("theirs",)


def test_names_places_and_times() -> None:
    """IAM's events are in one Region; what came back was changed after its repair."""
    role = sought(finding("AWS::IAM::Role", "Audit", path="/Policies"))
    since = NOW - timedelta(days=2)

    assert names_of(TOPIC) == (TOPIC, "alarms")
    assert names_of(f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs")[1] == "jobs"
    assert names_of("arn:aws:iam::1:role/path/Audit")[1] == "Audit"
    assert role.place == Pair(PAIR.account, Region("us-east-1"))
    assert sought(repaired=since).since == since
    assert sought().until == NOW
    assert sought(finding(looked=NOW - timedelta(days=1))).until < NOW - timedelta(hours=23)


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (finding(kind=FindingKind.INSTANCE, what="missing"), "the operations of the stack set"),
        (finding(looked=NOW - timedelta(days=91)), "CloudTrail keeps 90 days"),
        (finding(physical_id=""), "no id of the resource"),
        (finding(kind=FindingKind.POSTURE, what="vpc-flow-logs"), "do not name what vpc-flow"),
    ],
)
def test_what_cloudtrail_cannot_tell_of_has_a_reason(of: Finding, why: str) -> None:
    found = sought_of(of, name=StackSetName("s"), partition="aws", now=NOW)

    assert isinstance(found, str)
    assert why in found


def test_creations_tell_for_what_a_deleted_thing_was_made() -> None:
    """A creation that failed, or was for several at once, tells nothing."""
    link = Link(made_by="CreateFlowLogs", prefix="fl-")
    wanted = replace(
        sought(),
        names=("vpc-1",),
        source="ec2.amazonaws.com",
        events=("DeleteFlowLogs",),
        link=link,
    )

    def made(vpc: str, *logs: str, **more: Any) -> Event:
        asked = {"ResourceId": {"content": vpc}, "flowLogIds": list(logs)}
        return read("CreateFlowLogs", source="ec2.amazonaws.com", request=asked, **more)

    def deleted(log: str) -> Event:
        return read("DeleteFlowLogs", source="ec2.amazonaws.com", request={"FlowLogId": log})

    known = linked(
        wanted,
        [
            made("vpc-1", "fl-1"),
            made("vpc-2", "fl-2"),
            made("vpc-1", "fl-3", "fl-4"),
            made("vpc-1", "fl-5", errorCode="x"),
        ],
    )

    assert known.names == ("vpc-1", "fl-1")
    assert known.not_its == {"fl-2"}
    assert concerns(deleted("fl-1"), known)
    assert not concerns(deleted("fl-3"), known)
    assert unnamed([deleted("fl-2")], known) == []
    assert unnamed([deleted("fl-3")], known) == [deleted("fl-3")]
    assert unnamed([deleted("fl-3")], sought()) == []


def test_a_later_answer_that_tells_less_does_not_replace_an_earlier_one() -> None:
    """After 90 days the event of an old finding is gone, and our own deployment is the newest."""
    found = finding()
    hand = read(request={"topicArn": TOPIC, "attributeName": "DisplayName"})
    ours = read("CreateTopic", identity=CLOUDFORMATION, request={"topicArn": TOPIC})
    own = "StackSet-base-topics-1be0315e-5f16-e435-5f2d-8373de75ecf5"

    def answer(event: Event | None, *, is_sure: bool = True) -> ChangedBy:
        stacks = {ours.id: (own,)} if event is ours else {}
        change = change_of(event, sought(), (), stacks) if event else None
        known = Known.FOUND if event else Known.NOT_FOUND
        return ChangedBy(known=known, asked=NOW, change=change, is_sure=is_sure)

    not_known = ChangedBy(known=Known.NOT_KNOWN, asked=NOW)
    rising = [not_known, answer(None), answer(ours), answer(hand, is_sure=False), answer(hand)]
    for less, more in pairwise(rising):
        records = with_changes(seen({}, [found], NOW), {found.key: less})
        better = with_changes(records, {found.key: more})
        assert better[found.key].changed_by == more
        assert with_changes(better, {found.key: less})[found.key].changed_by == more
    assert with_changes({}, {found.key: not_known}) == {}
