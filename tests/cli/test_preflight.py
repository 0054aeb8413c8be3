"""`preflight`: each thing that would fail is found where it is, with what mends it."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.sandbox import VirtualClock, serve
from tests.bootstrap.aws_cli import check_command, commands_of
from tests.cli.support import Program
from tests.stage import DEV, LAB, PROD, TOPIC, organization

pytestmark = pytest.mark.slow

ROLE = "OrganizationAccountAccessRole"
BUILTIN = {"config": {"template": "builtin:config-regional", "depends_on": []}}
ROLES = {"roles": {"template": "builtin:account-roles"}}
SELF = {"topics": {"template": "topic.yaml", "permission_model": "self_managed"}}


def found(program: Program, *more: object, **changes: Any) -> dict[str, Any]:
    """Return the checks by name, after seeing that the exit code tells of findings."""
    ran = program("preflight", program.manifest(**changes), "--format", "json", *more)
    assert ran.code in {0, 3}, ran.err
    checks = {check["check"]: check for check in ran.json["checks"]}
    has_findings = any(check["findings"] for check in checks.values())
    assert ran.code == (3 if has_findings else 0)
    for check in checks.values():
        for finding in check["findings"]:
            for command in commands_of(finding["mend"]):
                check_command(command)
    assert set(program.writes()) <= {"AssumeRole"}
    return checks


def aws(program: Program, service: str) -> Any:
    return boto3.client(service, endpoint_url=program.server.endpoint, region_name="us-east-1")  # type: ignore[call-overload]


def inside(program: Program, account: str, service: str, region: str) -> Any:
    keys = aws(program, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{ROLE}", RoleSessionName="test"
    )["Credentials"]
    program.sandbox.calls.clear()
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=program.server.endpoint,
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def record(program: Program, account: str, region: str) -> None:
    client = inside(program, account, "config", region)
    client.put_configuration_recorder(
        ConfigurationRecorder={"name": "theirs", "roleARN": f"arn:aws:iam::{account}:role/config"}
    )
    program.sandbox.calls.clear()


def trust(service: str) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allowed]}


def attach(program: Program, statement: dict[str, Any], target: str) -> None:
    client = aws(program, "organizations")
    made = client.create_policy(
        Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        Description="x",
        Name="guardrail",
        Type="SERVICE_CONTROL_POLICY",
    )["Policy"]["PolicySummary"]
    client.attach_policy(PolicyId=made["Id"], TargetId=target)
    program.sandbox.calls.clear()


def test_a_sound_organization_has_nothing_found(program: Program) -> None:
    checks = found(program)

    assert {check["outcome"] for check in checks.values()} == {"ok"}
    assert len(checks) == 10


def test_missing_access_is_found_with_the_command_that_mends_it(program: Program) -> None:
    client = aws(program, "cloudformation")
    client.deactivate_organizations_access()
    program.sandbox.calls.clear()

    (finding,) = found(program)["trusted access"]["findings"]

    assert finding["where"] == "management account 999999999999"
    assert finding["mend"] == (
        "aws cloudformation activate-organizations-access --region us-east-1"
    )


def test_a_recorder_that_exists_becomes_an_override_to_paste(program: Program) -> None:
    """terraform-aws-config#69, #121: only one recorder and channel per account and Region."""
    record(program, DEV[0], "eu-west-1")
    changes: dict[str, Any] = {"stack_sets": BUILTIN, "targets": {"organizational_units": ["/Dev"]}}

    check = found(program, "--probe-role", ROLE, **changes)["AWS Config recorders"]

    (finding,) = check["findings"]
    assert f"{DEV[0]} eu-west-1" in finding["where"]
    assert "recorder theirs" in finding["why"]
    pasted = yaml.safe_load(finding["mend"])["stack_sets"]["config"]
    assert pasted["parameter_overrides"] == [
        {
            "targets": {"accounts": [DEV[0]]},
            "regions": ["eu-west-1"],
            "parameters": {"Recorder": "existing"},
        }
    ]
    mended = {**changes, "stack_sets": {"config": {**BUILTIN["config"], **pasted}}}
    assert found(program, "--probe-role", ROLE, **mended)["AWS Config recorders"]["findings"] == []


def test_without_a_role_to_look_through_nothing_inside_accounts_is_called_ok(
    program: Program,
) -> None:
    checks = found(program, stack_sets={**BUILTIN, **SELF})

    assert checks["AWS Config recorders"]["outcome"] == "not_checked"
    assert checks["self-managed roles"]["outcome"] == "not_checked"
    assert "--probe-role" in checks["AWS Config recorders"]["not_checked"][0]


@pytest.mark.slow
def test_a_role_that_cannot_be_assumed_leaves_its_account_unchecked(program: Program) -> None:
    check = found(program, "--probe-role", "Nobody", stack_sets=BUILTIN)["AWS Config recorders"]

    assert check["outcome"] == "not_checked"
    assert any("sts:AssumeRole" in reason for reason in check["not_checked"])


@pytest.mark.slow
def test_only_a_few_accounts_of_a_unit_are_looked_into_unless_all_are(program: Program) -> None:
    few = found(program, "--probe-role", ROLE, stack_sets=BUILTIN)["AWS Config recorders"]
    every = found(program, "--probe-role", ROLE, "--all-accounts", stack_sets=BUILTIN)

    assert few["not_checked"] == ["1 accounts were not looked into; --all-accounts does"]
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


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        ({"Effect": "Deny", "Action": "iam:Create*", "Resource": "*"}, "found"),
        ({"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}, "ok"),
        (
            {
                "Effect": "Deny",
                "Action": "iam:*",
                "Resource": "*",
                "Condition": {
                    "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/stacksets-exec-*"}
                },
            },
            "ok",
        ),
        (
            {
                "Effect": "Deny",
                "Action": "iam:*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/x": "y"}},
            },
            "not_checked",
        ),
    ],
)
def test_a_policy_that_denies_what_the_template_needs_is_found_in_its_unit(
    program: Program, statement: dict[str, Any], outcome: str
) -> None:
    """LZA#850: a quarantine policy blocks accounts long after the plan was read."""
    unit = program.sandbox.organization.find("Regulated")
    attach(program, statement, unit)

    check = found(program, stack_sets=ROLES)["service control policies"]

    assert check["outcome"] == outcome
    for finding in check["findings"]:
        assert f"{PROD[3]} us-east-1, {PROD[4]} us-east-1" in finding["where"]
        assert PROD[0] not in finding["where"]
        assert "guardrail" in finding["why"]
        assert "iam:CreateRole (AWS::IAM::Role)" in finding["why"]
        assert "arn:aws:iam::*:role/stacksets-exec-*" in finding["mend"]


def test_a_suspended_account_with_stack_instances_is_found_with_the_way_to_let_them_go(
    program: Program,
) -> None:
    """CfCT#86, #114, #48; RM#981: suspended accounts break updates."""
    assert program("apply", program.manifest(), "--yes").code == 0
    program.sandbox.suspend("d1")
    program.sandbox.calls.clear()

    (finding,) = found(program)["suspended accounts"]["findings"]

    assert finding["where"] == f"account {DEV[0]}, stack set base-topics"
    assert "--retain-stacks" in finding["mend"]


@pytest.mark.slow
def test_an_opt_in_region_is_asked_of_each_account(tmp_path: Path, capsys: Any) -> None:
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


def test_a_type_that_a_region_lacks_is_found_before_it_fails_there(program: Program) -> None:
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


def test_what_may_not_be_read_is_not_checked(program: Program) -> None:
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


def test_a_bucket_for_what_is_too_large_has_to_be_there(program: Program) -> None:
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
