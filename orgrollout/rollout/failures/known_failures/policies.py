"""Denials that name the kind of policy: the policy is to be changed, and not the role."""

from orgrollout.rollout.failures.known_failures.known import TWICE, Known, known
from orgrollout.rollout.state.failure_classes import FailureClass

_IAM = "IAM user guide, Troubleshoot access denied error messages"
_ROLE = "arn:*:iam::*:role/stacksets-exec-*"
_OR = "(of a self-managed stack set: its execution role)"


def _denied(name: str, policy: str, advice: str) -> Known:
    """Return the row for one kind of policy, whether it denies or does not allow."""
    return known(
        name,
        FailureClass.POLICY,
        f"{advice}, then retry",
        words=r"(explicit deny in|because no|through|(denied|blocked) (by|due to|because of)) "
        rf"(a |an |the )?{policy}",
        everywhere=True,
        source=_IAM,
    )


def _not_allowed(name: str, policy: str, advice: str) -> Known:
    """Return the row for a policy that does not allow: something is missing, nothing forbids it."""
    return known(
        name,
        FailureClass.CONFIGURATION,
        f"{advice}, then retry",
        words=rf"because no {policy}",
        everywhere=True,
        attempts=TWICE,
        source=_IAM,
    )


KNOWN = (
    _not_allowed(
        "not-allowed-by-resource-policy",
        "resource-based polic",
        "allow the action in the resource's own policy (of the bucket, key, topic, queue)",
    ),
    _not_allowed(
        "not-allowed-by-trust-policy",
        "role trust polic",
        "let the trust policy of the role that is named trust the caller",
    ),
    _not_allowed(
        "not-allowed-by-identity-policy",
        "identity-based polic",
        "allow the action in an identity-based policy of the role that is named",
    ),
    _denied(
        "denied-by-service-control-policy",
        "(service control polic|SCP\\b)",
        f"exempt {_ROLE} in the service control policy {_OR}, or allow the action there",
    ),
    _denied(
        "denied-by-resource-control-policy",
        "(resource control polic|RCP\\b)",
        f"exempt {_ROLE} in the resource control policy {_OR}",
    ),
    _denied(
        "denied-by-permissions-boundary",
        "permissions boundary",
        "allow the action in the permissions boundary of the role that is named",
    ),
    _denied(
        "denied-by-session-policy",
        "sessions? polic",
        "allow the action in the session policy with which the role is assumed",
    ),
    _denied(
        "denied-by-endpoint-policy",
        "VPC endpoint polic",
        "allow the action in the policy of the VPC endpoint",
    ),
    _denied(
        "denied-by-resource-policy",
        "resource-based polic",
        "take the deny out of the resource's own policy (of the bucket, key, topic, queue), or "
        "exempt the role that is named there",
    ),
    _denied(
        "denied-by-trust-policy",
        "role trust polic",
        "take the deny out of the trust policy of the role that is named",
    ),
    _denied(
        "denied-by-identity-policy",
        "identity-based polic",
        "take the deny out of the identity-based policy of the role that is named",
    ),
    _denied(
        "denied-by-declarative-policy",
        r"(EC2 )?declarative polic",
        "change the organization's declarative policy, or leave the setting out of the template",
    ),
    known(
        "denied-by-tag-policy",
        FailureClass.POLICY,
        "give the tags the values that the organization's tag policy allows, then apply",
        codes="TagPolicyViolation TagPolicyException",
        words=r"tag policy does not allow",
        everywhere=True,
        source="AWS Organizations user guide, tag policies; hashicorp/terraform-provider-aws#35639",
    ),
    known(
        "early-validation",
        FailureClass.PERMANENT,
        "CloudFormation found before it began that a name is taken or a bucket is not empty: "
        "DescribeEvents of the stack names the resource",
        words=r"AWS::EarlyValidation::|early validation failed",
        everywhere=True,
        source="serverless/serverless#13248; aws-cloudformation/rain#744",
    ),
    known(
        "refused-by-hook",
        FailureClass.POLICY,
        "a CloudFormation hook refuses the resource (Control Tower's proactive controls are hooks):"
        " GetHookResult says what it wants; change the template, or exempt the stack set, then "
        "retry",
        codes="NonCompliant",
        words=r"hook\(s\)(/validation)? failed|hook (invocation )?failed with message"
        r"|hook\(s\) has failed|failed hook (check|validation)"
        r"|AWS::ControlTower::Hook|\bCT\.[A-Z0-9]{1,20}\.PR\.\d",
        everywhere=True,
        source="aws/aws-cdk#21674; aws/aws-cdk-cli#1198; botocore, cloudformation HandlerErrorCode",
    ),
    known(
        "public-access-blocked",
        FailureClass.CONFIGURATION,
        "S3 Block Public Access of the account keeps it out: take the public statement out of the "
        "template, or change that setting, then retry",
        words=r"S3 Block Public Access|by the Block(PublicPolicy|PublicAcls) ",
        everywhere=True,
        source="Amazon S3 user guide, Troubleshoot access denied (403 Forbidden) errors",
    ),
)
