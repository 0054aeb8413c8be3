"""`validate`, `plan`, `preflight` on templates that cannot be edited, or must not go out."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Program

VENDOR = """\
Metadata: {SRA: {Version: 1.1}}
Parameters: {Unused: {Type: String, Default: x}}
Resources: {T: {Type: AWS::SNS::Topic}}
"""
NAMED = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: security-audit
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}
"""


def manifest(program: Program, body: str, **more: Any) -> Path:
    path = program.manifest(**{"stack_sets": {"vendor": {"template": "vendor.yaml"}}, **more})
    (path.parent / "vendor.yaml").write_text(body)
    return path


def test_warnings_are_shown_and_the_manifest_is_valid(program: Program) -> None:
    """A vendor's template cannot be edited."""
    ran = program.alone("validate", manifest(program, VENDOR))

    assert ran.code == 0
    assert "W2001 (warning)" in ran.err
    assert "E4002 (warning)" in ran.err
    assert "valid; 1 stack set, 1 template; 2 warnings." in ran.out


@pytest.mark.slow
def test_validate_takes_a_severity_and_accepted_rules(program: Program) -> None:
    path = manifest(program, VENDOR)

    assert program.alone("validate", path, "--severity", "warning").code == 1
    both = ("--accept", "W2001", "--accept", "E4002")
    accepted = program.alone("validate", path, "--severity", "warning", *both)
    assert accepted.code == 0
    assert accepted.err == ""
    assert program.alone("validate", path, "--accept", "nonsense").code == 2
    lint = {"lint": {"severity": "warning", "accept": ["E4002"]}}
    stack_set = {"template": "vendor.yaml", "lint": {"accept": ["W"]}}
    path = manifest(program, VENDOR, templates=lint, stack_sets={"vendor": stack_set})
    assert program.alone("validate", path).code == 0
    path = manifest(program, VENDOR, templates=lint)
    ran = program.alone("validate", path, "--format", "json")
    assert ran.code == 1
    assert [p["severity"] for p in ran.json["problems"]] == ["warning"]


def test_a_manifest_with_an_error_is_refused(program: Program) -> None:
    broken = VENDOR.replace("AWS::SNS::Topic}", "AWS::SNS::Topic, Properties: {Nope: 1}}")
    ran = program.alone("validate", manifest(program, broken))

    assert ran.code == 1
    assert "E3002 (error)" in ran.err


def test_a_dangling_reference_is_found_by_validate_and_plan(program: Program) -> None:
    broken = VENDOR.replace("AWS::SNS::Topic}", "AWS::SNS::Topic, DependsOn: Gone}")
    path = manifest(program, broken)

    for ran in (program.alone("validate", path), program("plan", path)):
        assert ran.code == 1
        assert "Resources.T.DependsOn: refers to a resource `Gone`" in ran.err
    assert not program.writes()


@pytest.mark.parametrize("command", ["validate", "plan", "preflight"])
@pytest.mark.slow
def test_a_name_that_is_unique_in_an_account_is_a_warning(program: Program, command: str) -> None:
    role = {"template": "vendor.yaml", "capabilities": "CAPABILITY_NAMED_IAM"}
    path = manifest(program, NAMED, stack_sets={"vendor": role})

    ran = program.alone(command, path) if command == "validate" else program(command, path)

    told = ran.out + ran.err
    assert "Role (AWS::IAM::Role) is named security-audit in each Region" in told
    assert "Write `regions: home` in stack_sets.vendor" in told
    assert ran.code == (3 if command == "preflight" else 0)

    cured = manifest(program, NAMED, stack_sets={"vendor": {**role, "regions": "home"}})
    ran = program.alone(command, cured) if command == "validate" else program(command, cured)
    assert "security-audit" not in ran.out + ran.err


def test_an_unattended_apply_creates_nothing_that_is_known_to_fail(program: Program) -> None:
    role = {"template": "vendor.yaml", "capabilities": "CAPABILITY_NAMED_IAM"}
    path = manifest(program, NAMED, stack_sets={"vendor": role})

    ran = program("apply", path, "--unattended", "--allow", "create", "--detailed-exitcode")

    assert ran.code == 10
    assert "14 to create would fail as just said, and are held back" in ran.out
    assert program.writes() == []


def test_an_unattended_apply_does_not_create_where_a_stack_was_kept(program: Program) -> None:
    """The plan says that creating it again fails, or makes a second copy."""
    assert program("apply", program.manifest(), "--yes").code == 0
    less = program.manifest(targets={"organizational_units": ["/Prod"]})
    assert program("apply", less, "--yes").code == 0
    done = len(program.operations())

    ran = program("apply", program.manifest(), "--unattended", "--allow", "create")

    assert ran.code == 0
    assert "4 to create would fail as just said, and are held back" in ran.out
    assert "not allowed here, and only reported: 4 to create" in ran.out
    assert len(program.operations()) == done
