"""Checks 38 and 39: who may assume the roles that look and repair, and what these may not do."""

from typing import Any

import pytest

from orgrollout.aws.permissions import MEMBER_WRITES, probe_policy
from tests.templates.support.policies import Request, actions, allows, as_list, statements_of
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import MANAGEMENT, MEMBER, ORGANIZATION, Place, resolve

PROBE, RESYNC = "orgrollout-resync-probe", "orgrollout-resync"
CALLER = f"arn:aws:iam::{MANAGEMENT}:role/Rollout"
ROOT = f"arn:aws:iam::{MANAGEMENT}:root"
KNOWN = {
    "sts:ExternalId": "base-7",
    "aws:PrincipalOrgID": ORGANIZATION,
    "aws:PrincipalArn": CALLER,
}
STACK = f"arn:aws:cloudformation:eu-west-1:{MEMBER}:stack/StackSet-base-config-1/2"
OTHER_STACK = f"arn:aws:cloudformation:eu-west-1:{MEMBER}:stack/payroll/2"
OURS = {"cloudformation:ChangeSetName": "or-r1-1-a1-2-3"}
BOUNDED = {"iam:PermissionsBoundary": f"arn:aws:iam::{MEMBER}:policy/orgrollout-boundary"}
REWRITES = ("iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary")
THROUGH = {"aws:CalledVia": "cloudformation.amazonaws.com"}
INLINE_LIMIT = 10_240  # characters of all inline policies of a role (IAM quotas)


def roles(templates: Templates) -> dict[str, dict[str, Any]]:
    stack = resolve(templates.document("resync-role"), Place())
    return {each["RoleName"]: each for each in stack.of_type("AWS::IAM::Role")}


def may(templates: Templates, role: str, action: str, resource: str, **context: str) -> bool:
    """Return whether a role's own policies let something through."""
    policy = {"Statement": statements_of(roles(templates)[role])}
    asked = Request(principal=role, action=action, resource=resource, context=context)
    return allows(policy, asked)


def test_check_38_only_the_one_caller_who_says_the_external_id_gets_in(
    templates: Templates,
) -> None:
    """Each of the three alone keeps others out."""
    for role in roles(templates).values():
        trust = role["AssumeRolePolicyDocument"]

        def enters(principal: str = ROOT, /, **context: str) -> bool:
            asked = Request(
                principal=principal, action="sts:AssumeRole", resource="*", context=context
            )
            return allows(trust, asked)  # noqa: B023 - called in the same turn

        assert enters(**KNOWN)
        assert not enters("arn:aws:iam::222222222222:root", **KNOWN)
        assert not enters(**{**KNOWN, "sts:ExternalId": "another"})
        assert not enters(**{**KNOWN, "aws:PrincipalOrgID": "o-zzzzzzzzzz"})
        assert not enters(**{**KNOWN, "aws:PrincipalArn": f"{CALLER}2"})
        assert not enters(
            **{**KNOWN, "aws:PrincipalArn": f"arn:aws:iam::{MANAGEMENT}:user/Rollout"}
        )
        for missing in KNOWN:
            assert not enters(**{key: value for key, value in KNOWN.items() if key != missing})


def test_check_38_a_caller_is_one_role_and_a_session_is_short(templates: Templates) -> None:
    document = templates.document("resync-role")
    for wrong in ("*", "Roll*", "", "a b", "/Rollout"):
        with pytest.raises(ValueError, match="CallerRole"):
            resolve(document, CallerRole=wrong)
    resolve(document, CallerRole="aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_1a")
    for wrong in ("", "a", "a b", "*"):
        with pytest.raises(ValueError, match="ExternalId"):
            resolve(document, ExternalId=wrong)
    assert {role["MaxSessionDuration"] for role in roles(templates).values()} == {3600}


