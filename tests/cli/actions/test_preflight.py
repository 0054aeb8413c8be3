"""`preflight`: each thing that would fail is found where it is, with its fix."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgrollout.cli.main import main
from orgrollout.sandbox import VirtualClock, serve
from tests.cli.actions.preflighting import BUILTIN, ROLE, SELF, STACK_SETS, aws, found, inside
from tests.cli.support import Program
from tests.stage import DEV, LAB, TOPIC, organization

pytestmark = pytest.mark.slow


def trust(service: str) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allowed]}


def test_preflight_finds_nothing_in_a_sound_organization(program: Program) -> None:
    checks = found(program)

    assert {check["outcome"] for check in checks.values()} == {"ok"}
    assert len(checks) == 13


def test_missing_access_is_found_with_the_command_that_fixes_it(program: Program) -> None:
    client = aws(program, "cloudformation")
    client.deactivate_organizations_access()
    program.sandbox.calls.clear()

    (finding,) = found(program)["trusted access"]["findings"]

    assert finding["where"] == "management account 999999999999"
    assert finding["mend"] == (
        "aws cloudformation activate-organizations-access --region us-east-1"
    )


def test_missing_trust_in_organizations_is_found(program: Program) -> None:
    client = aws(program, "organizations")
    client.disable_aws_service_access(ServicePrincipal=STACK_SETS)
    program.sandbox.calls.clear()

    (finding,) = found(program)["trusted access"]["findings"]

    assert f"AWS Organizations does not trust {STACK_SETS}" in finding["why"]
    assert "activate-organizations-access" in finding["mend"]


def test_access_is_not_ok_where_one_side_cannot_be_read(program: Program) -> None:
    program.sandbox.server_error(
        "ListAWSServiceAccessForOrganization", times=None, service="organizations"
    )

    assert found(program)["trusted access"]["outcome"] == "not_checked"


def test_only_a_role_name_is_accepted_as_a_role(program: Program) -> None:
    """It goes into the ARN that a policy allows."""
    for command in ("preflight", "bootstrap"):
        ran = program(command, program.manifest(), "--probe-role", "*")
        assert ran.code == 2
        assert "no role is called `*`" in ran.err


def test_without_a_reading_role_no_check_in_member_accounts_is_ok(
    program: Program,
) -> None:
    checks = found(program, stack_sets={**BUILTIN, **SELF})

    assert checks["AWS Config recorders"]["outcome"] == "not_checked"
    assert checks["self-managed roles"]["outcome"] == "not_checked"
    assert "--probe-role" in checks["AWS Config recorders"]["not_checked"][0]


@pytest.mark.slow
def test_an_account_whose_role_cannot_be_assumed_is_not_checked(program: Program) -> None:
    check = found(program, "--probe-role", "NoSuchRole", stack_sets=BUILTIN)["AWS Config recorders"]

    assert check["outcome"] == "not_checked"
    assert any("sts:AssumeRole" in reason for reason in check["not_checked"])


@pytest.mark.slow
def test_a_few_accounts_of_each_unit_are_checked_unless_all_are_requested(program: Program) -> None:
    few = found(program, "--probe-role", ROLE, stack_sets=BUILTIN)["AWS Config recorders"]
    every = found(program, "--probe-role", ROLE, "--all-accounts", stack_sets=BUILTIN)

    assert few["not_checked"] == ["1 account was not looked into; --all-accounts does"]
    assert every["AWS Config recorders"]["outcome"] == "ok"


def test_a_missing_execution_role_is_found_in_its_account(program: Program) -> None:
    iam = inside(program, LAB[0], "iam", "us-east-1")
    iam.delete_role(RoleName="AWSCloudFormationStackSetExecutionRole")
    program.sandbox.calls.clear()
    changes: dict[str, Any] = {"stack_sets": SELF, "targets": {"organizational_units": ["/Lab"]}}

    check = found(program, "--probe-role", ROLE, **changes)["self-managed roles"]

    (finding,) = check["findings"]
    assert finding["where"] == f"account {LAB[0]}, role AWSCloudFormationStackSetExecutionRole"
    assert "it is missing" in finding["why"]


@pytest.mark.slow
def test_an_administration_role_must_trust_cloudformation(program: Program) -> None:
    iam = aws(program, "iam")
    iam.update_assume_role_policy(
        RoleName="AWSCloudFormationStackSetAdministrationRole",
        PolicyDocument=json.dumps(trust("ec2.amazonaws.com")),
    )
    program.sandbox.calls.clear()

    findings = found(program, stack_sets=SELF)["self-managed roles"]["findings"]

    assert ["does not trust cloudformation.amazonaws.com" in f["why"] for f in findings] == [True]


def test_a_suspended_account_with_stack_instances_is_found_with_how_to_detach_them(
    program: Program,
) -> None:
    """CfCT#86, #114, #48; RM#981: suspended accounts break updates."""
    assert program("apply", program.manifest(), "--yes").code == 0
    program.sandbox.suspend("d1")
    program.sandbox.calls.clear()

    (finding,) = found(program)["suspended accounts"]["findings"]

    assert finding["where"] == f"account {DEV[0]}, stack set base-topics"
    assert finding["mend"].endswith("--retain-stacks --region us-east-1")


