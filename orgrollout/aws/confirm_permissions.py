"""What `confirm` has to be allowed: derived from what its experiments declare."""

from typing import Any

from orgrollout.aws.permissions import ASSUME, Scope, allow, document
from orgrollout.confirm.ground import PREFIX
from orgrollout.confirm.registry import EXPERIMENTS
from orgrollout.confirm.removal import CALLS

# To find out who calls, where the accounts are, and what earlier runs left,
# and whether they still go on.
_READS = (
    "account:ListRegions",
    "cloudformation:ListStackSetOperations",
    "cloudformation:ListStackSets",
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:ListDelegatedAdministrators",
    "organizations:ListParents",
)
# What CloudFormation does with the parameter of a stack, as the session that executes a change set.
_BY_CHANGE_SET = (
    "ssm:AddTagsToResource",
    "ssm:GetParameters",
    "ssm:ListTagsForResource",
    "ssm:PutParameter",
    "ssm:RemoveTagsFromResource",
)
_READING = ("Describe", "List")


def confirm_policy(scope: Scope) -> dict[str, Any]:
    """Return the policy of who runs `confirm`: its own stack sets, and reads."""
    sent = {f"cloudformation:{name}" for name in calls()}
    reads = {each for each in sent if each.partition(":")[2].startswith(_READING)}
    statements = [
        allow("Read", {*_READS, *reads}),
        allow("Experiment", sent - reads, _places(scope)),
    ]
    if scope.probe_role is not None:
        role = f"arn:{scope.partition}:iam::*:role/{scope.probe_role}"
        statements.append(allow("LookInCanaryAccount", [ASSUME], [role]))
    return document(statements)


def confirm_role_policy(scope: Scope) -> dict[str, Any]:
    """Return the policy of the role that `confirm` looks into the canary account with."""
    stacks = f"arn:{scope.partition}:cloudformation:*:*:stack/StackSet-{PREFIX}*/*"
    parameters = f"arn:{scope.partition}:ssm:*:*:parameter/{PREFIX}*"
    sent = [f"cloudformation:{name}" for name in member_calls()]
    return document(
        [
            allow("LookAtStacks", sent, [stacks]),
            allow("ByChangeSet", _BY_CHANGE_SET, [parameters]),
        ]
    )


def calls() -> frozenset[str]:
    """Return the operations of CloudFormation that are sent in the caller's account."""
    return CALLS.union(*(each.calls for each in EXPERIMENTS))


def member_calls() -> frozenset[str]:
    """Return the operations of CloudFormation that are sent in the canary account."""
    return frozenset().union(*(each.member_calls for each in EXPERIMENTS))


def _places(scope: Scope) -> tuple[str, ...]:
    """Return the stack sets of experiments, and their targets, as `operator_policy` has them."""
    base = f"arn:{scope.partition}:cloudformation"
    return (
        f"{base}:{scope.home_region}:*:stackset/{PREFIX}*:*",
        f"{base}:*:*:stackset-target/{PREFIX}*:*",
        f"{base}:*:*:type/resource/*",
    )
