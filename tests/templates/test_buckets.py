"""Checks 29, 30, 34, 41, 42, 46 and 86: the archive takes what it should, and keeps it."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.templates.support import runbook
from tests.templates.support.fitting import request_for
from tests.templates.support.policies import Request, allows, principals
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import LOG_ARCHIVE, ORGANIZATION, Place, Stack, resolve
from tests.templates.support.runbook import role_of
from tests.templates.support.sessions import default_session

BUCKET, POLICY, KEY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key"
ARCHIVE = Place(LOG_ARCHIVE, "us-east-1")
FLOW_LOGS, CONFIG = "delivery.logs.amazonaws.com", "config.amazonaws.com"
MEMBERS = {
    "222222222222": "eu-west-1",
    "333333333333": "ap-northeast-1",
    "444444444444": "us-east-1",
}


def archive(templates: Templates, **given: str) -> Stack:
    return resolve(templates.document("log-buckets"), ARCHIVE, **given)


def policies_of(stack: Stack) -> dict[str, dict[str, Any]]:
    """Return the two bucket policies by the service that they let in."""
    documents = [each["PolicyDocument"] for each in stack.of_type(POLICY)]
    services = {
        service: document
        for document in documents
        for statement in document["Statement"]
        for service in (FLOW_LOGS, CONFIG)
        if statement["Effect"] == "Allow" and service in principals(statement)
    }
    assert len(services) == len(documents) == 2
    return services


def test_check_29_every_service_is_let_in_for_the_organization_only(templates: Templates) -> None:
    """Or, without one, for the account itself; a service alone is anybody's deputy."""
    for given, key, value in [
        ({"OrganizationId": ORGANIZATION}, "aws:SourceOrgID", ORGANIZATION),
        ({}, "aws:SourceAccount", LOG_ARCHIVE),
    ]:
        stack = archive(templates, **given)
        documents = [each["PolicyDocument"] for each in stack.of_type(POLICY)]
        documents.append(stack.only(KEY)["KeyPolicy"])
        for document in documents:
            allowed = [s for s in document["Statement"] if s["Effect"] == "Allow"]
            services = [s for s in allowed if "Service" in s["Principal"]]
            assert services
            for statement in services:
                assert statement["Condition"]["StringEquals"][key] == value
            others = [s for s in allowed if s not in services]
            root = f"arn:aws:iam::{LOG_ARCHIVE}:root"
            assert all(s["Principal"] == {"AWS": root} for s in others)


def delivery(service: str, **context: str) -> Request:
    """Return the request with which a service delivers for a member."""
    bucket = "flowlogs" if service == FLOW_LOGS else "config"
    folder = "AWSLogs" if service == FLOW_LOGS else "orgrollout/AWSLogs"
    path = f"{folder}/222222222222/{'vpcflowlogs' if service == FLOW_LOGS else 'Config'}/x"
    return Request(
        principal=service,
        action="s3:PutObject",
        resource=f"arn:aws:s3:::orgrollout-{bucket}-{LOG_ARCHIVE}-us-east-1-an/{path}",
        context={
            "aws:SourceOrgID": ORGANIZATION,
            "aws:SourceAccount": "222222222222",
            "s3:x-amz-acl": "bucket-owner-full-control",
            "aws:SecureTransport": "true",
            "s3:TlsVersion": "1.2",
            **context,
        },
    )


def test_check_29_the_policies_let_members_deliver_and_nobody_else(templates: Templates) -> None:
    policies = policies_of(archive(templates, OrganizationId=ORGANIZATION))
    own = policies_of(archive(templates))
    for service, policy in policies.items():
        assert allows(policy, delivery(service))
        assert not allows(policy, delivery(service, **{"aws:SourceOrgID": "o-somebodyelse"}))
        assert not allows(own[service], delivery(service))
        assert allows(own[service], delivery(service, **{"aws:SourceAccount": LOG_ARCHIVE}))
        stranger = delivery(CONFIG if service == FLOW_LOGS else FLOW_LOGS)
        assert not allows(policy, stranger)


GUARDS: dict[str, dict[str, str]] = {
    "source-org-id": {},
    "organization-prefix": {},
    "source-accounts": {"SourceAccountIds": "222222222222,333333333333"},
}


def guarded(templates: Templates, guard: str) -> Stack:
    more = {"OrganizationId": ORGANIZATION, "DeliveryGuard": guard, **GUARDS[guard]}
    return archive(templates, **more)


