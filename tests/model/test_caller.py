"""Whether two callers may be one person: who cannot be told apart must not approve."""

import pytest

from orgrollout.model.caller import why_one_person

ROLE = "arn:aws:sts::999999999999:assumed-role/Rollout"
ADA = f"{ROLE}/ada"
CENTER = "arn:aws:sts::999999999999:assumed-role/AWSReservedSSO"
UUID = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    "name",
    [
        "botocore-session-1767600042",
        "aws-go-sdk-1767600042000000000",
        "1767600042000000000",
        "aws-sdk-java-1767600042000",
        "aws-sdk-js-session-x7",
        "aws-dotnet-sdk-session-639032500000000000",
        "web-identity-token-1767600042000",
        "default_session",
        "i-0a1b2c3d4e5f60718",
        f"AWSCodeBuild-{UUID}",
        "0a1b2c3d0a1b2c3d4e5f0a1b2c3d4e5f",
    ],
)
def test_a_name_that_a_tool_made_up_tells_no_people_apart(name: str) -> None:
    """The same person has another one in the next process."""
    made_up = f"{ROLE}/{name}"

    assert "`role_session_name`" in why_one_person(made_up, f"{ROLE}/botocore-session-1767600000")
    assert f"{name} is a name that a tool made up" in why_one_person(made_up, ADA)
    assert "another role can approve" in why_one_person(ADA, made_up)


@pytest.mark.parametrize(
    "name", ["grace", "grace@example.com", "Grace.Hopper", "u123456789", "i-b"]
)
def test_people_under_names_of_their_own_are_two(name: str) -> None:
    assert why_one_person(f"{ROLE}/{name}", ADA) == ""
    assert why_one_person(ADA, f"{ROLE}/{name}") == ""


@pytest.mark.parametrize(
    ("who", "other"),
    [
        (ADA, ADA),
        (f"{ROLE}/Ada", ADA),
        ("arn:aws:iam::999999999999:user/ada", "arn:aws:iam::999999999999:user/ada"),
    ],
)
def test_the_same_caller_is_one_person(who: str, other: str) -> None:
    assert "same caller" in why_one_person(who, other)


@pytest.mark.parametrize(
    "other",
    [
        "",
        "arn:aws:iam::999999999999:user/ada",
        "arn:aws:sts::999999999999:assumed-role/Approver/botocore-session-1767600042",
        "arn:aws:sts::888888888888:assumed-role/Rollout/botocore-session-1767600042",
    ],
)
def test_another_kind_of_caller_or_another_role_is_another_person(other: str) -> None:
    assert why_one_person(ADA, other) == ""


def test_a_user_of_identity_center_is_one_person_in_every_role_and_account() -> None:
    ada = f"{CENTER}_Admin_0a1b2c3d4e5f6071/1234567890"
    elsewhere = "arn:aws:sts::888888888888:assumed-role/AWSReservedSSO_Deploy_1a/1234567890"

    assert "IAM Identity Center" in why_one_person(ada, elsewhere)
    assert why_one_person(ada, f"{CENTER}_Admin_0a1b2c3d4e5f6071/1234567891") == ""
