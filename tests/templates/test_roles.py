"""Checks 26 to 28, 31, 40, 43 and 46: who may do what, and who may be who."""

from typing import Any

import pytest

from tests.templates.support.policies import Request, actions, allows, as_list, statements_of
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import (
    AUDIT,
    LOG_ARCHIVE,
    MANAGEMENT,
    MEMBER,
    ORGANIZATION,
    Place,
    resolve,
)
from tests.templates.support.service_authorization import can_be_limited
from tests.templates.support.world import BUCKET, LOG_GROUPS, World, world

ROLE = "AWS::IAM::Role"
EVERY_ROLE = (
    {
        "Destination": "cloud-watch-logs",
        "AdministratorAccountId": MANAGEMENT,
        "ServiceLinkedRole": "create",
    },
    {"RecorderRole": "customer-managed"},
)
OUR_TAGS = {"orgrollout:name-prefix": "orgrollout"}
# What the runbook never calls by itself, and why the role has it nevertheless.
SURPLUS = {
    "s3": {
        "ec2:CreateTags": "CreateFlowLogs tags what it creates",
        "logs:CreateLogDelivery": "EC2 sets up the delivery on behalf of the caller",
        "logs:DeleteLogDelivery": "EC2 takes the delivery down on behalf of the caller",
    },
    "cloud-watch-logs": {
        "ec2:CreateTags": "CreateFlowLogs tags what it creates",
        "iam:PassRole": "CreateFlowLogs hands the delivery role to the service",
    },
}


def roles_of(templates: Templates, **given: str) -> dict[str, dict[str, Any]]:
    """Return the roles of an account by the end of their name."""
    stack = resolve(templates.document("account-roles"), Place(), **given)
    return {each["RoleName"].removeprefix("orgrollout-"): each for each in stack.of_type(ROLE)}


def every_role(templates: Templates) -> list[dict[str, Any]]:
    """Return every role that any template may make."""
    stacks = [resolve(templates.document("account-roles"), Place(), **each) for each in EVERY_ROLE]
    others = ("org-aggregator", "resync-role", "tamper-role")
    stacks += [resolve(templates.document(name)) for name in others]
    return [role for stack in stacks for role in stack.of_type(ROLE)]


def calls_of(account: World) -> set[str]:
    """Return what the runbook calls in all its ways: creating, finding, replacing, skipping."""
    runs = [
        account.run(),
        account.run(),
        account.run(TrafficType="REJECT"),
        account.run(vpc_id="vpc-0123456789abcdef0"),
    ]
    return {call for execution in runs for call in execution.calls}


def test_check_26_the_role_may_do_what_the_runbook_does(templates: Templates) -> None:
    """Nothing more, but for what is named and justified above."""
    for destination in (BUCKET, LOG_GROUPS):
        with world(templates, destination) as account:
            called = calls_of(account)
        role = roles_of(templates, **destination)["flowlogs-remediation"]
        allowed = set(actions(statements_of(role)))
        surplus = SURPLUS[destination.get("Destination", "s3")]
        assert called <= allowed
        assert allowed - called == set(surplus)


def test_check_40_only_what_the_runbook_made_may_be_deleted(templates: Templates) -> None:
    """By its tag, and not where a stack owns it."""
    policy = {"Statement": statements_of(roles_of(templates)["flowlogs-remediation"])}

    def may(account: str = MEMBER, **tags: str) -> bool:
        asked = Request(
            principal="role",
            action="ec2:DeleteFlowLogs",
            resource=f"arn:aws:ec2:eu-west-1:{account}:vpc-flow-log/fl-1",
            context={f"aws:ResourceTag/{name}": value for name, value in tags.items()},
        )
        return allows(policy, asked)

    assert may(**OUR_TAGS)
    assert not may()
    assert not may(**{**OUR_TAGS, "orgrollout:name-prefix": "legacy"})
    assert not may(**{**OUR_TAGS, "aws:cloudformation:stack-id": "arn:aws:cloudformation:..."})
    assert not may("222222222222", **OUR_TAGS)


def test_check_27_no_role_has_more_than_it_needs(templates: Templates) -> None:
    for role in every_role(templates):
        statements = statements_of(role)
        assert not [a for a in actions(statements) if "*" in a], role["RoleName"]
        assert "s3:PutBucketPolicy" not in actions(statements)
        for statement in statements:
            assert statement["Effect"] == "Allow"
            if "*" in as_list(statement["Resource"]):
                limited = {a for a in as_list(statement["Action"]) if can_be_limited(a)}
                assert limited <= NEED_NO_LIMIT, role["RoleName"]
            if "iam:PassRole" in as_list(statement["Action"]):
                passed_to = statement["Condition"]["StringEquals"]["iam:PassedToService"]
                for arn in as_list(statement["Resource"]):
                    assert arn.removeprefix(f"arn:aws:iam::{MEMBER}:role/") in PASSED[passed_to]