def in_folder(asked: Request, folder: str) -> Request:
    """Return the request for an object below another folder."""
    start, end = asked.resource.split("-an/")[0], asked.resource.split("AWSLogs/")[1]
    return replace(asked, resource=f"{start}-an/{folder}AWSLogs/{end}")


def test_check_41_what_shows_that_a_delivery_is_for_us_is_a_choice(templates: Templates) -> None:
    """AWS documents do not agree on which key is set; each way has to work without the others."""
    for service in (FLOW_LOGS, CONFIG):
        asked = delivery(service)
        plain = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}
        silent = replace(asked, context=plain)
        by_org = policies_of(guarded(templates, "source-org-id"))[service]
        by_folder = policies_of(guarded(templates, "organization-prefix"))[service]
        by_account = policies_of(guarded(templates, "source-accounts"))[service]
        assert allows(by_org, replace(asked, context={**plain, "aws:SourceOrgID": ORGANIZATION}))
        assert not allows(by_org, silent)
        assert allows(by_folder, in_folder(silent, f"{ORGANIZATION}/"))
        assert not allows(by_folder, in_folder(silent, "o-somebodyelse/"))
        assert not allows(by_folder, in_folder(silent, ""))
        ours = {**plain, "aws:SourceAccount": "333333333333"}
        assert allows(by_account, replace(asked, context=ours))
        assert not allows(by_account, silent)
        assert not allows(
            by_account, replace(asked, context={**ours, "aws:SourceAccount": "4" * 12})
        )


