"""`bootstrap` shows missing setup in words, commands and a template, and runs nothing of it."""

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from orgrollout.aws.permissions import Scope, planner_policy
from orgrollout.manifest.lint import lint_templates
from orgrollout.manifest.load import load_manifest
from tests.bootstrap.aws_cli import check_command, commands_of
from tests.cli.support import Program
from tests.stage import LAB

pytestmark = pytest.mark.slow

SELF = {"topics": {"template": "topic.yaml", "permission_model": "self_managed"}}
VIEW = {"view": {"template": "builtin:org-aggregator", "targets": {"accounts": [LAB[0]]}}}
TOPICS = {"topics": {"template": "topic.yaml"}}


def steps(program: Program, **changes: Any) -> dict[str, dict[str, Any]]:
    ran = program("bootstrap", program.manifest(**changes), "--format", "json")
    assert ran.code == 0, ran.err
    assert program.writes() == []
    return {step["what"]: step for step in ran.json["steps"]}


def test_existing_steps_are_done_and_missing_ones_are_needed(program: Program) -> None:
    found = steps(program, stack_sets={**TOPICS, **VIEW})

    assert found["trusted access of StackSets"]["state"] == "done"
    config = found[f"delegated administrator {LAB[0]} for config.amazonaws.com"]
    assert config["state"] == "needed"
    assert config["where"] == "management account 999999999999"


def test_trusted_access_in_organizations_alone_is_not_enough(program: Program) -> None:
    """Trusted access on the side of Organizations, without the activation, still fails."""
    client = boto3.client("cloudformation", endpoint_url=program.server.endpoint)
    client.deactivate_organizations_access()
    program.sandbox.calls.clear()

    access = steps(program)["trusted access of StackSets"]

    assert access["state"] == "needed"
    assert "activate-organizations-access" in access["commands"][0]


def test_trusted_access_in_cloudformation_alone_is_not_enough(program: Program) -> None:
    client = boto3.client("organizations", endpoint_url=program.server.endpoint)
    client.disable_aws_service_access(
        ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
    )
    program.sandbox.calls.clear()

    assert steps(program)["trusted access of StackSets"]["state"] == "needed"


def test_regions_that_accounts_have_enabled_are_read_as_a_plan_reads_them(
    program: Program,
) -> None:
    found = steps(program, stack_sets=SELF, regions=["enabled"])

    assert "role AWSCloudFormationStackSetExecutionRole" in found


def test_a_step_that_could_not_be_read_is_unknown_and_never_done(program: Program) -> None:
    program.sandbox.server_error("DescribeOrganizationsAccess", times=None)

    assert steps(program)["trusted access of StackSets"]["state"] == "unknown"


def test_every_command_fits_the_api_it_calls(program: Program) -> None:
    manifest = program.manifest(stack_sets={**SELF, **VIEW}, regions=["us-east-1", "eu-south-1"])
    ran = program("bootstrap", manifest, "--format", "cli")

    assert ran.code == 0
    called = Counter(check_command(words).name for words in commands_of(ran.out))
    assert called == {
        "EnableAWSServiceAccess": 1,
        "RegisterDelegatedAdministrator": 1,
        "CreateRole": 1,
        "PutRolePolicy": 1,
        "CreatePolicy": 3,
    }
    assert program.writes() == []


def test_the_planner_policy_covers_every_call_that_planning_makes(program: Program) -> None:
    """No more is sent than what the printed policy allows."""
    manifest = program.manifest(stack_sets={**TOPICS, **VIEW})
    commands = (("plan",), ("coverage",), ("preflight",), ("bootstrap",))
    for command in commands:
        program(*command, manifest)
    program("explain", manifest, LAB[0])
    program("init", program.folder / "new.yaml", "--from-aws")

    sent = {f"{call.service}:{call.operation}" for call in program.sandbox.calls}
    (statement,) = planner_policy(Scope())["Statement"]
    assert sent - {"sts:GetCallerIdentity"} <= set(statement["Action"])
    assert len(sent) > 12


