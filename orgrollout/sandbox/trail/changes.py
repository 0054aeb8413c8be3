"""The requests behind changes by hand and of CloudFormation, by the type of the resource.

Names of operations and parameters are those of each service's API; CloudTrail writes parameters
with a small first letter.
"""

from collections.abc import Mapping
from typing import Any

from orgrollout.sandbox.trail.book import Request

# Type: service, parameter that names the resource, requests that create and delete it.
_TYPES: Mapping[str, tuple[str, str, str, str]] = {
    "AWS::Config::ConfigRule": ("config", "configRuleName", "PutConfigRule", "DeleteConfigRule"),
    "AWS::Config::ConfigurationRecorder": (
        *("config", "configurationRecorderName"),
        *("PutConfigurationRecorder", "DeleteConfigurationRecorder"),
    ),
    "AWS::Config::DeliveryChannel": (
        *("config", "deliveryChannelName", "PutDeliveryChannel", "DeleteDeliveryChannel"),
    ),
    "AWS::EC2::SecurityGroup": ("ec2", "groupId", "CreateSecurityGroup", "DeleteSecurityGroup"),
    "AWS::IAM::Role": ("iam", "roleName", "CreateRole", "DeleteRole"),
    "AWS::KMS::Key": ("kms", "keyId", "CreateKey", "ScheduleKeyDeletion"),
    "AWS::Logs::LogGroup": ("logs", "logGroupName", "CreateLogGroup", "DeleteLogGroup"),
    "AWS::S3::Bucket": ("s3", "bucketName", "CreateBucket", "DeleteBucket"),
    "AWS::S3::BucketPolicy": ("s3", "bucketName", "PutBucketPolicy", "DeleteBucketPolicy"),
    "AWS::SNS::Topic": ("sns", "topicArn", "CreateTopic", "DeleteTopic"),
    "AWS::SNS::TopicPolicy": ("sns", "topicArn", "SetTopicAttributes", "SetTopicAttributes"),
    "AWS::SQS::Queue": ("sqs", "queueUrl", "CreateQueue", "DeleteQueue"),
    "AWS::SQS::QueuePolicy": ("sqs", "queueUrl", "SetQueueAttributes", "SetQueueAttributes"),
    "AWS::SSM::Parameter": ("ssm", "name", "PutParameter", "DeleteParameter"),
}
# Type and property: the request that sets it. Others are set by the request that creates.
_UPDATES: Mapping[tuple[str, str], str] = {
    ("AWS::EC2::SecurityGroup", "SecurityGroupIngress"): "AuthorizeSecurityGroupIngress",
    ("AWS::IAM::Role", "AssumeRolePolicyDocument"): "UpdateAssumeRolePolicy",
    ("AWS::IAM::Role", "Description"): "UpdateRole",
    ("AWS::IAM::Role", "ManagedPolicyArns"): "AttachRolePolicy",
    ("AWS::IAM::Role", "MaxSessionDuration"): "UpdateRole",
    ("AWS::IAM::Role", "Policies"): "PutRolePolicy",
    ("AWS::IAM::Role", "Tags"): "TagRole",
    ("AWS::KMS::Key", "Description"): "UpdateKeyDescription",
    ("AWS::KMS::Key", "EnableKeyRotation"): "DisableKeyRotation",
    ("AWS::KMS::Key", "Enabled"): "DisableKey",
    ("AWS::KMS::Key", "KeyPolicy"): "PutKeyPolicy",
    ("AWS::Logs::LogGroup", "KmsKeyId"): "AssociateKmsKey",
    ("AWS::Logs::LogGroup", "RetentionInDays"): "PutRetentionPolicy",
    ("AWS::S3::Bucket", "BucketEncryption"): "PutBucketEncryption",
    ("AWS::S3::Bucket", "LifecycleConfiguration"): "PutBucketLifecycle",
    ("AWS::S3::Bucket", "LoggingConfiguration"): "PutBucketLogging",
    ("AWS::S3::Bucket", "PublicAccessBlockConfiguration"): "PutBucketPublicAccessBlock",
    ("AWS::S3::Bucket", "VersioningConfiguration"): "PutBucketVersioning",
    ("AWS::SNS::Topic", "DisplayName"): "SetTopicAttributes",
    ("AWS::SNS::Topic", "KmsMasterKeyId"): "SetTopicAttributes",
    ("AWS::SNS::Topic", "Tags"): "TagResource",
    ("AWS::SQS::Queue", "Tags"): "TagQueue",
}
_BY_ATTRIBUTE = ("SetTopicAttributes", "SetQueueAttributes")


def set_property(kind: str, physical_id: str, path: str) -> Request | None:
    """Return the request that sets a property; None where the type is not known here."""
    if kind not in _TYPES:
        return None
    _, _, create, _ = _TYPES[kind]
    name = path.strip("/").partition("/")[0]
    update = "SetQueueAttributes" if kind == "AWS::SQS::Queue" else create
    operation = _UPDATES.get((kind, name), update)
    # Values are left out: what is changed by hand may be secret, and no one reads them here.
    more: dict[str, Any] = {"attributeName": name} if operation in _BY_ATTRIBUTE else {}
    if not more and operation not in ("AttachRolePolicy", "PutRolePolicy", "TagRole"):
        more = {name[0].lower() + name[1:]: "..."} if name else {}
    return _request(kind, operation, physical_id, more)


def make(kind: str, physical_id: str, *, delete: bool = False) -> Request | None:
    """Return the request that creates or deletes a resource."""
    if kind not in _TYPES:
        return None
    _, _, create, remove = _TYPES[kind]
    return _request(kind, remove if delete else create, physical_id, {})


def update(kind: str, physical_id: str) -> Request | None:
    """Return a request that changes a resource."""
    names = (name for known, name in _UPDATES if known == kind)
    return set_property(kind, physical_id, next(names, ""))


def stop_recorder(name: str) -> Request:
    """Return the request that stops a configuration recorder."""
    kind = "AWS::Config::ConfigurationRecorder"
    return _request(kind, "StopConfigurationRecorder", name, {})


def on_stack(operation: str, stack_id: str) -> Request:
    """Return a request to CloudFormation that names a stack."""
    name = stack_id.split("/")[1]
    return Request(
        source="cloudformation.amazonaws.com",
        name=operation,
        parameters={"stackName": name},
        response={"stackId": stack_id},
        resources=(("AWS::CloudFormation::Stack", stack_id), ("AWS::CloudFormation::Stack", name)),
    )


def _request(kind: str, operation: str, physical_id: str, more: Mapping[str, Any]) -> Request:
    service, key, _, _ = _TYPES[kind]
    named: dict[str, Any] = {key: physical_id}
    if operation == "TagResource":
        named = {"resourceArn": physical_id}
    elif operation == "CreateTopic":
        named = {"name": physical_id.rpartition(":")[2]}
    elif operation in ("PutConfigRule", "PutConfigurationRecorder", "PutDeliveryChannel"):
        wrapped = operation[3].lower() + operation[4:]
        inner = "configRuleName" if operation == "PutConfigRule" else "name"
        named, more = {wrapped: {inner: physical_id, **more}}, {}
    response = {key: physical_id} if operation.startswith("Create") else None
    return Request(
        source=f"{service}.amazonaws.com",
        name=operation,
        parameters={**named, **more},
        response=response,
        resources=((kind, physical_id),),
    )