@pytest.mark.slow
def test_an_opt_in_region_is_checked_in_each_account(tmp_path: Path, capsys: Any) -> None:
    """SRA#214: an opt-in Region times out with no reason."""
    regions = ["us-east-1", "eu-south-1"]
    with serve(organization(regions=regions), clock=VirtualClock()) as server:
        program = Program(server, tmp_path, capsys)
        program.sandbox.disable_region("d2", "eu-south-1")
        check = found(program, "--all-accounts", regions=regions)["opt-in Regions"]

    (finding,) = check["findings"]
    assert finding["where"] == f"account {DEV[1]}, eu-south-1"
    assert finding["mend"] == (
        f"aws account enable-region --account-id {DEV[1]} --region-name eu-south-1"
    )


def test_opt_in_regions_need_all_accounts_and_no_role(tmp_path: Path, capsys: Any) -> None:
    regions = ["us-east-1", "eu-south-1"]
    with serve(organization(regions=regions), clock=VirtualClock()) as server:
        program = Program(server, tmp_path, capsys)
        some = found(program, regions=regions)["opt-in Regions"]
        every = found(program, "--all-accounts", regions=regions)["opt-in Regions"]

    assert some["not_checked"] == ["1 account was not asked for; --all-accounts does"]
    assert every["outcome"] == "ok"


def test_a_type_missing_in_a_region_is_found_before_the_rollout(program: Program) -> None:
    path = program.manifest(regions=["us-east-1", "ap-east-2"])
    template = TOPIC.replace("AWS::SNS::Topic", "AWS::Config::RemediationConfiguration")
    (path.parent / "topic.yaml").write_text(template.replace("DisplayName", "ConfigRuleName"))

    ran = program("preflight", path, "--format", "json")

    checks = {check["check"]: check for check in ran.json["checks"]}
    assert ran.code == 3
    assert any("ap-east-2" in f["why"] for f in checks["templates"]["findings"])


@pytest.mark.slow
def test_a_delegate_that_is_not_registered_for_config_cannot_aggregate(program: Program) -> None:
    sets = {"view": {"template": "builtin:org-aggregator", "targets": {"accounts": [LAB[0]]}}}

    (finding,) = found(program, stack_sets=sets)["delegated administrators"]["findings"]

    assert f"--account-id {LAB[0]} --service-principal config.amazonaws.com" in finding["mend"]


def test_a_check_without_permission_to_read_is_not_checked(program: Program) -> None:
    """Never `ok` where it could not look."""
    for operation in ("ListPolicies", "DescribeOrganizationsAccess"):
        service = "organizations" if operation == "ListPolicies" else "cloudformation"
        program.sandbox.server_error(operation, times=None, service=service)

    checks = found(program)

    assert checks["service control policies"]["outcome"] == "not_checked"
    assert checks["trusted access"]["outcome"] == "not_checked"
    assert "ListPolicies" in checks["service control policies"]["not_checked"][0]


def test_text_names_each_check_and_ends_with_a_summary(program: Program) -> None:
    ran = program("preflight", program.manifest())

    assert "ok           trusted access: CloudFormation may work" in ran.out
    assert ran.out.rstrip().endswith("Nothing found.")
    assert main(["preflight", str(program.folder / "nothing.yaml")]) == 1


LARGE = f"# {'x' * 60_000}\n{TOPIC}"


def test_a_missing_bucket_for_large_templates_is_found(program: Program) -> None:
    (program.folder / "large.yaml").write_text(LARGE)
    manifest = {
        "stack_sets": {"topics": {"template": "large.yaml"}},
        "template_bucket": "s3://acme-templates/stack-sets",
    }

    (missing,) = found(program, **manifest)["template bucket"]["findings"]
    aws(program, "s3").create_bucket(Bucket="acme-templates")
    program.sandbox.calls.clear()
    there = found(program, **manifest)["template bucket"]

    assert "topics cannot be sent without it" in missing["why"]
    assert there["outcome"] == "not_checked"
    assert "whether the caller may write to it shows in `apply`" in there["not_checked"][0]
    assert found(program)["template bucket"]["outcome"] == "ok"
