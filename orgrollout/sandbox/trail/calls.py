"""Requests to the sandbox as events: which are recorded, where, and what they name."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.sandbox.call_log import Call
from orgrollout.sandbox.trail.book import Request

# Data events: LookupEvents shows management events alone [D].
_DATA = frozenset(
    {
        *("events:PutEvents", "lambda:Invoke", "logs:PutLogEvents", "s3:DeleteObject"),
        *("s3:DeleteObjects", "s3:PutObject", "sns:Publish", "sqs:DeleteMessage"),
        *("sqs:SendMessage", "sts:AssumeRole"),
    }
)
# Parameters that name a resource of their service, with its type.
_NAMES: Mapping[str, tuple[str, str]] = {
    "topicArn": ("sns", "AWS::SNS::Topic"),
    "logGroupName": ("logs", "AWS::Logs::LogGroup"),
    "bucketName": ("s3", "AWS::S3::Bucket"),
    "roleName": ("iam", "AWS::IAM::Role"),
    "keyId": ("kms", "AWS::KMS::Key"),
    "configRuleName": ("config", "AWS::Config::ConfigRule"),
    "configurationRecorderName": ("config", "AWS::Config::ConfigurationRecorder"),
    "queueUrl": ("sqs", "AWS::SQS::Queue"),
    "groupId": ("ec2", "AWS::EC2::SecurityGroup"),
    "stackName": ("cloudformation", "AWS::CloudFormation::Stack"),
    "name": ("ssm", "AWS::SSM::Document"),
    "resourceArn": ("sns", "AWS::SNS::Topic"),
}
_HOSTS = {"cloudwatch": "monitoring"}
_HOMES = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def request_of(call: Call) -> Request | None:
    """Return the event of a call; None where CloudTrail's history shows none, or it is a read.

    Reads are left out to save memory; ``busy_trail`` makes some.
    """
    if not call.is_write or f"{call.service}:{call.operation}" in _DATA:
        return None
    parameters = _lowered(call.params)
    if call.service == "s3" and "bucket" in parameters:
        parameters["bucketName"] = parameters.pop("bucket")
    return Request(
        source=f"{_HOSTS.get(call.service, call.service)}.amazonaws.com",
        name=call.operation,
        parameters=parameters,
        resources=tuple(_resources(call.service, parameters)),
        error=call.error,
    )


def region_of(service: str, region: str, partition: str) -> str:
    """Return where the events of a service are: those of IAM in one Region [D]."""
    return _HOMES.get(partition, "us-east-1") if service == "iam" else region


def _resources(service: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _resources(service, value)
        known = _NAMES.get(key)
        if known is not None and known[0] == service and isinstance(value, str):
            yield known[1], value


def _lowered(value: Any) -> Any:
    """Return parameters with small first letters, as CloudTrail writes them."""
    if isinstance(value, Mapping):
        return {str(k)[:1].lower() + str(k)[1:]: _lowered(each) for k, each in value.items()}
    if isinstance(value, list | tuple):
        return [_lowered(each) for each in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
