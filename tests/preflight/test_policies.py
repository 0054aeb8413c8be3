"""Which denies count: those that certainly hold. What is not understood is said, never guessed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgrollout.model.ids import AccountId, Region
from orgrollout.preflight.denying import Request, Verdict, judge_statement

ACCOUNT = AccountId("100000000001")
EXECUTION = f"arn:aws:iam::{ACCOUNT}:role/stacksets-exec-0123456789abcdef"
CREATE_ROLE = Request("iam:CreateRole", EXECUTION, ACCOUNT, Region("eu-west-1"))
PUT_RULE = Request("config:PutConfigRule", EXECUTION, ACCOUNT, Region("eu-west-1"))


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "*", "Resource": "*", **more}


def condition(operator: str, key: str, *values: str) -> dict[str, Any]:
    return deny(Condition={operator: {key: list(values)}})


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        (deny(), Verdict.DENIES),
        (deny(Effect="Allow"), Verdict.DOES_NOT),
        (deny(Action="iam:Create*"), Verdict.DENIES),
        (deny(Action=["IAM:CREATEROLE", "s3:*"]), Verdict.DENIES),
        (deny(Action="iam:CreateRol?"), Verdict.DENIES),
        (deny(Action=["s3:*", "iam:Delete*"]), Verdict.DOES_NOT),
        ({"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*"}, Verdict.DOES_NOT),
        ({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}, Verdict.DENIES),
        (deny(Resource=["arn:aws:iam::*:role/protected"]), Verdict.UNCLEAR),
        (deny(Action="s3:*", Resource="arn:aws:s3:::x"), Verdict.DOES_NOT),
        ({"Effect": "Deny", "Action": "*", "NotResource": "*"}, Verdict.UNCLEAR),
        (
            condition("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/stacksets-exec-*"),
            Verdict.DOES_NOT,
        ),
        (condition("ArnNotLike", "aws:PrincipalARN", "arn:aws:iam::*:role/Admin"), Verdict.DENIES),
        (condition("StringLike", "aws:PrincipalArn", "*:role/stacksets-*"), Verdict.DENIES),
        (condition("StringEquals", "aws:PrincipalArn", "*:role/stacksets-*"), Verdict.DOES_NOT),
        (condition("StringNotEquals", "aws:PrincipalAccount", ACCOUNT), Verdict.DOES_NOT),
        (condition("StringEquals", "aws:RequestTag/team", "x"), Verdict.UNCLEAR),
        (condition("Bool", "aws:MultiFactorAuthPresent", "false"), Verdict.UNCLEAR),
        (
            deny(
                Condition={
                    "StringEquals": {"aws:RequestTag/team": "x"},
                    "ArnNotLike": {"aws:PrincipalArn": "*stacksets-exec-*"},
                }
            ),
            Verdict.DOES_NOT,
        ),
    ],
)
def test_a_statement_denies_only_what_it_certainly_denies(
    statement: dict[str, Any], verdict: Verdict
) -> None:
    assert judge_statement(statement, CREATE_ROLE) is verdict


def test_a_region_deny_spares_what_is_allowed_and_sees_global_services_in_us_east_1() -> None:
    """The usual Region SCP; IAM answers in us-east-1, wherever the stack is."""
    only_us = condition("StringNotEquals", "aws:RequestedRegion", "us-east-1")

    assert judge_statement(only_us, PUT_RULE) is Verdict.DENIES
    assert judge_statement(only_us, CREATE_ROLE) is Verdict.DOES_NOT


def test_in_another_partition_global_services_are_seen_in_its_own_region() -> None:
    only_beijing = condition("StringNotEquals", "aws:RequestedRegion", "cn-north-1")
    asked = Request("iam:CreateRole", EXECUTION, ACCOUNT, Region("cn-northwest-1"))

    assert judge_statement(only_beijing, asked) is Verdict.DOES_NOT


@given(
    st.sampled_from(["Null", "DateGreaterThan", "IpAddress", "Bool", "ForAllValues:StringEquals"]),
    st.text(min_size=1, max_size=30),
)
def test_a_condition_that_is_not_understood_never_becomes_a_finding(
    operator: str, key: str
) -> None:
    assert judge_statement(condition(operator, key, "x"), CREATE_ROLE) is Verdict.UNCLEAR