def test_roles_trust_only_the_callers_that_need_them(program: Program) -> None:
    """Without the conditions, another user's stack set could use the role (confused deputy)."""
    iam = boto3.client("iam", endpoint_url=program.server.endpoint)
    name = "AWSCloudFormationStackSetAdministrationRole"
    iam.delete_role(RoleName=name)
    program.sandbox.calls.clear()

    found = steps(program, stack_sets=SELF, regions=["us-east-1", "eu-south-1"])

    assert found[f"role {name}"]["state"] == "needed"
    admin = trust(found[f"role {name}"]["commands"][0])
    assert admin["Principal"]["Service"] == [
        "cloudformation.amazonaws.com",
        "cloudformation.eu-south-1.amazonaws.com",
    ]
    assert admin["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "999999999999"},
        "StringLike": {"aws:SourceArn": "arn:aws:cloudformation:*:999999999999:stackset/*"},
    }
    execution = trust(found["role AWSCloudFormationStackSetExecutionRole"]["commands"][0])
    assert execution["Principal"] == {"AWS": f"arn:aws:iam::999999999999:role/{name}"}


@pytest.mark.parametrize("stack_sets", [TOPICS, {**SELF, **VIEW}], ids=["managed", "self-managed"])
def test_cfn_lint_finds_nothing_in_the_template(
    program: Program, tmp_path: Path, stack_sets: dict[str, Any]
) -> None:
    ran = program(
        "bootstrap", program.manifest(stack_sets=stack_sets), "--format", "cloudformation"
    )
    (tmp_path / "bootstrap.yaml").write_text(ran.out)
    (tmp_path / "m.yaml").write_text(
        "{version: 1, name: x, organization: o-a1b2c3d4e5, targets: all, regions: [us-east-1], "
        "stack_sets: {b: {template: bootstrap.yaml, capabilities: [CAPABILITY_NAMED_IAM]}}}"
    )

    assert lint_templates(load_manifest(tmp_path / "m.yaml")) == []
    resources = yaml.safe_load(ran.out)["Resources"]
    assert {"PlannerPolicy", "OperatorPolicy", "AuditorPolicy"} <= resources.keys()
    assert ("ExecutionRole" in resources) == ("view" in stack_sets)


def test_text_says_that_nothing_was_run(program: Program) -> None:
    ran = program("bootstrap", program.manifest())

    assert "done     trusted access of StackSets" in ran.out
    assert "Nothing was run." in ran.out


def test_a_reason_that_steps_share_is_printed_once(program: Program) -> None:
    manifest = program.manifest(drift={"probe_role": "Look", "resync_role": "Repair"})
    ran = program("bootstrap", manifest)

    assert "role Look: in each member account" in ran.out
    assert "role Repair: in each member account" in ran.out
    assert ran.out.count("drift and posture are looked at and repaired with it") == 1


def trust(command: str) -> dict[str, Any]:
    words = shlex.split(command)
    document = json.loads(words[words.index("--assume-role-policy-document") + 1])
    (statement,) = document["Statement"]
    found: dict[str, Any] = statement
    return found


def test_roles_and_topics_of_the_manifest_are_among_the_steps(program: Program) -> None:
    """The user would otherwise find out on the day of a repair or a notice."""
    topic = "arn:aws:sns:us-east-1:111122223333:rollouts"
    manifest = program.manifest(
        drift={"probe_role": "Look", "resync_role": "Repair"},
        notifications=[{"sns": topic, "on": "halted"}],
    )
    steps = program("bootstrap", manifest, "--format", "json").json["steps"]
    by_name = {step["what"]: step for step in steps}

    assert by_name["role Repair"]["where"] == "each member account"
    operator = " ".join(by_name["policy orgrollout-operator"]["commands"])
    assert "role/Look" in operator
    assert "role/Repair" in operator
    assert topic in operator
