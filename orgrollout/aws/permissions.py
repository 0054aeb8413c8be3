"""What whom has to be allowed: the one source of the policies that are printed and documented.

- The planner looks at everything and changes nothing: `plan`, `explain`, `coverage`, `preflight`.
- The operator does what the planner does, and carries plans out.
- The auditor looks at what is deployed, and not at policies or into accounts.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgrollout.aws.stack_sets.template_bucket import bucket_and_prefix
from orgrollout.aws.transport.reads import CENTRAL, MEMBER, by_service
from orgrollout.posture.registry import reads, repairs

# What a rollout sends besides the reads. AWS asks for no permission to find out who is calling.
WRITES: Mapping[str, frozenset[str]] = {
    "cloudformation": frozenset(
        {
            "CreateStackInstances",
            "CreateStackSet",
            "DeleteStackInstances",
            "DeleteStackSet",
            "DetectStackSetDrift",
            "ImportStacksToStackSet",
            "StopStackSetOperation",
            "UpdateStackInstances",
            "UpdateStackSet",
        }
    ),
}
# Tags of a stack set need these besides (TagResource, CloudFormation's service authorization).
_TAGGING = ("cloudformation:TagResource", "cloudformation:UntagResource")
_JOURNAL = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
# Sent in member accounts, through the role that repairs: what changes something there, and what
# that is looked at with.
MEMBER_WRITES: Mapping[str, frozenset[str]] = {
    "cloudformation": frozenset(
        {
            "CreateChangeSet",
            "DeleteChangeSet",
            "DescribeChangeSet",
            "DescribeStackDriftDetectionStatus",
            "DescribeStackEvents",
            "DescribeStackResourceDrifts",
            "DescribeStacks",
            "DetectStackDrift",
            "ExecuteChangeSet",
        }
    ),
    **by_service(call.api for call in repairs()),
}
# Sent by the process that finds something to report, to the places that the manifest names.
TELLS: Mapping[str, frozenset[str]] = {
    "events": frozenset({"PutEvents"}),
    "secretsmanager": frozenset({"GetSecretValue"}),
    "sns": frozenset({"Publish"}),
}
_UNASKED = frozenset({"sts:GetCallerIdentity"})
ASSUME = "sts:AssumeRole"
_OF_POLICIES = frozenset(
    {
        "organizations:ListPolicies",
        "organizations:DescribePolicy",
        "organizations:ListTargetsForPolicy",
    }
)

Statement = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What the policies of one manifest are narrowed to."""

    partition: str = "aws"
    administration_roles: tuple[str, ...] = ()  # ARNs; of self-managed stack sets
    journal_bucket: str | None = None
    template_bucket: str | None = None  # s3://BUCKET/PREFIX
    probe_role: str | None = None
    member_roles: tuple[str, ...] = ()  # names; that drift is looked at and repaired with
    told: tuple[str, ...] = ()  # ARNs of topics, event buses, and secrets with webhooks
    stack_sets: tuple[str, ...] = ("*",)  # names; none but these are changed
    home_region: str = "*"  # where they live


def read_actions() -> frozenset[str]:
    """Return the IAM action of every read that the program makes, wherever it makes it.

    But for those of buckets, which are named one by one.
    """
    return _central() | _in_member_accounts()


def planner_policy(scope: Scope) -> dict[str, Any]:
    """Return the policy of who plans: every read, and nothing else."""
    own = _central() - _UNASKED - {ASSUME}
    looking = (*_looking_in_member_accounts(scope), *_finding_templates(scope))
    return document([allow("Read", own), *looking, *_journal(scope)])


def operator_policy(scope: Scope) -> dict[str, Any]:
    """Return the policy of who carries plans out: what the planner may, and stack sets."""
    writes = [f"{service}:{name}" for service, names in WRITES.items() for name in names]
    resources = [*_places(scope), f"arn:{scope.partition}:cloudformation:*:*:type/resource/*"]
    planner: list[Statement] = planner_policy(scope)["Statement"]
    rolling_out = allow("RollOut", [*writes, *_TAGGING], resources)
    statements = [*planner, rolling_out, *_keeping_templates(scope)]
    if scope.administration_roles:
        statements.append(allow("HandOverRoles", ["iam:PassRole"], scope.administration_roles))
    if scope.member_roles:
        arns = (f"arn:{scope.partition}:iam::*:role/{name}" for name in scope.member_roles)
        statements.append(allow("RepairInMemberAccounts", [ASSUME], tuple(arns)))
    return document([*statements, *_notifying(scope)])


