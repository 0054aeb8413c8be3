"""What the printed policies deny, to whom; calls by principals, decided by the sandbox's IAM."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from orgrollout.bootstrap.protected import protected_by
from orgrollout.bootstrap.protection import (
    LIMIT,
    Protected,
    as_text,
    resource_control_policy,
    service_control_policy,
)
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.template.resource_needs import all_needs
from orgrollout.sandbox.organization.service_control_policies import Asked, decide
from tests.paths import MANIFESTS, STACKSETS

ACCOUNT, ORGANIZATION = "123456789012", "o-a1b2c3d4e5"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
ADMIN, ROOT = f"{ROLE}Admin", f"arn:aws:iam::{ACCOUNT}:root"
STACK_SETS = f"{ROLE}stacksets-exec-c2f6a349c14169d235450f9b214de3d1"
RESYNC, RUNBOOK = f"{ROLE}orgrollout-resync", f"{ROLE}orgrollout-flowlogs-remediation"
BREAK_GLASS = f"{ROLE}BreakGlass"
LINKED = f"{ROLE}aws-service-role/member.org.stacksets.cloudformation.amazonaws.com/x"
TAG = {"aws:ResourceTag/orgrollout:name-prefix": "orgrollout"}
KEY = {"kms:ResourceAliases": "alias/orgrollout-log-archive"}
STACK = "StackSet-security-baseline-config-regional-0a1b"
FLOW_LOG = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc-flow-log/fl-1"
ARCHIVE = "arn:aws:s3:::orgrollout-flowlogs-111122223333-us-east-1-an"
HERE = f"eu-west-1:{ACCOUNT}"

REPAIRERS = {STACK_SETS, RESYNC}
TELL = f"arn:aws:events:{HERE}:rule/orgrollout-tamper/orgrollout-tamper-tell"
STACK_ARN = f"arn:aws:cloudformation:{HERE}:stack/{STACK}/1"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"
DOCUMENT = f"arn:aws:ssm:{HERE}:document/{STACK}-Runbook"

# Action, resource, what IAM knows, and who of ours may do it besides the break-glass role.
CALLS: list[tuple[str, str, Mapping[str, str], set[str]]] = [
    ("ec2:DeleteFlowLogs", FLOW_LOG, TAG, REPAIRERS | {RUNBOOK}),
    ("ec2:DeleteTags", FLOW_LOG, TAG, REPAIRERS | {RUNBOOK}),
    ("config:StopConfigurationRecorder", "*", {}, REPAIRERS),
    ("config:DeleteConfigurationRecorder", "*", {}, REPAIRERS),
    ("config:PutConfigurationRecorder", "*", {}, REPAIRERS),
    ("config:DeleteDeliveryChannel", "*", {}, REPAIRERS),
    ("config:PutDeliveryChannel", "*", {}, REPAIRERS),
    ("iam:DeleteRole", RUNBOOK, {}, REPAIRERS),
    ("iam:CreateRole", f"{ROLE}orgrollout-new", {}, REPAIRERS),
    ("iam:PutRolePolicy", RESYNC, {}, REPAIRERS),
    ("iam:UpdateAssumeRolePolicy", RESYNC, {}, REPAIRERS),
    ("iam:PassRole", RUNBOOK, {}, REPAIRERS | {RUNBOOK}),
    ("iam:CreateRole", f"{ROLE}stacksets-exec-mine", {}, {LINKED}),
    ("iam:UpdateAssumeRolePolicy", STACK_SETS, {}, {LINKED}),
    ("iam:AttachRolePolicy", STACK_SETS, {}, {LINKED}),
    ("ssm:UpdateDocument", DOCUMENT, {}, REPAIRERS),
    ("ssm:DeleteDocument", DOCUMENT, {}, REPAIRERS),
    *(
        (f"cloudformation:{call}", STACK_ARN, {}, REPAIRERS)
        for call in ("DeleteStack", "UpdateStack", "CreateChangeSet", "ExecuteChangeSet")
    ),
    ("events:DisableRule", f"arn:aws:events:{HERE}:rule/orgrollout-tamper-roles", {}, REPAIRERS),
    ("events:DeleteRule", TELL, {}, REPAIRERS),
    ("events:DeleteEventBus", f"arn:aws:events:{HERE}:event-bus/orgrollout-tamper", {}, REPAIRERS),
    ("sns:DeleteTopic", f"arn:aws:sns:{HERE}:orgrollout-tamper", {}, REPAIRERS),
    ("s3:DeleteBucket", ARCHIVE, {}, REPAIRERS),
    ("s3:DeleteBucketPolicy", ARCHIVE, {}, REPAIRERS),
    ("s3:PutLifecycleConfiguration", ARCHIVE, {}, REPAIRERS),
    ("s3:DeleteObjectVersion", f"{ARCHIVE}/AWSLogs/1", {}, set()),
    ("s3:BypassGovernanceRetention", f"{ARCHIVE}/AWSLogs/1", {}, set()),
    ("kms:ScheduleKeyDeletion", KEY_ARN, KEY, REPAIRERS),
    ("kms:DisableKey", KEY_ARN, KEY, REPAIRERS),
]  # fmt: skip
OTHERS: list[tuple[str, str, Mapping[str, str]]] = [  # what is none of ours, or is no tampering
    ("ec2:DeleteFlowLogs", FLOW_LOG, {"aws:ResourceTag/owner": "network"}),
    ("ec2:CreateFlowLogs", FLOW_LOG, TAG),
    ("config:DeleteConfigRule", f"arn:aws:config:{HERE}:config-rule/config-rule-1", {}),
    ("config:StartConfigurationRecorder", "*", {}),
    ("iam:CreateRole", f"{ROLE}payroll", {}),
    ("iam:PassRole", f"{ROLE}payroll", {}),
    ("iam:GetRole", RESYNC, {}),
    ("ssm:UpdateDocument", f"arn:aws:ssm:{HERE}:document/payroll", {}),
    ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/payroll/1", {}),
    ("events:DisableRule", f"arn:aws:events:{HERE}:rule/payroll", {}),
    ("s3:GetObject", f"{ARCHIVE}/AWSLogs/1", {}),
    ("s3:DeleteObject", "arn:aws:s3:::payroll/1", {}),
    ("kms:ScheduleKeyDeletion", KEY_ARN, {"kms:ResourceAliases": "alias/x"}),
]  # fmt: skip


def protected(name: str = "security-baseline", *, every_rule: bool = False) -> Protected:
    loaded = load_manifest(MANIFESTS / f"{name}.yaml")
    return protected_by(loaded, break_glass=("BreakGlass",), every_rule=every_rule)


def denied(
    policy: Mapping[str, list[Mapping[str, object]]],
    principal: str,
    action: str,
    resource: str,
    context: Mapping[str, str],
) -> bool:
    known = {"aws:PrincipalArn": principal, "aws:PrincipalOrgID": ORGANIZATION, **context}
    asked = Asked(action=action, resource=resource, context=known)
    return decide(policy["Statement"], asked) == "Deny"


@pytest.mark.parametrize(("action", "resource", "context", "allowed"), CALLS)
def test_tampering_is_denied_to_all_but_ours(
    action: str, resource: str, context: Mapping[str, str], allowed: set[str]
) -> None:
    policy = service_control_policy(protected())
    for principal in (ADMIN, ROOT, f"{RESYNC}-2", f"{ROLE}my-stacksets-exec-1"):
        assert denied(policy, principal, action, resource, context), principal
    for principal in (BREAK_GLASS, *allowed):
        assert not denied(policy, principal, action, resource, context), principal
    for principal in {STACK_SETS, RESYNC, RUNBOOK} - allowed:
        assert denied(policy, principal, action, resource, context), principal


@pytest.mark.parametrize(("action", "resource", "context"), OTHERS)
def test_what_is_not_ours_is_let_through(
    action: str, resource: str, context: Mapping[str, str]
) -> None:
    what = protected()
    for policy in (service_control_policy(what), resource_control_policy(what)):
        assert not denied(policy, ADMIN, action, resource, context)


def test_every_rule_is_protected_only_when_asked_for() -> None:
    """The ARN of a rule holds an id, so that it would be every team's."""
    asked: tuple[str, str, dict[str, str]] = (
        "config:DeleteConfigRule",
        f"arn:aws:config:{HERE}:config-rule/config-rule-1",
        {},
    )
    policy = service_control_policy(protected(every_rule=True))
    assert denied(policy, ADMIN, *asked)
    assert not denied(policy, STACK_SETS, *asked)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in STACKSETS.glob("*.yaml")))