def test_check_39_the_probe_role_may_look_and_nothing_else(templates: Templates) -> None:
    """It is allowed what the program reads with it, but for what preflight asks elsewhere."""
    (probe,) = probe_policy()["Statement"]
    allowed = set(actions(statements_of(roles(templates)[PROBE])))
    assert set(probe["Action"]) - {"iam:GetRole"} <= allowed
    assert all(name.split(":")[1].startswith(("Describe", "Get", "Lookup")) for name in allowed)
    assert not may(templates, PROBE, "cloudformation:DescribeStackResource", OTHER_STACK)


def test_check_39_everything_that_mends_posture_is_allowed(templates: Templates) -> None:
    for service, names in MEMBER_WRITES.items():
        for name in names:
            assert f"{service}:{name}" in actions(statements_of(roles(templates)[RESYNC])), name


def test_check_39_change_sets_are_ours_and_of_stack_sets_stacks_only(templates: Templates) -> None:
    """Neither another template's URL, nor a service role, nor a resource may come in with one.

    That a template of its own comes with the request itself, IAM cannot tell.
    """
    create = "cloudformation:CreateChangeSet"
    assert may(templates, RESYNC, create, STACK, **OURS)
    assert not may(templates, RESYNC, create, OTHER_STACK, **OURS)
    assert not may(templates, RESYNC, create, STACK)
    assert not may(templates, RESYNC, create, STACK, **{"cloudformation:ChangeSetName": "release"})
    for more in (
        "cloudformation:ImportResourceTypes",
        "cloudformation:TemplateUrl",
        "cloudformation:RoleArn",
    ):
        assert not may(templates, RESYNC, create, STACK, **OURS, **{more: "something"})
    for name in ("ExecuteChangeSet", "DeleteChangeSet", "DescribeChangeSet"):
        assert may(templates, RESYNC, f"cloudformation:{name}", STACK, **OURS)
        assert not may(templates, RESYNC, f"cloudformation:{name}", OTHER_STACK, **OURS)
    assert may(templates, RESYNC, "cloudformation:DetectStackDrift", STACK)


FORBIDDEN = (
    "cloudformation:UpdateStack",
    "cloudformation:DeleteStack",
    "cloudformation:CreateStack",
    "cloudformation:CancelUpdateStack",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateTerminationProtection",
    "cloudformation:CreateStackSet",
    "sts:AssumeRole",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:AttachRolePolicy",
    "iam:CreateUser",
    "iam:CreateAccessKey",
    "iam:PutUserPolicy",
    "iam:CreatePolicyVersion",
    "config:DeleteConfigurationRecorder",
    "config:StopConfigurationRecorder",
    "config:DeleteConfigRule",
    "config:DeleteDeliveryChannel",
    "ec2:DeleteFlowLogs",
    "ssm:UpdateDocument",
    "ssm:DeleteDocument",
    "ssm:SendCommand",
    "lambda:InvokeFunction",
    "lambda:AddPermission",
    "logs:DeleteLogGroup",
    "s3:GetObject",
    "s3:PutBucketPolicy",
)


def test_check_39_what_deletes_escalates_or_leads_elsewhere_is_not_allowed(
    templates: Templates,
) -> None:
    for role in roles(templates):
        for action in FORBIDDEN:
            for context in ({}, THROUGH, OURS):
                for resource in ("*", STACK, f"arn:aws:iam::{MEMBER}:role/{RESYNC}"):
                    assert not may(templates, role, action, resource, **context), action