BUS = f"arn:aws:events:us-east-1:{AUDIT}:event-bus/orgrollout-tamper"  # may be sent to, no more
# Which role may be handed to which service.
PASSED = {
    "vpc-flow-logs.amazonaws.com": {"orgrollout-flowlogs-delivery"},
    "ssm.amazonaws.com": {"orgrollout-flowlogs-remediation"},
    "lambda.amazonaws.com": {"orgrollout-ensure-config-role"},
    "config.amazonaws.com": {
        "orgrollout-config-aggregator",
        "orgrollout-config-recorder",
        "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
    },
}
# The reference names resources for these, and not all of its editions do: reads of what an account
# and Region has once, and what makes it.
NEED_NO_LIMIT = {
    "config:DescribeConfigurationRecorders",
    "config:DescribeConfigurationRecorderStatus",
    "config:PutConfigurationRecorder",
}


def test_check_27_the_role_passes_the_delivery_role(templates: Templates) -> None:
    """Without it EC2 refuses to deliver to CloudWatch Logs."""
    roles = roles_of(templates, **LOG_GROUPS)
    assert "iam:PassRole" in actions(statements_of(roles["flowlogs-remediation"]))
    delivery = actions(statements_of(roles["flowlogs-delivery"]))
    assert set(delivery) == {
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    }


def test_check_27_writes_stay_within_the_account(templates: Templates) -> None:
    for role in every_role(templates):
        for statement in statements_of(role):
            for arn in as_list(statement["Resource"]):
                assert (
                    arn in ("*", BUS) or f":{MEMBER}:" in arn or ":s3:::orgrollout-config-" in arn
                )


KEY = f"arn:aws:kms:us-east-1:{LOG_ARCHIVE}:key/1"
THROUGH_S3 = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}


