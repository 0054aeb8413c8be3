"""`preflight` of service control policies: denied actions, and types with unknown needs."""

from typing import Any

import pytest

from tests.cli.actions.preflighting import BUILTIN, ROLES, attach, deny, found
from tests.cli.support import Program
from tests.stage import PROD

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("statement", "outcome"),
    [
        ({"Effect": "Deny", "Action": "iam:Create*", "Resource": "*"}, "found"),
        ({"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}, "not_checked"),
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


def test_a_denied_action_that_the_template_does_not_need_is_no_finding(program: Program) -> None:
    attach(program, deny("ec2:*"), program.sandbox.organization.find("Prod"))

    assert found(program)["service control policies"]["outcome"] == "ok"


def test_a_denied_role_is_found_where_a_type_needs_one(program: Program) -> None:
    unit = program.sandbox.organization.find("Prod")
    attach(program, deny("iam:PassRole", "lambda:InvokeFunction"), unit)

    check = found(program, stack_sets=BUILTIN)["service control policies"]

    (finding,) = check["findings"]
    assert "iam:PassRole (AWS::Config::ConfigurationRecorder)" in finding["why"]
    assert check["not_checked"] == []


def test_types_with_unknown_needs_are_listed_one_by_one(program: Program) -> None:
    """Custom resources are made by calling a function; no schema says so."""
    unit = program.sandbox.organization.find("Prod")
    attach(program, deny("lambda:InvokeFunction", "ec2:*", "iam:DeleteRole"), unit)

    check = found(program, stack_sets=ROLES)["service control policies"]

    assert check["findings"] == []
    unknown, denied = check["not_checked"]
    assert unknown == "roles: what Custom::EnsuredServiceLinkedRole needs is not known"
    assert "denies iam:DeleteRole, lambda:InvokeFunction; whether roles needs it" in denied
