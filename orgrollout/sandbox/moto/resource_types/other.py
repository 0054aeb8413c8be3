"""Bucket policies, service-linked roles and keys, made through moto's S3, IAM and KMS."""

import json

from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from orgrollout.sandbox.moto.resource_types.base import ProvidedResource


class BucketPolicy(ProvidedResource):
    """The policy of a bucket."""

    def make(self) -> None:
        """Put the policy."""
        policy = json.dumps(self.properties["PolicyDocument"]).encode()
        s3_backends[self.account][self.partition].put_bucket_policy(
            self.properties["Bucket"], policy
        )

    def unmake(self) -> None:
        """Delete the policy, if its bucket is still there."""
        backend = s3_backends[self.account][self.partition]
        if self.properties["Bucket"] in backend.buckets:
            backend.delete_bucket_policy(self.properties["Bucket"])

    @property
    def physical_resource_id(self) -> str:
        """The bucket's name."""
        return str(self.properties["Bucket"])


class Group(ProvidedResource):
    """A group of users, with its own policies."""

    arn_format = "iam::{account}:group/{name}"

    def make(self) -> None:
        """Create the group, or bring it to new policies."""
        backend, name = iam_backends[self.account][self.partition], self.physical_resource_id
        if name not in backend.groups:
            backend.create_group(name, self.properties.get("Path", "/"))
        group = backend.get_group(name)
        group.policies = {
            each["PolicyName"]: json.dumps(each["PolicyDocument"])
            for each in self.properties.get("Policies", [])
        }
        for arn in self.properties.get("ManagedPolicyArns", []):
            backend.attach_group_policy(group_name=name, policy_arn=arn)

    def unmake(self) -> None:
        """Delete the group, if it is still there."""
        iam_backends[self.account][self.partition].groups.pop(self.physical_resource_id, None)


class ServiceLinkedRole(ProvidedResource):
    """A role that a service owns; there can be one only."""

    made_name = ""

    def make(self) -> None:
        """Create the role; a second one is refused, as by IAM."""
        if self.made_name:
            return
        role = iam_backends[self.account][self.partition].create_service_linked_role(
            self.properties["AWSServiceName"],
            self.properties.get("Description", ""),
            self.properties.get("CustomSuffix", ""),
        )
        self.made_name = role.name

    def unmake(self) -> None:
        """Delete the role."""
        backend = iam_backends[self.account][self.partition]
        if self.made_name in {role.name for role in backend.roles.values()}:
            backend.delete_service_linked_role(self.made_name)

    @property
    def physical_resource_id(self) -> str:
        """The role's name."""
        return self.made_name or self.generated_name


class Key(ProvidedResource):
    """A key. moto's own class trips over tags in the form that CloudFormation has."""

    arn_format = "kms:{region}:{account}:key/{name}"
    key_id = ""

    def make(self) -> None:
        """Create the key, or bring it to new properties."""
        backend, given = kms_backends[self.account][self.region], self.properties
        policy = json.dumps(given.get("KeyPolicy", {}))
        tags = [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in given.get("Tags", [])]
        if not self.key_id:
            usage = given.get("KeyUsage", "ENCRYPT_DECRYPT")
            spec = given.get("KeySpec", "SYMMETRIC_DEFAULT")
            key = backend.create_key(policy, usage, spec, given.get("Description", ""), tags)
            self.key_id = key.id
        key = backend.keys[self.key_id]
        key.policy, key.description = policy, given.get("Description", "")
        key.key_rotation_status = bool(given.get("EnableKeyRotation", False))
        key.enabled = bool(given.get("Enabled", True))

    def unmake(self) -> None:
        """Delete the key, if it is still there."""
        backend = kms_backends[self.account][self.region]
        if self.key_id in backend.keys:
            backend.delete_key(self.key_id)

    @property
    def physical_resource_id(self) -> str:
        """The key's id."""
        return self.key_id or self.generated_name


class TopicPolicy(ProvidedResource):
    """The policy of a topic; the first of them, where a template names several."""

    def make(self) -> None:
        """Put the policy."""
        topics = sns_backends[self.account][self.region].topics
        topics[self.physical_resource_id].policy = json.dumps(self.properties["PolicyDocument"])

    @property
    def physical_resource_id(self) -> str:
        """The topic's ARN."""
        return str(self.properties["Topics"][0])


class QueuePolicy(ProvidedResource):
    """The policy of a queue; the first of them, where a template names several."""

    def make(self) -> None:
        """Put the policy."""
        self._put(json.dumps(self.properties["PolicyDocument"]))

    def unmake(self) -> None:
        """Take the policy away, if its queue is still there."""
        self._put(None)

    def _put(self, policy: str | None) -> None:
        queue = sqs_backends[self.account][self.region].queues.get(self.physical_resource_id)
        if queue is not None:
            queue.policy = policy

    @property
    def physical_resource_id(self) -> str:
        """The queue's name."""
        return str(self.properties["Queues"][0]).rsplit("/", 1)[-1]


OTHER_TYPES: dict[str, type[ProvidedResource]] = {
    "AWS::S3::BucketPolicy": BucketPolicy,
    "AWS::IAM::Group": Group,
    "AWS::IAM::ServiceLinkedRole": ServiceLinkedRole,
    "AWS::KMS::Key": Key,
    "AWS::SNS::TopicPolicy": TopicPolicy,
    "AWS::SQS::QueuePolicy": QueuePolicy,
}