def test_check_43_a_customer_managed_recorder_role_delivers_to_the_encrypted_bucket(
    templates: Templates,
) -> None:
    """With a name that is derived, and with one that CloudFormation chose; to no other bucket."""
    derived = f"orgrollout-config-{LOG_ARCHIVE}-us-east-1-an"
    for given, bucket in [({}, derived), ({"DeliveryBucketName": "chosen-1a2b"}, "chosen-1a2b")]:
        roles = roles_of(
            templates, RecorderRole="customer-managed", LogArchiveAccountId=LOG_ARCHIVE, **given
        )
        policy = {"Statement": statements_of(roles["config-recorder"])}

        def may(action: str, resource: str, **context: str) -> bool:
            asked = Request(
                principal="role", action=action, resource=resource, context=dict(context)
            )
            return allows(policy, asked)  # noqa: B023 - called in the same turn

        own = f"arn:aws:s3:::{bucket}/orgrollout/AWSLogs/{MEMBER}/Config/x"
        for action in ("s3:PutObject", "s3:PutObjectAcl"):
            assert may(action, own)
            assert not may(action, own.replace(MEMBER, "222222222222"))
            assert not may(action, own.replace(bucket, "payroll"))
        assert may("s3:GetBucketAcl", f"arn:aws:s3:::{bucket}")
        for_bucket = {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}"}
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            assert may(action, KEY, **THROUGH_S3, **for_bucket)
            assert not may(action, KEY, **for_bucket)
            assert not may(action, KEY, **THROUGH_S3)
            other = {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::payroll"}
            assert not may(action, KEY, **THROUGH_S3, **other)


CALLER = f"arn:aws:iam::{MANAGEMENT}:role/Rollout"
KNOWN = {
    "aws:PrincipalAccount": MANAGEMENT,
    "aws:PrincipalArn": CALLER,
    "aws:PrincipalOrgID": ORGANIZATION,
    "sts:ExternalId": "base-7",
}


def test_check_46_the_probe_role_asks_for_organization_role_and_external_id(
    templates: Templates,
) -> None:
    """Each as far as it is given; the account alone is always asked for."""
    asked = {"CallerRole": "Rollout", "OrganizationId": ORGANIZATION, "ExternalId": "base-7"}
    keys = ("aws:PrincipalArn", "aws:PrincipalOrgID", "sts:ExternalId")
    wrong = (CALLER + "2", "o-zzzzzzzzzz", "another")
    for (name, value), key, other in zip(asked.items(), keys, wrong, strict=True):
        given = {"AdministratorAccountId": MANAGEMENT, name: value}
        assert enters_probe_role(templates, given, KNOWN)
        assert not enters_probe_role(templates, given, {**KNOWN, key: other})
    plain = {"AdministratorAccountId": MANAGEMENT}
    session = {"aws:PrincipalAccount": MANAGEMENT, "aws:PrincipalArn": CALLER}
    assert enters_probe_role(templates, plain, session)
    assert not enters_probe_role(
        templates, {**plain, **asked}, {k: v for k, v in KNOWN.items() if k != "sts:ExternalId"}
    )
    with pytest.raises(ValueError, match="CallerRole"):
        roles_of(templates, **plain, CallerRole="Roll*")


def enters_probe_role(templates: Templates, given: dict[str, str], context: dict[str, str]) -> bool:
    trust = roles_of(templates, **given)["probe"]["AssumeRolePolicyDocument"]
    root = f"arn:aws:iam::{MANAGEMENT}:root"
    return allows(
        trust, Request(principal=root, action="sts:AssumeRole", resource="*", context=context)
    )


def test_check_46_the_service_linked_role_outlives_the_stack_that_made_it(
    templates: Templates,
) -> None:
    """Other rules of the account may need it."""
    (role,) = (
        each
        for each in templates.document("account-roles")["Resources"].values()
        if each["Type"] == "AWS::IAM::ServiceLinkedRole"
    )
    assert role["DeletionPolicy"] == "RetainExceptOnCreate"
    assert role["UpdateReplacePolicy"] == "Retain"


def test_check_28_services_assume_roles_for_this_account_only(templates: Templates) -> None:
    """Anybody could have Systems Manager act for him on a role that did not ask whom it is for."""
    guarded = {
        "ssm.amazonaws.com": f"arn:aws:ssm:eu-west-1:{MEMBER}:automation-execution/1",
        "vpc-flow-logs.amazonaws.com": f"arn:aws:ec2:eu-west-1:{MEMBER}:vpc-flow-log/fl-1",
        "events.amazonaws.com": f"arn:aws:events:eu-west-1:{MEMBER}:rule/orgrollout-tamper-roles",
    }
    seen = set()
    for role in every_role(templates):
        trust = role["AssumeRolePolicyDocument"]
        for statement in trust["Statement"]:
            service = statement["Principal"].get("Service")
            if service == "config.amazonaws.com":
                assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": MEMBER}}
            if service in guarded:
                seen.add(service)
                assert_trust(trust, service, guarded[service])
    assert seen == set(guarded)


def assert_trust(trust: dict[str, Any], service: str, source: str) -> None:
    """Check that only this account's own resource is let in."""

    def may(**context: str) -> bool:
        asked = Request(principal=service, action="sts:AssumeRole", resource="*", context=context)
        return allows(trust, asked)

    ours = {"aws:SourceAccount": MEMBER, "aws:SourceArn": source}
    assert may(**ours)
    assert not may(**{**ours, "aws:SourceAccount": "222222222222"})
    assert not may(**{**ours, "aws:SourceArn": source.replace(MEMBER, "222222222222")})
    assert not may(**{"aws:SourceAccount": MEMBER})
    assert not may(**{"aws:SourceArn": source})


def test_check_28_only_the_administrator_account_assumes_the_probe_role(
    templates: Templates,
) -> None:
    """It reads, and there is none unless an administrator is named."""
    assert "probe" not in roles_of(templates)
    role = roles_of(templates, AdministratorAccountId=MANAGEMENT)["probe"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}
    verbs = {action.split(":")[1] for action in actions(statements_of(role))}
    assert all(verb.startswith(("Describe", "Get", "Lookup")) for verb in verbs)
    services = {action.split(":")[0] for action in actions(statements_of(role))}
    assert services == {"cloudformation", "cloudtrail", "config", "ec2", "ssm"}


RETAINED = {
    "flowlogs-athena": {"ResultBucket", "ResultBucketPolicy"},
    "log-buckets": {
        "ArchiveKey",
        "ConfigBucket",
        "ConfigBucketPolicy",
        "FlowLogBucket",
        "FlowLogBucketPolicy",
    },
    "account-roles": {"DeliveryBoundary", "DeliveryRole", "LinkedRole"},
}


def test_check_31_what_logs_depend_on_outlives_its_stack(templates: Templates) -> None:
    """A bucket without its policy takes plain HTTP; a flow log without its role stops silently."""
    for name, template in templates.documents().items():
        kept = {
            logical
            for logical, each in template["Resources"].items()
            if each.get("DeletionPolicy", "Delete") != "Delete"
            or each.get("UpdateReplacePolicy", "Delete") != "Delete"
        }
        assert kept == RETAINED.get(name, set()), name
        for logical in kept:
            each = template["Resources"][logical]
            assert each["DeletionPolicy"] == "RetainExceptOnCreate"
            assert each["UpdateReplacePolicy"] == "Retain"


def test_check_31_the_kept_ones_are_the_right_kinds(templates: Templates) -> None:
    kinds = {
        each["Type"]
        for name, kept in RETAINED.items()
        for logical, each in templates.document(name)["Resources"].items()
        if logical in kept
    }
    iam = {ROLE, "AWS::IAM::ManagedPolicy", "AWS::IAM::ServiceLinkedRole"}
    assert kinds == {"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", *iam}
