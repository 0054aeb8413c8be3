"""Requests to the sandbox as events: which are recorded, where, and what they name."""

import re
from collections.abc import Iterator, Mapping, Sequence
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
_EC2 = frozenset({"CreateFlowLogs", "CreateVpc", "DeleteFlowLogs"})
_FLOW_LOG, _VPC = re.compile(r"fl-[0-9a-f]+"), re.compile(r"(?<=<vpcId>)vpc-[0-9a-f]+")
_HOSTS = {"cloudwatch": "monitoring"}
_HOMES = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def request_of(call: Call, answer: bytes = b"") -> Request | None:
    """Return the event of a call; None where CloudTrail's history shows none, or it is a read.

    Reads are left out to save memory; ``busy_trail`` makes some.
    """
    if not call.is_write or f"{call.service}:{call.operation}" in _DATA:
        return None
    if call.service == "ec2" and call.operation in _EC2:
        return _of_ec2(call, answer.decode(errors="replace"))
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


def made_flow_log(vpcs: Sequence[str], made: Sequence[str]) -> Request:
    """Return the request that makes flow logs of VPCs."""
    items = made[0] if len(made) == 1 else list(made)
    return Request(
        source="ec2.amazonaws.com",
        name="CreateFlowLogs",
        parameters={"CreateFlowLogsRequest": {"ResourceType": "VPC", "ResourceId": _items(vpcs)}},
        response={"CreateFlowLogsResponse": {"flowLogIdSet": {"item": items}}},
        resources=tuple(("AWS::EC2::VPC", vpc) for vpc in vpcs),
    )


def _of_ec2(call: Call, answer: str) -> Request:
    """Return an event of EC2 in its own shape: names as on the wire, and ids in the response."""
    made = _FLOW_LOG.findall(answer)
    if call.operation == "CreateFlowLogs" and made:
        return made_flow_log(_listed(call, "ResourceId"), made)
    parameters, response = _lowered(call.params), None
    if call.operation == "DeleteFlowLogs":
        ids = _items(_listed(call, "FlowLogId"))
        parameters = {"DeleteFlowLogsRequest": {"FlowLogId": ids}}
    elif found := _VPC.search(answer):
        response = {"vpc": {"vpcId": found[0]}}
    return Request(
        source="ec2.amazonaws.com",
        name=call.operation,
        parameters=parameters,
        response=response,
        error=call.error,
    )


def _listed(call: Call, name: str) -> list[str]:
    """Return the items of a list as EC2 has it on the wire: NAME.1, NAME.2."""
    return [str(value) for key, value in call.params.items() if key.startswith(f"{name}.")]


def _items(ids: Sequence[str]) -> Any:
    """Return a list as EC2's events have it: a single item stands alone."""
    items = [{"content": each, "tag": number} for number, each in enumerate(ids, start=1)]
    return items[0] if len(items) == 1 else items


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
