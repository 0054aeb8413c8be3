"""Policies of AWS Organizations that keep a baseline from being tampered with.

Printed only: to attach a policy is for those who answer for the whole organization.

One is about principals (service control policy), one about resources (resource control policy).
Both name what is denied and who is exempt. What IAM cannot name is left out: the ARN of a rule of
AWS Config holds an id instead of its name, so that a deny of `DeleteConfigRule` would be one for
every team's rules. `every_rule` asks for that.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LIMIT = 5120
"""Characters that a policy may have. AWS raised the limit of service control policies to 10,240 in
May 2026, and left that of resource control policies (AWS Organizations, quotas)."""
Statement = dict[str, Any]

_ROLE_WRITES = (
    *("iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole*", "iam:DetachRolePolicy"),
    *("iam:PutRole*", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy"),
    "iam:UpdateRole*",
)
_STACK_WRITES = tuple(
    f"cloudformation:{each}"
    for each in (
        *("CreateChangeSet", "DeleteStack", "ExecuteChangeSet", "RollbackStack"),
        *("SetStackPolicy", "UpdateStack"),
    )
)
_DOCUMENT_WRITES = ("ssm:DeleteDocument", "ssm:ModifyDocumentPermission", "ssm:UpdateDocument*")
_TELLING_WRITES = (
    *("events:DeleteArchive", "events:DeleteEventBus", "events:DeleteRule", "events:DisableRule"),
    *("events:PutPermission", "events:PutRule", "events:PutTargets", "events:RemovePermission"),
    *("events:RemoveTargets", "events:UpdateArchive", "events:UpdateEventBus"),
    *("sns:AddPermission", "sns:DeleteTopic", "sns:RemovePermission", "sns:SetTopicAttributes"),
)
_RECORDING_WRITES = tuple(
    f"config:{each}"
    for each in (
        *("DeleteConfigurationRecorder", "DeleteDeliveryChannel", "PutConfigurationRecorder"),
        *("PutDeliveryChannel", "PutRetentionConfiguration", "StopConfigurationRecorder"),
    )
)
_RULE_WRITES = tuple(
    f"config:{each}"
    for each in (
        *("DeleteConfigRule", "DeleteRemediationConfiguration", "PutConfigRule"),
        *("PutRemediationConfigurations", "PutRemediationExceptions"),
    )
)
_BUCKET_WRITES = (
    *("s3:DeleteBucket*", "s3:PutBucket*", "s3:PutEncryptionConfiguration"),
    *("s3:PutLifecycleConfiguration", "s3:PutReplicationConfiguration"),
)
_OBJECT_DELETES = (
    *("s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"),
    *("s3:PutObjectLegalHold", "s3:PutObjectRetention"),
)
_KEY_WRITES = (
    *("kms:DeleteAlias", "kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"),
    "kms:UpdateAlias",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What is protected, and who may change it nevertheless."""

    partition: str
    organization: str
    prefixes: tuple[str, ...]  # of names; one for each NamePrefix
    stack_sets: tuple[str, ...]  # names or patterns, as CloudFormation has them
    execution_roles: tuple[str, ...]  # names or patterns, of StackSets in the accounts
    resync_role: str | None
    break_glass: tuple[str, ...]  # names or patterns of roles
    records: bool  # a recorder of ours is there
    every_rule: bool = False


def service_control_policy(what: Protected) -> Statement:
    """Return what principals of member accounts are denied.

    Service-linked roles and the management account are not subject to it.
    """
    ours = _ours(what)
    with_runbooks = _ours(what, *(f"{prefix}-flowlogs-remediation" for prefix in what.prefixes))
    names = (*_RECORDING_WRITES * what.records, *_RULE_WRITES * what.every_rule)
    statements = [
        _deny("Baseline", _NAMED_WRITES, _named(what), ours),
        _deny("RolesOfStackSets", _ROLE_WRITES, _roles(what, what.execution_roles), _last(what)),
        _deny("PassedRoles", ("iam:PassRole",), _roles(what, _starred(what)), with_runbooks),
        _deny(
            "FlowLogs",
            ("ec2:CreateTags", "ec2:DeleteFlowLogs", "ec2:DeleteTags"),
            (_arn(what, "ec2:*:*:vpc-flow-log/*"),),
            _and(with_runbooks, "StringLike", _TAG, list(what.prefixes)),
        ),
        *([_deny("Recording", names, ("*",), ours)] if names else []),
        *_archive(what),
    ]
    return _policy(statements)