def test_check_41_the_key_follows_the_bucket(templates: Templates) -> None:
    """It knows no folder; S3 names the bucket that it encrypts for."""
    bucket = {
        service: f"arn:aws:s3:::orgrollout-{name}-{LOG_ARCHIVE}-us-east-1-an"
        for service, name in [(FLOW_LOGS, "flowlogs"), (CONFIG, "config")]
    }
    for service in (FLOW_LOGS, CONFIG):
        facts = {
            "source-org-id": {"aws:SourceOrgID": ORGANIZATION},
            "organization-prefix": {
                "aws:ResourceAccount": LOG_ARCHIVE,
                "kms:EncryptionContext:aws:s3:arn": bucket[service],
            },
            "source-accounts": {"aws:SourceAccount": "222222222222"},
        }
        for guard in GUARDS:
            policy = guarded(templates, guard).only(KEY)["KeyPolicy"]
            asked = Request(principal=service, action="kms:GenerateDataKey", resource="*")
            assert allows(policy, replace(asked, context=facts[guard]))
            assert not allows(policy, asked)
        elsewhere = {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::payroll"}
        by_folder = guarded(templates, "organization-prefix").only(KEY)["KeyPolicy"]
        wrong = {**facts["organization-prefix"], **elsewhere}
        assert not allows(by_folder, replace(asked, context=wrong))


def test_check_41_the_folder_reaches_the_flow_logs(templates: Templates) -> None:
    given = {"LogArchiveAccountId": LOG_ARCHIVE, "FlowLogFolder": ORGANIZATION}
    stack = resolve(templates.document("flowlogs-remediation"), Place(), **given)
    name = f"arn:aws:s3:::orgrollout-flowlogs-{LOG_ARCHIVE}-us-east-1-an/{ORGANIZATION}"
    content = stack.only("AWS::SSM::Document")["Content"]
    assert content["parameters"]["BucketArn"]["default"] == name
    assert stack.outputs["FlowLogDestination"] == name


def test_check_42_no_acl_is_asked_for(templates: Templates) -> None:
    """The buckets have none; a service that sends no header would be denied without a word."""
    for given in ({}, {"OrganizationId": ORGANIZATION}):
        stack = archive(templates, **given)
        assert "x-amz-acl" not in str(stack.resources)
        for service, policy in policies_of(stack).items():
            asked = delivery(service, **{"aws:SourceAccount": LOG_ARCHIVE})
            context = {k: v for k, v in asked.context.items() if k != "s3:x-amz-acl"}
            assert allows(policy, replace(asked, context=context))
            assert allows(policy, asked)
    assert "x-amz-acl" not in str(templates.document("account-roles"))


def test_check_46_a_folder_in_the_bucket_is_let_in(templates: Templates) -> None:
    """`FlowLogBucketArn` and `FlowLogFolder` may name one."""
    policy = policies_of(archive(templates, OrganizationId=ORGANIZATION))[FLOW_LOGS]
    for folder in ("", "team/", "a/b/"):
        assert allows(policy, in_folder(delivery(FLOW_LOGS), folder))
    stranger = delivery(FLOW_LOGS, **{"aws:SourceOrgID": "o-somebodyelse"})
    assert not allows(policy, in_folder(stranger, "team/"))


def test_check_46_a_slash_at_the_end_of_the_bucket_makes_no_folder_without_a_name(
    templates: Templates,
) -> None:
    """EC2's guide writes it so, and `bucket//folder` is another folder than `bucket/folder`."""
    document = templates.document("flowlogs-remediation")
    for bucket in ("arn:aws:s3:::theirs/logs", "arn:aws:s3:::theirs/logs/"):
        stack = resolve(document, Place(), FlowLogBucketArn=bucket, FlowLogFolder="team")
        content = stack.only("AWS::SSM::Document")["Content"]
        assert content["parameters"]["BucketArn"]["default"] == "arn:aws:s3:::theirs/logs/team"
        assert stack.outputs["FlowLogDestination"] == "arn:aws:s3:::theirs/logs/team"


def test_check_30_only_current_tls_comes_in(templates: Templates) -> None:
    for service, policy in policies_of(archive(templates, OrganizationId=ORGANIZATION)).items():
        assert not allows(policy, delivery(service, **{"aws:SecureTransport": "false"}))
        assert not allows(policy, delivery(service, **{"s3:TlsVersion": "1.1"}))
        denied = [s for s in policy["Statement"] if s["Effect"] == "Deny"]
        for statement in denied:
            assert statement["Principal"] == "*"
            assert statement["Action"] == "s3:*"
            bucket, objects = statement["Resource"]
            assert objects == f"{bucket}/*"
        tests = [next(iter(s["Condition"])) for s in denied]
        assert tests == ["Bool", "NumericLessThan"]


def test_check_30_each_bucket_has_a_policy_of_its_own(templates: Templates) -> None:
    stack = archive(templates)
    named = {each["BucketName"] for each in stack.of_type(BUCKET)}
    assert {each["Bucket"] for each in stack.of_type(POLICY)} == named
    for each in stack.of_type(POLICY):
        text = str(each["PolicyDocument"])
        assert all(other not in text for other in named - {each["Bucket"]})


def test_check_30_buckets_are_private_versioned_and_long_lived(templates: Templates) -> None:
    for bucket in archive(templates).of_type(BUCKET):
        assert bucket["OwnershipControls"] == {
            "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
        }
        blocks = bucket["PublicAccessBlockConfiguration"]
        assert len(blocks) == 4
        assert all(value is True for value in blocks.values())
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        first = bucket["LifecycleConfiguration"]["Rules"][0]
        assert first["Status"] == "Enabled"
        assert int(first["ExpirationInDays"]) >= 365
        (transition,) = first["Transitions"]
        assert int(transition["TransitionInDays"]) < int(first["ExpirationInDays"])
        assert first["NoncurrentVersionExpiration"]["NoncurrentDays"] > 0
        assert first["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] > 0
        # AWS Config refuses buckets whose objects are locked by default.
        assert "ObjectLockConfiguration" not in bucket


def test_check_30_buckets_are_encrypted_with_a_key_that_members_can_use(
    templates: Templates,
) -> None:
    """`aws/s3` cannot serve another account."""
    stack = archive(templates, OrganizationId=ORGANIZATION)
    for bucket in stack.of_type(BUCKET):
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        default = rule["ServerSideEncryptionByDefault"]
        assert default["SSEAlgorithm"] == "aws:kms"
        assert default["KMSMasterKeyID"] == stack.outputs["ArchiveKeyArn"]
    assert stack.only(KEY)["EnableKeyRotation"] is True
    for service in (FLOW_LOGS, CONFIG):
        asked = Request(
            principal=service,
            action="kms:GenerateDataKey",
            resource="*",
            context={"aws:SourceOrgID": ORGANIZATION},
        )
        assert allows(stack.only(KEY)["KeyPolicy"], asked)
    plain = archive(templates, Encryption="SSE-S3")
    assert not plain.of_type(KEY)
    assert "ArchiveKeyArn" not in plain.outputs


def test_check_30_names_may_be_left_to_cloudformation(templates: Templates) -> None:
    """Where the account's own namespace is not offered."""
    for bucket in archive(templates).of_type(BUCKET):
        assert bucket["BucketNamespace"] == "account-regional"
    for bucket in archive(templates, BucketNamespace="generated").of_type(BUCKET):
        assert not {"BucketName", "BucketNamespace"} & set(bucket)


LOCKS = {"governance": "GOVERNANCE", "compliance": "COMPLIANCE"}


def test_check_86_flow_logs_may_be_locked(templates: Templates) -> None:
    """Those of AWS Config never: it refuses a bucket whose objects are locked by default."""
    for chosen, mode in LOCKS.items():
        stack = archive(templates, ObjectLock=chosen, ObjectLockDays="30")
        bucket = stack.resources["FlowLogBucket"]["Properties"]
        assert bucket["ObjectLockEnabled"] is True
        lock = bucket["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"] == {"Mode": mode, "Days": "30"}
        assert "ObjectLock" not in str(stack.resources["ConfigBucket"])
        with mock_aws():
            s3, name = boto3.client("s3"), bucket["BucketName"]
            s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
            asked = request_for(
                "s3", "PutObjectLockConfiguration", Bucket=name, ObjectLockConfiguration=lock
            )
            s3.put_object_lock_configuration(**asked)
            version = s3.put_object(Bucket=name, Key="log", Body=b"")["VersionId"]
            with pytest.raises(ClientError, match="AccessDenied"):
                s3.delete_object(Bucket=name, Key="log", VersionId=version)
    assert "ObjectLock" not in str(archive(templates).resources)


def test_check_86_what_is_locked_cannot_be_deleted_around_the_lock(templates: Templates) -> None:
    """Neither a bucket nor an object nor the key; delivery goes on."""
    deletions = ("DeleteBucket", "DeleteObject", "DeleteObjectVersion", "BypassGovernanceRetention")
    root = f"arn:aws:iam::{LOG_ARCHIVE}:root"
    for chosen in ("off", *LOCKS):
        stack = archive(templates, OrganizationId=ORGANIZATION, ObjectLock=chosen)
        for service, policy in policies_of(stack).items():
            asked = delivery(service)
            assert allows(policy, asked)
            name = asked.resource.split("/")[0]
            # As if the caller's own policies allowed everything.
            free = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
            admin = {"Statement": [*policy["Statement"], free]}
            for action in deletions:
                target = name if action == "DeleteBucket" else asked.resource
                wish = replace(asked, principal=root, action=f"s3:{action}", resource=target)
                assert allows(admin, wish) is (chosen == "off"), (service, action)
        key = stack.only(KEY)["KeyPolicy"]
        for action in ("kms:ScheduleKeyDeletion", "kms:DisableKey"):
            for role, may in [("Admin", chosen == "off"), ("stacksets-exec-0a1b", True)]:
                who = {"aws:PrincipalArn": f"arn:aws:iam::{LOG_ARCHIVE}:role/{role}"}
                wish = Request(principal=root, action=action, resource="*", context=who)
                assert allows(key, wish) is may, (chosen, action, role)


@pytest.mark.slow
def test_check_34_the_central_bucket_takes_flow_logs_from_members(templates: Templates) -> None:
    """From several accounts and Regions, by the names that the templates derive."""
    stack = archive(templates, OrganizationId=ORGANIZATION)
    central = stack.outputs["FlowLogBucketArn"]
    policy = policies_of(stack)[FLOW_LOGS]
    with mock_aws():
        with default_session(ARCHIVE, credentials_of(LOG_ARCHIVE)):
            boto3.client("s3").create_bucket(Bucket=central.split(":")[-1])
        for account, region in MEMBERS.items():
            log = flow_log_of_member(templates, Place(account, region))
            assert log["LogDestination"] == central
            assert log["DeliverLogsStatus"] == "SUCCESS"
            assert allows(policy, delivery(FLOW_LOGS, **{"aws:SourceAccount": account}))


def credentials_of(account: str) -> dict[str, str]:
    """Return credentials with which moto takes the caller for one of ``account``."""
    with default_session(ARCHIVE):
        answer = boto3.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="test"
        )["Credentials"]
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }


def flow_log_of_member(templates: Templates, place: Place) -> dict[str, Any]:
    """Run the runbook in a member account and return the one flow log that results."""
    template = templates.document("flowlogs-remediation")
    stack = resolve(template, place, LogArchiveAccountId=LOG_ARCHIVE)
    credentials = credentials_of(place.account)
    with default_session(place, credentials):
        ec2 = boto3.client("ec2")
        vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        given = {"AutomationAssumeRole": role_of(place.account), "VpcId": vpc_id}
        runbook.run(stack.only("AWS::SSM::Document")["Content"], given, place, credentials)
        (log,) = ec2.describe_flow_logs()["FlowLogs"]
        return dict(log)
