"""With the URL of a sandbox the caller's own credentials count, as they do in AWS."""

from pathlib import Path

import boto3
import pytest

from tests.cli.support import Program, write_manifest
from tests.stage import BASE

pytestmark = pytest.mark.slow
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def _session_in(program: Program, identifier: str) -> dict[str, str]:
    """Return credentials of a member's role, as `aws sts assume-role` gives them."""
    session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")
    sts = session.client("sts", "us-east-1", endpoint_url=program.server.endpoint)
    role = f"arn:aws:iam::{identifier}:role/OrganizationAccountAccessRole"
    found = sts.assume_role(RoleArn=role, RoleSessionName="delegate")["Credentials"]
    values = (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    return dict(zip(KEYS, values, strict=True))


def _members(program: Program) -> list[str]:
    """Return active members that administer nothing."""
    own = program.sandbox.organization
    return [
        each.id
        for each in own.accounts.values()
        if each.state == "ACTIVE"
        and each.id != own.management_account_id
        and each.id not in own.delegates
    ]


@pytest.fixture
def delegate(program: Program) -> dict[str, str]:
    """Return credentials in a member that is made a delegated administrator."""
    identifier = _members(program)[0]
    session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")
    organizations = session.client(
        "organizations", "us-east-1", endpoint_url=program.server.endpoint
    )
    organizations.register_delegated_administrator(
        AccountId=identifier,
        ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com",
    )
    return _session_in(program, identifier)


def test_keys_in_the_environment_decide_the_caller(
    program: Program,
    delegate: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = write_manifest(tmp_path, BASE)
    assert "Rollout/operator, management account of" in program("plan", manifest).out
    for name, value in delegate.items():
        monkeypatch.setenv(name, value)

    ran = program("plan", manifest)

    assert ran.code == 0, ran.err
    assert "OrganizationAccountAccessRole/delegate, delegated admin" in ran.out
    callers = {call.account for call in program.sandbox.calls if call.operation == "ListStackSets"}
    assert callers & set(program.sandbox.organization.delegates)


def test_a_profile_decides_the_caller(
    program: Program, delegate: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "aws-credentials"
    lines = [f"{name.lower()} = {value}" for name, value in delegate.items()]
    file.write_text("\n".join(["[played]", *lines, ""]))
    manifest = write_manifest(tmp_path, BASE)

    ran = program("plan", manifest, "--profile", "played")
    assert (ran.code, "delegated admin" in ran.out) == (0, True), ran.err

    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "played")
    ran = program("plan", manifest)
    assert (ran.code, "delegated admin" in ran.out) == (0, True), ran.err


def test_a_member_account_that_is_not_a_delegate_is_reported(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, it was played as the operator, and everything went well."""
    for name, value in _session_in(program, _members(program)[0]).items():
        monkeypatch.setenv(name, value)

    ran = program("plan", write_manifest(tmp_path, BASE))

    assert ran.code != 0
    assert "operator" not in ran.out


def test_the_caller_without_keys_is_the_operator(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    ran = program("plan", write_manifest(tmp_path, BASE))
    assert "Rollout/operator, management account of" in ran.out


def test_a_profile_is_refused_by_a_sandbox_without_callers(
    program: Program, tmp_path: Path
) -> None:
    manifest = write_manifest(tmp_path, BASE)
    ran = program.alone("plan", manifest, "--sandbox", "--profile", "played")
    assert (ran.code, "With the URL of a sandbox" in ran.err) == (2, True)