def resource_control_policy(what: Protected) -> Statement:
    """Return what is denied to every principal, those of other organizations included.

    Resources of the management account are not subject to it. AWS's own services are let through:
    they deliver to the buckets.
    """
    outside = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": what.organization},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    archive = [{**each, "Principal": "*"} for each in _archive(what)]
    buckets = (*_buckets(what, ""), *_buckets(what, "/*"))
    strangers = [
        _deny("StrangersInArchive", ("s3:*",), buckets, outside),
        _deny("StrangersInRoles", ("sts:AssumeRole",), _roles(what, _starred(what)), outside),
    ]
    return _policy([*archive, *({**each, "Principal": "*"} for each in strangers)])


def as_text(policy: Mapping[str, Any]) -> str:
    """Return a policy in as few characters as it takes."""
    return json.dumps(policy, separators=(",", ":"))


_TAG = "aws:ResourceTag/orgrollout:name-prefix"
_NAMED_WRITES = (
    *_ROLE_WRITES,
    *_STACK_WRITES,
    *_DOCUMENT_WRITES,
    *_TELLING_WRITES,
)
"""What a policy can limit by a name; each acts on the resources of its own service alone."""


def _named(what: Protected) -> tuple[str, ...]:
    telling = (
        form.format(prefix)
        for prefix in what.prefixes
        for form in (
            *("events:*:*:rule/{}-tamper*", "events:*:*:event-bus/{}-tamper"),
            *("events:*:*:archive/{}-tamper", "sns:*:*:{}-tamper"),
        )
    )
    stacks = (f"cloudformation:*:*:stack/StackSet-{name}" for name in what.stack_sets)
    documents = (f"ssm:*:*:document/StackSet-{name}" for name in what.stack_sets)
    return (
        *_roles(what, _starred(what)),
        *(_arn(what, each) for each in (*stacks, *documents, *telling)),
    )


def _archive(what: Protected) -> list[Statement]:
    """Return what keeps logs from being deleted: objects by no one but the break-glass roles.

    StackSets keeps buckets and keys when it deletes stacks, and writes no objects.
    """
    exempt = _ours(what)
    aliases = [f"alias/{prefix}-log-archive" for prefix in what.prefixes]
    return [
        _deny("ArchivedLogs", _OBJECT_DELETES, _buckets(what, "/*"), _last(what)),
        _deny("ArchiveBuckets", _BUCKET_WRITES, _buckets(what, ""), exempt),
        _deny(
            "ArchiveKeys",
            _KEY_WRITES,
            ("*",),
            _and(exempt, "ForAnyValue:StringEquals", "kms:ResourceAliases", aliases),
        ),
    ]


def _starred(what: Protected) -> tuple[str, ...]:
    return tuple(f"{prefix}-*" for prefix in what.prefixes)


def _buckets(what: Protected, end: str) -> tuple[str, ...]:
    return tuple(
        f"arn:{what.partition}:s3:::{prefix}-{kind}-*{end}"
        for prefix in what.prefixes
        for kind in ("config", "flowlogs")
    )


def _roles(what: Protected, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"arn:{what.partition}:iam::*:role/{name}" for name in names)


def _arn(what: Protected, rest: str) -> str:
    return f"arn:{what.partition}:{rest}"


def _exempt(what: Protected, *roles: str) -> Statement:
    """Return the condition that holds for all but these roles, in any account."""
    return {"ArnNotLike": {"aws:PrincipalArn": list(_roles(what, dict.fromkeys(roles)))}}


def _ours(what: Protected, *more: str) -> Statement:
    """Return the condition that holds for all but StackSets, the re-sync and break-glass roles."""
    resync = () if what.resync_role is None else (what.resync_role,)
    return _exempt(what, *what.execution_roles, *resync, *more, *what.break_glass)


def _last(what: Protected) -> Statement:
    """Return the condition that holds for all but the break-glass roles; for all if there is none.

    Service-linked roles are named, since a resource control policy would stop them.
    """
    return _exempt(what, "aws-service-role/*", *what.break_glass)


def _and(condition: Statement, operator: str, key: str, values: list[str]) -> Statement:
    return {**condition, operator: {key: values}}


def _deny(
    sid: str, actions: Iterable[str], resources: Iterable[str], condition: Statement
) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": list(actions),
        "Resource": list(resources),
        "Condition": condition,
    }


def _policy(statements: list[Statement]) -> Statement:
    return {"Version": "2012-10-17", "Statement": statements}
