"""The program in a member account: one that is registered for stack sets, and one that is not."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from orgrollout.sandbox import VirtualClock, serve
from tests.bootstrap.aws_cli import check_command, commands_of
from tests.cli.support import Program, Ran
from tests.stage import DEV, LAB, organization

pytestmark = pytest.mark.slow

ROLE = "OrganizationAccountAccessRole"
PRINCIPAL = "member.org.stacksets.cloudformation.amazonaws.com"
MEMBER, DELEGATE = LAB[1], LAB[0]
BY_DELEGATE = {"call_as": "delegated_admin"}


@pytest.fixture
def program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    made = organization(delegated_administrators=["l1"])
    with serve(made, clock=VirtualClock()) as server:
        yield Program(server, tmp_path, capsys)


def as_account(program: Program, account: str, *arguments: object) -> Ran:
    """Run a command with the credentials of a role in an account."""
    client = boto3.client("sts", endpoint_url=program.server.endpoint)
    keys = client.assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{ROLE}", RoleSessionName="test"
    )["Credentials"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", program.server.endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        patch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        patch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
        return program.alone(*arguments, "--journal", program.folder / "theirs")


def test_an_unregistered_caller_is_told_how_to_register_it(
    program: Program,
) -> None:
    """A caller who may not read the organization needs this step."""
    path = program.manifest()

    ran = as_account(program, MEMBER, "bootstrap", path, "--format", "json")

    assert ran.code == 0, ran.err
    steps = {step["what"]: step for step in ran.json["steps"]}
    step = steps[f"delegated administrator {MEMBER} for {PRINCIPAL}"]
    assert (step["state"], step["where"]) == ("unknown", "management account 999999999999")
    assert "ListAccounts was denied" in steps["reading the organization"]["why"]
    assert "policy orgrollout-operator" in steps
    script = as_account(program, MEMBER, "bootstrap", path, "--format", "cli").out
    called = [check_command(words).name for words in commands_of(script)]
    assert called.count("RegisterDelegatedAdministrator") == 1


def test_a_manifest_of_another_organization_is_still_refused(program: Program) -> None:
    ran = as_account(program, MEMBER, "bootstrap", program.manifest(organization="o-zzzzzzzzzz"))

    assert ran.code == 1
    assert "the manifest is for o-zzzzzzzzzz" in ran.err


@pytest.mark.parametrize("changes", [{}, BY_DELEGATE], ids=["auto", "delegated_admin"])
def test_the_management_account_registers_the_delegate_named(
    program: Program, changes: dict[str, str]
) -> None:
    path = program.manifest(**changes, accounts={"tools": MEMBER, "lab": DELEGATE})

    there = program("bootstrap", path, "--delegate", "lab", "--format", "json").json["steps"]
    new = program("bootstrap", path, "--delegate", MEMBER, "--format", "json").json["steps"]
    wrong = program("bootstrap", path, "--delegate", "lbb")

    states = {step["what"]: step["state"] for step in (*there, *new)}
    assert states[f"delegated administrator {DELEGATE} for {PRINCIPAL}"] == "done"
    assert states[f"delegated administrator {MEMBER} for {PRINCIPAL}"] == "needed"
    assert states["trusted access of StackSets"] == "done"
    assert {s["where"] for s in new if s["what"].startswith("policy")} == {
        f"administrator account {MEMBER}"
    }
    assert wrong.code == 2
    assert "Did you mean `lab`?" in wrong.err


def test_call_as_delegate_without_a_named_account_is_reported(program: Program) -> None:
    client = boto3.client("organizations", endpoint_url=program.server.endpoint)
    client.deregister_delegated_administrator(AccountId=DELEGATE, ServicePrincipal=PRINCIPAL)

    ran = program("bootstrap", program.manifest(**BY_DELEGATE))

    assert f"needed   delegated administrator for {PRINCIPAL}" in ran.out
    assert "--delegate ACCOUNT" in ran.out


def test_an_account_is_named_a_delegate_only_where_that_is_known(program: Program) -> None:
    path = program.manifest()

    registered = as_account(program, DELEGATE, "preflight", path)
    unknown = as_account(program, MEMBER, "preflight", path)

    assert "delegated admin of o-a1b2c3d4e5" in registered.out
    said = " ".join(f"{unknown.out} {unknown.err}".split())
    assert "member of o-a1b2c3d4e5, not known to be a delegated admin" in said
    assert f"`orgrollout bootstrap {path} --delegate {MEMBER}" in said


def test_a_command_for_a_delegate_says_where_the_stack_set_is(program: Program) -> None:
    """Without --call-as, CloudFormation looks among the account's own stack sets."""
    path = program.manifest()
    assert program("apply", path, "--yes").code == 0
    program.sandbox.suspend("d1")

    ran = as_account(program, DELEGATE, "preflight", path, "--format", "json")

    checks = {check["check"]: check for check in ran.json["checks"]}
    (finding,) = checks["suspended accounts"]["findings"]
    assert finding["where"].startswith(f"account {DEV[0]}")
    assert finding["mend"].endswith("--region us-east-1 --call-as DELEGATED_ADMIN")
    (words,) = commands_of(finding["mend"])
    assert check_command(words).name == "DeleteStackInstances"
