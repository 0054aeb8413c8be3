"""The policies that `bootstrap --for confirm` prints are exactly what `confirm` uses."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from orgrollout.aws.confirm_permissions import confirm_policy, confirm_role_policy
from orgrollout.aws.permissions import Scope
from orgrollout.cli.main import main
from orgrollout.confirm.registry import BY_NAME, EXPERIMENTS
from orgrollout.reconcile.confirm.ask import Role
from orgrollout.sandbox import Call, VirtualClock, serve
from tests.cli.support import Program
from tests.confirm.altered import altered
from tests.confirm.support import CANARY, SUSPENDED, canary
from tests.stage import DEV, organization

ROLE = "OrganizationAccountAccessRole"
UNASKED = "sts:GetCallerIdentity"  # AWS asks for no permission
BY_ROLE = [each.name for each in EXPERIMENTS if each.member_calls]


def actions(policy: dict[str, Any], *left_out: str) -> set[str]:
    """Return what the statements of a policy allow, but for some."""
    statements = [s for s in policy["Statement"] if s["Sid"] not in left_out]
    return {action for statement in statements for action in statement["Action"]}


def used(calls: Iterable[Call]) -> set[str]:
    return {f"{call.service}:{call.operation}" for call in calls} - {UNASKED}


def interrupted(operation: str, *_: object) -> None:
    if operation == "UpdateStackSet":
        raise KeyboardInterrupt


@pytest.mark.slow
def test_what_is_used_is_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The management account calls, and then a delegated administrator, which is asked for."""
    own, there = set[str](), set[str]()
    for operator, only in (("management", BY_NAME), (DEV[1], ["omitted_parameters"])):
        made = organization(delegated_administrators=[DEV[1]])
        with serve(made, clock=VirtualClock(), operator=operator) as server:
            program = Program(server, tmp_path, capsys)
            names = [word for name in only for word in ("--only", name)]
            options = ("--role", ROLE, "--suspended", SUSPENDED, "--out", tmp_path / "out.yaml")
            ran = program("confirm", "--account", CANARY, *options, *names, "--yes")
            assert ran.code == 0, ran.err
            with pytest.MonkeyPatch.context() as patched:
                altered(patched, interrupted)
                only_one = ("--only", "omitted_parameters", "--yes")
                assert program("confirm", "--account", CANARY, *options, *only_one).code == 130
            assert program("confirm", "--clean").code == 1
            assert program("confirm", "--clean", "--yes").code == 0
            calls = server.sandbox.calls
            there |= used(call for call in calls if call.account == CANARY)
            own |= used(call for call in calls if call.account != CANARY)

    scope = Scope(probe_role=ROLE)
    assert own == actions(confirm_policy(scope))
    assert there == actions(confirm_role_policy(scope), "ByChangeSet")


def test_only_stack_sets_and_stacks_of_confirm_may_be_changed() -> None:
    policies = [confirm_policy(Scope()), confirm_role_policy(Scope())]
    statements = [s for policy in policies for s in policy["Statement"] if s["Sid"] != "Read"]

    named = [arn for s in statements for arn in s["Resource"]]
    assert [arn for arn in named if "orgrollout-confirm-" not in arn] == [
        "arn:aws:cloudformation:*:*:type/resource/*"
    ]


def test_a_role_with_the_printed_policy_is_enough() -> None:
    """The sandbox checks the policies of roles, and what they are about."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "999999999999"}}
    with canary() as there:
        iam = there.sandbox.session(CANARY).client("iam")
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="Confirming", AssumeRolePolicyDocument=document)
        policy = json.dumps(confirm_role_policy(Scope()))
        iam.put_role_policy(RoleName="Confirming", PolicyName="all", PolicyDocument=policy)

        outcomes = there.run(*BY_ROLE, role=Role(name="Confirming"))

        found = {name: each.finding.because for name, each in outcomes.items()}
        assert {name for name, each in outcomes.items() if each.finding.value is None} == set(), (
            found
        )


def test_the_command_prints_both_without_a_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["bootstrap", "--for", "confirm", "--probe-role", ROLE]

    assert main([*asked, "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)["policies"]
    assert printed == {
        "caller": confirm_policy(Scope(probe_role=ROLE)),
        "role": confirm_role_policy(Scope()),
    }
    assert main([*asked, "--home-region", "cn-north-1"]) == 0
    shown = capsys.readouterr().out
    assert "arn:aws-cn:cloudformation:cn-north-1:*:stackset/orgrollout-confirm-*:*" in shown
    assert "arn:aws:" not in shown
    assert main([*asked, "--format", "cli"]) == 2
    assert "--for confirm prints text or json, and no cli." in capsys.readouterr().err
