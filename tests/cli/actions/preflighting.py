"""`preflight` as tests run it, and policies that deny its calls."""

import json
from typing import Any

import boto3

from tests.bootstrap.aws_cli import check_command, commands_of
from tests.cli.support import Program

STACK_SETS = "member.org.stacksets.cloudformation.amazonaws.com"
ROLE = "OrganizationAccountAccessRole"
BUILTIN = {"config": {"template": "builtin:config-regional", "depends_on": []}}
ROLES = {"roles": {"template": "builtin:account-roles"}}
SELF = {"topics": {"template": "topic.yaml", "permission_model": "self_managed"}}


def found(program: Program, *more: object, **changes: Any) -> dict[str, Any]:
    """Return the checks by name, after a check that the exit code agrees with the findings."""
    ran = program("preflight", program.manifest(**changes), "--format", "json", *more)
    assert ran.code in {0, 3, 5}, ran.err
    checks = {check["check"]: check for check in ran.json["checks"]}
    has_findings = any(check["findings"] for check in checks.values())
    is_blind = any(check["looked_nowhere"] for check in checks.values())
    assert ran.code == (3 if has_findings else 5 if is_blind else 0)
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


def deny(*actions: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": "*"}


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
