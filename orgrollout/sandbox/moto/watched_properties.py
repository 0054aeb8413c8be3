"""The state of deployed resources, read from moto: what drift detection compares.

For each type: where its object is in moto, and which property of the template is which
attribute there. A type that is not listed is NOT_CHECKED, as AWS does with types that do
not support drift detection (AWS::SSM::Document is one).
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.config.models import config_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.ssm.models import ssm_backends

from orgrollout.sandbox.partitions import partition_of

Place = tuple[str, str]
"""(account, Region)."""
Find = Callable[[Place, str], Any]


@dataclass(frozen=True, slots=True)
class Watched:
    """The functions that find and read resources of a type."""

    find: Find
    attributes: Mapping[str, str]


def _bucket(place: Place, name: str) -> Any:
    return s3_backends[place[0]][partition_of(place[1])].buckets.get(name)


def _role(place: Place, name: str) -> Any:
    roles = iam_backends[place[0]][partition_of(place[1])].roles.values()
    return next((role for role in roles if role.name == name), None)


def _parameter(place: Place, name: str) -> Any:
    return ssm_backends[place[0]][place[1]].get_parameter(name)


def _topic(place: Place, arn: str) -> Any:
    return sns_backends[place[0]][place[1]].topics.get(arn)


def _queue(place: Place, url: str) -> Any:
    queues = sqs_backends[place[0]][place[1]].queues
    return queues.get(url.rsplit("/", 1)[-1])


def _group(place: Place, identifier: str) -> Any:
    return ec2_backends[place[0]][place[1]].get_security_group_from_id(identifier)


WATCHED: dict[str, Watched] = {
    "AWS::Logs::LogGroup": Watched(
        lambda p, name: logs_backends[p[0]][p[1]].groups.get(name),
        {"RetentionInDays": "retention_in_days", "KmsKeyId": "kms_key_id"},
    ),
    "AWS::S3::Bucket": Watched(
        _bucket,
        {
            "VersioningConfiguration": "versioning_status",
            "PublicAccessBlockConfiguration": "public_access_block",
            "BucketEncryption": "encryption",
            "LifecycleConfiguration": "rules",
            "LoggingConfiguration": "logging",
        },
    ),
    "AWS::S3::BucketPolicy": Watched(_bucket, {"PolicyDocument": "policy"}),
    "AWS::IAM::Role": Watched(
        _role,
        {
            "AssumeRolePolicyDocument": "assume_role_policy_document",
            "Policies": "policies",
            "ManagedPolicyArns": "managed_policies",
            "MaxSessionDuration": "max_session_duration",
            "Description": "description",
            "Tags": "tags",
        },
    ),
    "AWS::KMS::Key": Watched(
        lambda p, name: kms_backends[p[0]][p[1]].keys.get(name),
        {
            "KeyPolicy": "policy",
            "Description": "description",
            "EnableKeyRotation": "key_rotation_status",
            "Enabled": "enabled",
        },
    ),
    "AWS::Config::ConfigurationRecorder": Watched(
        lambda p, name: config_backends[p[0]][p[1]].recorders.get(name),
        {"RoleARN": "role_arn", "RecordingGroup": "recording_group"},
    ),
    "AWS::Config::DeliveryChannel": Watched(
        lambda p, name: config_backends[p[0]][p[1]].delivery_channels.get(name),
        {"S3BucketName": "s3_bucket_name", "S3KeyPrefix": "s3_key_prefix"},
    ),
    "AWS::Config::ConfigRule": Watched(
        lambda p, name: config_backends[p[0]][p[1]].config_rules.get(name),
        {
            "InputParameters": "input_parameters",
            "MaximumExecutionFrequency": "maximum_execution_frequency",
            "Description": "description",
        },
    ),
    "AWS::SSM::Parameter": Watched(_parameter, {"Value": "value", "Description": "description"}),
    "AWS::SNS::Topic": Watched(
        _topic,
        {"DisplayName": "display_name", "KmsMasterKeyId": "kms_master_key_id", "Tags": "_tags"},
    ),
    "AWS::SNS::TopicPolicy": Watched(_topic, {"PolicyDocument": "policy"}),
    "AWS::SQS::Queue": Watched(
        _queue,
        {
            "VisibilityTimeout": "visibility_timeout",
            "MessageRetentionPeriod": "message_retention_period",
            "DelaySeconds": "delay_seconds",
            "Tags": "tags",
        },
    ),
    "AWS::SQS::QueuePolicy": Watched(_queue, {"PolicyDocument": "policy"}),
    "AWS::EC2::SecurityGroup": Watched(_group, {"SecurityGroupIngress": "ingress_rules"}),
}


_POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")


@dataclass(frozen=True, slots=True)
class Seen:
    """One property of one resource at one moment."""

    plain: Any
    raw: Any


def read(kind: str, place: Place, physical_id: str, properties: Mapping[str, Any]) -> Any:
    """Return what is seen of a resource: its explicitly set properties; None if it is gone."""
    watched = WATCHED[kind]
    found = watched.find(place, physical_id)
    if found is None or (kind in _POLICIES and found.policy is None):
        return None
    return {
        name: _seen(name, getattr(found, attribute))
        for name, attribute in watched.attributes.items()
        if name in properties
    }


def write(kind: str, place: Place, physical_id: str, seen: Mapping[str, Seen]) -> None:
    """Bring a resource back to what was seen."""
    watched = WATCHED[kind]
    found = watched.find(place, physical_id)
    for name, each in seen.items():
        attribute, raw = watched.attributes[name], copy.copy(each.raw)
        if name == "Tags" and isinstance(getattr(found, attribute), list):
            raw = [{"Key": key, "Value": value} for key, value in raw.items()]
        setattr(found, attribute, raw)


def _seen(name: str, raw: Any) -> Seen:
    if name == "Tags":
        # Some services of moto keep a list of pairs, others a mapping.
        pairs = {tag["Key"]: tag["Value"] for tag in raw} if isinstance(raw, list) else dict(raw)
        return Seen(dict(pairs), pairs)
    return Seen(_plain(raw), copy.copy(raw))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        try:
            return json.loads(value) if value.startswith(("{", "[")) else value
        except json.JSONDecodeError:  # such as a dynamic reference, {{resolve:...}}
            return value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    return {
        key: _plain(each)
        for key, each in vars(value).items()
        if not key.startswith("_") and isinstance(each, str | int | bool | list | dict)
    }