def test_check_39_only_named_roles_are_changed_and_only_by_cloudformation(
    templates: Templates,
) -> None:
    """Not those that look and repair: whoever had them could lend himself more.

    By CloudFormation is no more than it says: a change set may carry a template of its own, so a
    session that is stolen may rewrite the named roles (docs/posture.md).
    """
    ours = f"arn:aws:iam::{MEMBER}:role/orgrollout-flowlogs-remediation"
    other_way = {**BOUNDED, "aws:CalledVia": "athena.amazonaws.com"}
    for action in (*REWRITES, "iam:UpdateAssumeRolePolicy"):
        assert may(templates, RESYNC, action, ours, **THROUGH, **BOUNDED)
        assert not may(templates, RESYNC, action, ours, **BOUNDED)
        assert not may(templates, RESYNC, action, ours, **other_way)
        for other in ("Admin", PROBE, RESYNC, "orgrollout-probe", "orgrollout-config-recorder"):
            arn = f"arn:aws:iam::{MEMBER}:role/{other}"
            assert not may(templates, RESYNC, action, arn, **THROUGH, **BOUNDED)
    writes = ("Put", "Update", "Tag", "Untag", "Delete", "CreateFunction", "CreateLogGroup")
    for statement in statements_of(roles(templates)[RESYNC]):
        named = [a.split(":")[1] for a in as_list(statement["Action"])]
        if any(n.startswith(writes) and n != "DeleteChangeSet" for n in named):
            called = statement["Condition"]["ForAnyValue:StringEquals"]["aws:CalledVia"]
            assert called == ["cloudformation.amazonaws.com"], statement["Sid"]


def boundaries(templates: Templates) -> dict[str, dict[str, Any]]:
    """Return the policies that the baseline's roles have as boundary, by name."""
    document = templates.document("account-roles")
    stack = resolve(document, Destination="cloud-watch-logs")
    found = stack.of_type("AWS::IAM::ManagedPolicy")
    return {each["ManagedPolicyName"]: each["PolicyDocument"] for each in found}


def test_check_47_no_role_without_a_boundary_is_rewritten(templates: Templates) -> None:
    """Nor is a boundary taken away, or replaced by one that is no boundary of ours."""
    ours = f"arn:aws:iam::{MEMBER}:role/orgrollout-flowlogs-remediation"
    other = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
    for action in REWRITES:
        assert not may(templates, RESYNC, action, ours, **THROUGH)
        assert not may(templates, RESYNC, action, ours, **THROUGH, **other)
    for action in ("iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion"):
        assert not may(templates, RESYNC, action, ours, **THROUGH, **BOUNDED)


def test_check_47_each_role_that_is_rewritten_has_a_boundary_that_lets_it_work(
    templates: Templates,
) -> None:
    rewritten = {
        arn.rsplit("/", 1)[1]
        for statement in statements_of(roles(templates)[RESYNC])
        for arn in as_list(statement["Resource"])
        if set(as_list(statement["Action"])) & {*REWRITES, "iam:UpdateAssumeRolePolicy"}
    }
    assert len(rewritten) == 3
    for destination in ("s3", "cloud-watch-logs"):
        stack = resolve(templates.document("account-roles"), Destination=destination)
        for role in stack.of_type("AWS::IAM::Role"):
            bounded = "PermissionsBoundary" in role
            assert bounded == (role["RoleName"] in rewritten), role["RoleName"]
            if bounded:
                boundary = boundaries(templates)[role["PermissionsBoundary"]]
                missing = [s for s in statements_of(role) if not within(s, boundary)]
                assert not missing, role["RoleName"]


def within(statement: dict[str, Any], boundary: dict[str, Any]) -> bool:
    """Return whether a boundary lets all of a statement through."""
    return any(
        set(as_list(statement["Action"])) <= set(as_list(each["Action"]))
        and set(as_list(statement["Resource"])) <= set(as_list(each["Resource"]))
        and each.get("Condition") == statement.get("Condition")
        for each in boundary["Statement"]
    )


# What a caller with a session of the role that repairs may still do, by rewriting a role.
REMAINS = {
    "orgrollout-boundary": {
        "ec2:CreateFlowLogs",
        "ec2:CreateTags",
        "ec2:DeleteFlowLogs",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeVpcs",
        "iam:CreateServiceLinkedRole",
        "iam:GetRole",
        "iam:PassRole",
        "logs:CreateLogDelivery",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:PutLogEvents",
        "logs:PutRetentionPolicy",
    },
    "orgrollout-delivery-boundary": {
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    },
}