def test_all_that_stack_sets_does_for_a_template_is_let_through(name: str) -> None:
    """Every permission of the types' own schemas, on all of what the policies name.

    But for what belongs to the role of StackSets itself, and for objects, which the schema of
    buckets names and CloudFormation leaves alone.
    """
    what = protected(every_rule=True)
    needs = all_needs((STACKSETS / f"{name}.yaml").read_text("utf-8"), ["us-east-1"])
    needs = tuple(each for each in needs if not each.startswith("s3:DeleteObject"))
    assert needs
    for policy in (service_control_policy(what), resource_control_policy(what)):
        for statement in policy["Statement"]:
            if statement["Sid"] in ("RolesOfStackSets", "ArchivedLogs"):
                continue
            for resource in statement["Resource"]:
                for action in needs:
                    some = resource.replace("*", "x")
                    assert not denied(policy, STACK_SETS, action, some, {**TAG, **KEY}), action


def test_the_archive_is_closed_to_strangers_and_open_to_services() -> None:
    policy = resource_control_policy(protected())
    put = ("s3:PutObject", f"{ARCHIVE}/AWSLogs/1")
    stranger = "arn:aws:iam::666666666666:role/x"
    theirs = {"aws:PrincipalOrgID": "o-zzzzzzzzzz", "aws:PrincipalIsAWSService": "false"}
    assert denied(policy, stranger, *put, theirs)
    assert denied(policy, stranger, "sts:AssumeRole", RESYNC, theirs)
    assert not denied(policy, ADMIN, *put, {"aws:PrincipalIsAWSService": "false"})
    asked = Asked(action=put[0], resource=put[1], context={"aws:PrincipalIsAWSService": "true"})
    assert decide(policy["Statement"], asked) is None
    for action, resource, context, _ in CALLS:
        if action.startswith(("s3:", "kms:")):
            assert denied(policy, ADMIN, action, resource, context)
            assert not denied(policy, BREAK_GLASS, action, resource, context)


SHIPPED = [
    path.stem
    for path in sorted(MANIFESTS.glob("*.yaml"))
    if "builtin:" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_policy_fits_for_each_shipped_manifest(name: str) -> None:
    for policy in (
        service_control_policy(protected(name, every_rule=True)),
        resource_control_policy(protected(name, every_rule=True)),
    ):
        text = as_text(policy)
        assert len(text) <= LIMIT
        assert json.loads(text) == policy


def test_it_fits_with_the_longest_prefix_and_several_exempt_roles(tmp_path: Path) -> None:
    text = (MANIFESTS / "security-baseline.yaml").read_text("utf-8")
    manifest = yaml.safe_load(text)
    for stack_set in manifest["stack_sets"].values():
        stack_set.setdefault("parameters", {})["NamePrefix"] = "a" * 20
    path = tmp_path / "manifest.yaml"
    path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
    exempt = ("BreakGlass", "AWSControlTowerExecution")
    what = protected_by(load_manifest(path), break_glass=exempt, every_rule=True)
    assert what.prefixes == ("a" * 20,)
    assert 0 < len(as_text(service_control_policy(what))) <= LIMIT
    assert 0 < len(as_text(resource_control_policy(what))) <= LIMIT