def _notifying(scope: Scope) -> Iterator[Statement]:
    """Yield what sends notices; the service of an ARN tells what is called with it."""
    for service, names in TELLS.items():
        arns = tuple(arn for arn in scope.told if arn.split(":")[2] == service)
        if arns:
            tells = [f"{service}:{name}" for name in names]
            yield allow(f"Notify{service.capitalize()}", tells, arns)


def _places(scope: Scope) -> list[str]:
    """Return the stack sets that may be changed, and their targets.

    Their ARNs hold NAME:ID (resource types of CloudFormation, Service Authorization Reference), and
    an account that is the management account's also where a delegated administrator calls.
    """
    base = f"arn:{scope.partition}:cloudformation"
    names = ["*" if name == "*" else f"{name}:*" for name in scope.stack_sets]
    return [
        *(f"{base}:{scope.home_region}:*:stackset/{name}" for name in names),
        *(f"{base}:*:*:stackset-target/{name}" for name in names),
    ]


def auditor_policy(scope: Scope) -> dict[str, Any]:
    """Return the policy of who looks at what is deployed: coverage, explanations, rollouts."""
    services = ("cloudformation:", "organizations:", "account:")
    own = (a for a in _central() - _OF_POLICIES if a.startswith(services))
    return document([allow("Read", own), *_journal(scope, write=False)])


def probe_policy() -> dict[str, Any]:
    """Return the policy of a role that posture and `preflight` look through in member accounts."""
    return document([allow("LookInMemberAccounts", _in_member_accounts())])


def _central() -> frozenset[str]:
    """Return the actions of the reads that are made with the caller's own permissions."""
    apis = (f"{service}:{name}" for service, names in CENTRAL.items() for name in names)
    return frozenset(api for api in apis if not api.startswith("s3:"))


def _in_member_accounts() -> frozenset[str]:
    """Return the actions of the reads that are made in member accounts."""
    named = {call.api: call.iam_action for call in reads()}
    apis = (f"{service}:{name}" for service, names in MEMBER.items() for name in names)
    return frozenset(named.get(api, api) for api in apis)


def _looking_in_member_accounts(scope: Scope) -> list[Statement]:
    if scope.probe_role is None:
        return []
    return [
        allow(
            "LookInMemberAccounts",
            [ASSUME],
            [f"arn:{scope.partition}:iam::*:role/{scope.probe_role}"],
        )
    ]


def _finding_templates(scope: Scope) -> list[Statement]:
    """Return what looking at the bucket of templates takes (HeadBucket: s3:ListBucket)."""
    if scope.template_bucket is None:
        return []
    bucket, _ = bucket_and_prefix(scope.template_bucket)
    where = f"arn:{scope.partition}:s3:::{bucket}"
    return [allow("FindTemplates", ["s3:ListBucket"], [where])]


def _keeping_templates(scope: Scope) -> list[Statement]:
    """Return what it takes to put templates there, and to have CloudFormation read them."""
    if scope.template_bucket is None:
        return []
    bucket, prefix = bucket_and_prefix(scope.template_bucket)
    where = f"arn:{scope.partition}:s3:::{bucket}/{prefix}*"
    return [allow("KeepTemplates", ["s3:GetObject", "s3:PutObject"], [where])]


def _journal(scope: Scope, *, write: bool = True) -> list[Statement]:
    if scope.journal_bucket is None:
        return []
    bucket = f"arn:{scope.partition}:s3:::{scope.journal_bucket}"
    objects = _JOURNAL if write else ("s3:GetObject",)
    return [
        allow("FindJournal", ["s3:ListBucket"], [bucket]),
        allow("KeepJournal" if write else "ReadJournal", objects, [f"{bucket}/*"]),
    ]


def allow(sid: str, actions: Iterable[str], resources: Iterable[str] = ("*",)) -> Statement:
    """Return a statement that allows each action once."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(set(actions)),
        "Resource": list(resources),
    }


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return a policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}