def test_check_47_a_stolen_session_makes_no_administrator(templates: Templates) -> None:
    """The boundary is the most that a rewritten role may do; docs/posture.md lists it."""
    found = boundaries(templates)
    assert {name: set(actions(policy["Statement"])) for name, policy in found.items()} == REMAINS
    for policy in found.values():
        for action in (*FORBIDDEN, "ec2:RunInstances", "kms:Decrypt", "iam:PutRolePolicy"):
            if action == "ec2:DeleteFlowLogs":
                continue  # those with our tag; checked with the role
            for resource in ("*", f"arn:aws:iam::{MEMBER}:role/Admin"):
                asked = Request(principal="r", action=action, resource=resource, context=THROUGH)
                assert not allows(policy, asked), action
        theirs = Request(
            principal="r",
            action="ec2:DeleteFlowLogs",
            resource=f"arn:aws:ec2:eu-west-1:{MEMBER}:vpc-flow-log/fl-1",
        )
        assert not allows(policy, theirs)


FUNCTION = f"arn:aws:lambda:us-east-1:{MEMBER}:function:orgrollout-ensure-config-role"
LOG_GROUP = f"arn:aws:logs:us-east-1:{MEMBER}:log-group:/aws/lambda/orgrollout-ensure-config-role:*"


@pytest.mark.parametrize(
    ("action", "ours", "other"),
    [
        ("lambda:CreateFunction", FUNCTION, FUNCTION.replace("ensure", "another")),
        ("logs:CreateLogGroup", LOG_GROUP, LOG_GROUP.replace("ensure", "another")),
    ],
)
def test_check_39_what_is_gone_of_the_baseline_is_made_again_by_cloudformation_only(
    templates: Templates, action: str, ours: str, other: str
) -> None:
    assert may(templates, RESYNC, action, ours, **THROUGH)
    assert not may(templates, RESYNC, action, ours)
    assert not may(templates, RESYNC, action, other, **THROUGH)


def test_check_39_roles_are_handed_over_to_their_own_service_only(templates: Templates) -> None:
    role = f"arn:aws:iam::{MEMBER}:role/"
    to_ssm = {"iam:PassedToService": "ssm.amazonaws.com"}
    assert may(
        templates, RESYNC, "iam:PassRole", f"{role}orgrollout-flowlogs-remediation", **to_ssm
    )
    assert not may(templates, RESYNC, "iam:PassRole", f"{role}orgrollout-flowlogs-remediation")
    assert not may(templates, RESYNC, "iam:PassRole", f"{role}Admin", **to_ssm)
    to_ec2 = {"iam:PassedToService": "ec2.amazonaws.com"}
    assert not may(
        templates, RESYNC, "iam:PassRole", f"{role}orgrollout-flowlogs-remediation", **to_ec2
    )


def test_check_39_only_documents_of_stack_sets_are_started(templates: Templates) -> None:
    start, documents = "ssm:StartAutomationExecution", f"arn:aws:ssm:eu-west-1:{MEMBER}:"
    ours = f"{documents}automation-definition/StackSet-base-Runbook:1"
    assert may(templates, RESYNC, start, ours)
    assert not may(templates, RESYNC, start, f"{documents}automation-definition/AWS-RunShell:1")


def test_check_39_policies_of_your_own_are_added_by_name(templates: Templates) -> None:
    document = templates.document("resync-role")
    arns = "arn:aws:iam::aws:policy/A,arn:aws:iam::aws:policy/B"
    with_more = resolve(document, MorePolicyArns=arns).of_type("AWS::IAM::Role")
    added = {r["RoleName"]: r.get("ManagedPolicyArns") for r in with_more}
    assert added == {PROBE: None, RESYNC: arns.split(",")}
    assert all("ManagedPolicyArns" not in role for role in roles(templates).values())


def test_check_39_inline_policies_fit_with_the_longest_prefix(templates: Templates) -> None:
    stack = resolve(templates.document("resync-role"), NamePrefix="a" * 20)
    for role in stack.of_type("AWS::IAM::Role"):
        text = "".join(str(policy["PolicyDocument"]) for policy in role["Policies"])
        assert len(text.replace(" ", "")) < INLINE_LIMIT
