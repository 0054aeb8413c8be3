"""Names of buckets that S3 refuses are refused: by S3 itself and in stacks."""

from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import ACCOUNTS, HOME, code_of, deploy, service_managed

ONE = ACCOUNTS[0]
REFUSED = ("Capital", "under_score", "a..b", "-first", "last-", "10.0.0.1", "UPPER")
TAKEN = ("plain", "with.dots", "with-hyphens", "1st", "a" * 63)
NAMED = "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: %s}}}"


@pytest.mark.parametrize("name", REFUSED)
def test_s3_refuses_a_name_that_is_not_valid(sandbox: Sandbox, name: str) -> None:
    made: Any = sandbox.session(ONE)
    s3 = made.client("s3", HOME)
    assert code_of(s3.create_bucket, Bucket=name) == ("InvalidBucketName", 400)
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("name", TAKEN)
def test_s3_takes_a_name_that_is_valid(sandbox: Sandbox, name: str) -> None:
    s3 = sandbox.session(ONE).client("s3", HOME)
    s3.create_bucket(Bucket=name)
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Capital", "Bucket name should not contain uppercase characters"),
        ("under_score", "Bucket name should not contain '_'"),
        ("a..b", "The specified bucket is not valid."),
    ],
)
def test_a_stack_with_such_a_bucket_fails(
    sandbox: Sandbox, client: CloudFormationClient, name: str, reason: str
) -> None:
    service_managed(client, TemplateBody=NAMED % name)
    done = deploy(sandbox, client, accounts=[ONE])
    assert reason in done.reasons[ONE, HOME]


def test_a_bucket_without_a_name_gets_one_that_is_valid(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client, TemplateBody="Resources: {Bucket: {Type: AWS::S3::Bucket}}")
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
    (bucket,) = sandbox.session(ONE).client("s3", HOME).list_buckets()["Buckets"]
    assert bucket["Name"] == bucket["Name"].lower()
