"""Resources that are unique in an account are found in a template for several Regions."""

from typing import Any

import pytest

from orgrollout.manifest.once_advice import cure, once_words
from orgrollout.manifest.once_only import ONE_IF, OnceOnly, once_only
from orgrollout.manifest.template.read import template_from

REGIONS = ("us-east-1", "eu-west-1")
IAM = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::VirtualMFADevice": "VirtualMfaDeviceName",
}
HEAD = """\
Parameters:
  Home: {Type: String, Default: us-east-1}
  Name: {Type: String, Default: auditors}
Mappings:
  Names: {us-east-1: {Short: use1}, eu-west-1: {Short: euw1}}
Conditions:
  AtHome: !Equals [!Ref AWS::Region, !Ref Home]
  Away: !Not [{Condition: AtHome}]
  Sometimes: !Equals [!Ref Name, auditors]
"""


def found(resource: str, **more: Any) -> OnceOnly:
    template, findings = template_from(f"{HEAD}Resources:\n  Thing: {resource}\n", "x", "x.yaml")
    assert template is not None, findings.problems
    regions = more.pop("regions", REGIONS)
    return once_only(template, regions, more.pop("parameters", {}), **more)


@pytest.mark.parametrize(("kind", "name"), IAM.items())
def test_a_fixed_iam_name_in_two_regions_is_found(kind: str, name: str) -> None:
    assert found(f"{{Type: '{kind}', Properties: {{{name}: fixed}}}}").in_account == (
        f"Thing ({kind}) is named fixed in each Region",
    )


@pytest.mark.parametrize(
    "name",
    [
        "!Ref Name",
        "!Sub '${Name}-role'",
        "!Join ['-', [a, !Ref Name]]",
        "!If [Sometimes, a, b]",
        "!Sub ['${X}', {X: !Ref Name}]",
        "!Sub '${AWS::AccountId}-x'",
    ],
)
def test_a_name_with_the_same_value_in_two_regions_is_found(name: str) -> None:
    assert found(f"{{Type: 'AWS::IAM::Role', Properties: {{RoleName: {name}}}}}").in_account


@pytest.mark.parametrize(
    "properties",
    [
        "",
        ", Properties: {RoleName: !Sub 'x-${AWS::Region}'}",
        ", Properties: {RoleName: !Sub '${AWS::StackName}-x'}",
        ", Properties: {RoleName: !FindInMap [Names, !Ref AWS::Region, Short]}",
        ", Properties: {RoleName: !If [AtHome, a, b]}",
        ", Properties: {RoleName: !ImportValue name}",
        ", Properties: {RoleName: fixed}, Condition: AtHome",
        ", Properties: {RoleName: fixed}, Condition: Away",
    ],
)
def test_a_name_that_differs_or_is_in_one_region_only_is_no_finding(properties: str) -> None:
    assert found(f"{{Type: 'AWS::IAM::Role'{properties}}}") == OnceOnly()


def test_a_condition_that_holds_in_both_regions_hides_nothing() -> None:
    role = "{Type: 'AWS::IAM::Role', Properties: {RoleName: x}, Condition: Sometimes}"
    assert found(role).in_account
    assert not found(role, parameters={"Name": "others"}).in_account


def test_one_region_is_no_finding() -> None:
    assert found("{Type: 'AWS::IAM::Role', Properties: {RoleName: x}}", regions=("us-east-1",)) == (
        OnceOnly()
    )


def test_an_overridden_parameter_leaves_a_name_unknown() -> None:
    role = "{Type: 'AWS::IAM::Role', Properties: {RoleName: !Ref Name}}"
    assert found(role, open_parameters=frozenset({"Name"})) == OnceOnly()


def test_names_of_buckets_are_unique_across_accounts() -> None:
    two = {"accounts": ("111111111111", "222222222222"), "regions": ("us-east-1",)}
    fixed = "{Type: 'AWS::S3::Bucket', Properties: {BucketName: logs}}"
    own = "{Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'logs-${AWS::AccountId}'}}"
    assert found(fixed, **two).anywhere
    assert found(fixed).anywhere
    assert found(own).anywhere
    assert found(own, **two) == OnceOnly()


@pytest.mark.parametrize("kind", ["AWS::SSO::PermissionSet", "AWS::Organizations::Policy"])
def test_a_resource_of_the_organization_belongs_in_one_account(kind: str) -> None:
    (text,) = found(f"{{Type: '{kind}'}}").in_organization
    assert "one account of the organization" in text


@pytest.mark.parametrize(("kind", "given"), ONE_IF.items())
def test_a_resource_that_is_unique_by_a_property_is_found(
    kind: str, given: tuple[str, str]
) -> None:
    key, value = given
    one = f"{{Type: '{kind}', Properties: {{{key}: {value}}}}}"
    assert found(one).in_account == (
        f"Thing ({kind}) with {key} {value} is there once in an account",
    )
    assert found(one, regions=("us-east-1",)) == OnceOnly()
    assert found(f"{{Type: '{kind}', Properties: {{{key}: OTHER}}}}") == OnceOnly()
    at_home = f"!If [AtHome, {value}, OTHER]"
    assert found(f"{{Type: '{kind}', Properties: {{{key}: {at_home}}}}}") == OnceOnly()


def test_a_cost_category_of_a_fixed_name_in_two_regions_is_found() -> None:
    """Cost Explorer answers for the whole account, and the name is unique there."""
    assert found("{Type: 'AWS::CE::CostCategory', Properties: {Name: teams}}").in_account == (
        "Thing (AWS::CE::CostCategory) is named teams in each Region",
    )


PACK = "{Type: 'AWS::Config::OrganizationConformancePack'}"
TWO = ("111111111111", "222222222222")


@pytest.mark.parametrize(
    ("resource", "fix"),
    [
        (PACK, "Target one account in stack_sets.k: the one that administers AWS Config for"),
        ("{Type: 'AWS::SSO::PermissionSet'}", "`regions: home` in stack_sets.k and target one acc"),
        (
            "{Type: 'AWS::S3::Bucket', Properties: {BucketName: logs}}",
            "and target one account; or make the name from the account and the Region.",
        ),
        (
            "{Type: 'AWS::IAM::Role', Properties: {RoleName: x}}",
            "Write `regions: home` in stack_sets.k, or make the name from the Region.",
        ),
    ],
)
def test_the_advice_helps_with_what_is_there_once(resource: str, fix: str) -> None:
    """No other name makes a second conformance pack possible, and other Regions are no problem."""
    once = found(resource, accounts=TWO)
    assert fix in cure("k", once)
    assert ("make the name" in cure("k", once)) is bool(once.in_account or once.anywhere)


def test_a_conformance_pack_in_each_region_of_one_account_is_no_finding() -> None:
    assert found(PACK).is_nothing
    several = found(PACK, accounts=TWO)
    assert several.leaves_one
    assert once_words(several) == (
        "Thing (AWS::Config::OrganizationConformancePack) belongs into one account of the "
        "organization. All accounts but one fail."
    )
