"""Section G: the organization as Organizations tells it."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from botocore.config import Config
from types_boto3_organizations import OrganizationsClient

from orgrollout.sandbox import Sandbox, SandboxFileError, Settings, load_organization
from tests.sandbox.support import ACCOUNTS, ORGANIZATION, code_of, many, unit


@pytest.fixture
def organizations(sandbox: Sandbox) -> OrganizationsClient:
    config = Config(retries={"total_max_attempts": 1})
    return sandbox.session().client("organizations", config=config)


def test_ids_are_those_of_the_file(sandbox: Sandbox, organizations: OrganizationsClient) -> None:
    own = organizations.describe_organization()["Organization"]
    assert (own["Id"], own["MasterAccountId"]) == ("o-a1b2c3d4e5", "999999999999")
    assert own["FeatureSet"] == "ALL"
    described = organizations.describe_account(AccountId=ACCOUNTS[0])["Account"]
    assert described["Name"] == "w0"
    path = described["Paths"][0]
    assert path.startswith(f"o-a1b2c3d4e5/{sandbox.organization.root_id}/")
    assert path.endswith(f"{unit(sandbox, 'Workloads')}/{ACCOUNTS[0]}/")


def test_derived_ids_have_awss_form_and_are_the_same_at_every_start() -> None:
    one, two = (load_organization(many(3)).organization for _ in range(2))
    assert list(one.units) == list(two.units)
    assert one.root_id.startswith("r-")
    assert unit_form(one.find("Fleet"))


def unit_form(identifier: str) -> bool:
    prefix, root, own = identifier.split("-")
    return prefix == "ou" and len(root) == 4 and len(own) == 8


def test_lists_for_a_parent_show_direct_children_only(
    sandbox: Sandbox, organizations: OrganizationsClient
) -> None:
    workloads = unit(sandbox, "Workloads")
    accounts = organizations.list_accounts_for_parent(ParentId=workloads, MaxResults=20)
    assert {each["Id"] for each in accounts["Accounts"]} == set(ACCOUNTS)
    units = organizations.list_organizational_units_for_parent(ParentId=workloads)
    assert [each["Name"] for each in units["OrganizationalUnits"]] == ["Prod"]
    children = organizations.list_children(ParentId=workloads, ChildType="ORGANIZATIONAL_UNIT")
    assert [each["Id"] for each in children["Children"]] == [unit(sandbox, "Prod")]
    parents = organizations.list_parents(ChildId=unit(sandbox, "Prod"))["Parents"]
    assert parents == [{"Id": workloads, "Type": "ORGANIZATIONAL_UNIT"}]


def test_pages_hold_20_at_most() -> None:
    with Sandbox.start(many(45)) as sandbox:
        client = sandbox.session().client("organizations")
        assert code_of(client.list_accounts, MaxResults=21)[0] == "InvalidInputException"
        pages = list(client.get_paginator("list_accounts").paginate())
        assert [len(page["Accounts"]) for page in pages] == [20, 20, 6]


def test_an_empty_page_can_bear_a_token() -> None:
    with Sandbox.start(many(3), settings=Settings(empty_pages=True)) as sandbox:
        client = sandbox.session().client("organizations")
        first = client.list_accounts()
        assert first["Accounts"] == []
        second = client.list_accounts(NextToken=first["NextToken"])
        assert len(second["Accounts"]) == 4
        assert "NextToken" not in second


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("ACTIVE", "ACTIVE"),
        ("SUSPENDED", "SUSPENDED"),
        ("PENDING_CLOSURE", "PENDING_CLOSURE"),
        ("CLOSED", "SUSPENDED"),
        ("PENDING_ACTIVATION", "ACTIVE"),
    ],
)
def test_accounts_have_a_state_and_the_older_status(state: str, status: str) -> None:
    organization = copy.deepcopy(ORGANIZATION)
    organization["root"]["accounts"] = [{"name": "x", "id": "123456789012", "state": state}]
    with Sandbox.start(organization) as sandbox:
        client = sandbox.session().client("organizations")
        seen = client.describe_account(AccountId="123456789012")["Account"]
        assert (seen["State"], seen["Status"]) == (state, status)


def test_tags_are_listed_and_changed(organizations: OrganizationsClient) -> None:
    organizations.tag_resource(ResourceId=ACCOUNTS[0], Tags=[{"Key": "a", "Value": "b"}])
    tags = organizations.list_tags_for_resource(ResourceId=ACCOUNTS[0])["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    organizations.untag_resource(ResourceId=ACCOUNTS[0], TagKeys=["a"])
    assert organizations.list_tags_for_resource(ResourceId=ACCOUNTS[0])["Tags"] == []


def test_members_may_not_read_the_organization_but_delegates_may(sandbox: Sandbox) -> None:
    member = sandbox.session("w0").client("organizations")
    assert code_of(member.list_accounts)[0] == "AccessDeniedException"
    delegate = sandbox.session("audit").client("organizations")
    assert len(delegate.list_accounts()["Accounts"]) == len(sandbox.organization.accounts)
    assert code_of(delegate.close_account, AccountId=ACCOUNTS[0])[0] == "AccessDeniedException"


def test_accounts_are_created_moved_closed_and_removed(
    sandbox: Sandbox, organizations: OrganizationsClient
) -> None:
    status = organizations.create_account(Email="n@example.com", AccountName="new")
    request = status["CreateAccountStatus"]
    again = organizations.describe_create_account_status(CreateAccountRequestId=request["Id"])
    assert again["CreateAccountStatus"]["AccountId"] == request["AccountId"]
    root, prod = sandbox.organization.root_id, unit(sandbox, "Prod")
    move = {"AccountId": request["AccountId"], "SourceParentId": root}
    organizations.move_account(DestinationParentId=prod, **move)
    assert code_of(organizations.move_account, DestinationParentId=prod, **move)[0] == (
        "SourceParentNotFoundException"
    )
    organizations.close_account(AccountId=request["AccountId"])
    seen = organizations.describe_account(AccountId=request["AccountId"])["Account"]
    assert seen["State"] == "PENDING_CLOSURE"
    organizations.remove_account_from_organization(AccountId=request["AccountId"])
    gone = code_of(organizations.describe_account, AccountId=request["AccountId"])
    assert gone[0] == "AccountNotFoundException"


def test_units_are_created_and_deleted_when_empty(
    sandbox: Sandbox, organizations: OrganizationsClient
) -> None:
    root = sandbox.organization.root_id
    made = organizations.create_organizational_unit(ParentId=root, Name="New")
    identifier = made["OrganizationalUnit"]["Id"]
    assert code_of(organizations.create_organizational_unit, ParentId=root, Name="New")[0] == (
        "DuplicateOrganizationalUnitException"
    )
    organizations.delete_organizational_unit(OrganizationalUnitId=identifier)
    delete = organizations.delete_organizational_unit
    assert code_of(delete, OrganizationalUnitId=unit(sandbox, "Prod"))[0] == (
        "OrganizationalUnitNotEmptyException"
    )


def test_policies_are_motos_on_the_same_tree(
    sandbox: Sandbox, organizations: OrganizationsClient
) -> None:
    policy = organizations.create_policy(
        Name="deny", Type="SERVICE_CONTROL_POLICY", Description="", Content="{}"
    )["Policy"]["PolicySummary"]["Id"]
    for target in (unit(sandbox, "Prod"), ACCOUNTS[0]):
        organizations.attach_policy(PolicyId=policy, TargetId=target)
        attached = organizations.list_policies_for_target(
            TargetId=target, Filter="SERVICE_CONTROL_POLICY"
        )
        assert policy in {each["Id"] for each in attached["Policies"]}


def test_throttling_has_its_own_code(sandbox: Sandbox, organizations: OrganizationsClient) -> None:
    sandbox.throttle("ListRoots", service="organizations", times=None)
    assert code_of(organizations.describe_organization) == ("", 200)
    assert code_of(organizations.list_roots) == ("TooManyRequestsException", 400)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"organization": "acme"}, "organization must be an id like o-a1b2c3d4e5"),
        ({"management_account": 999999999999}, "twelve digits in quotes, not 999999999999"),
        ({"rooot": {}}, "rooot is not known"),
        ({"delegated_administrators": ["absent"]}, "'absent' names 0 accounts"),
        ({"root": {"accounts": [{"name": "a", "state": "SLEEPING"}]}}, "state must be one of"),
        ({"root": {"accounts": [{"id": "123456789012"}]}}, "a mapping with a name"),
        ({"root": {"accounts": ["a", "a"]}}, "is taken by root.accounts[0]"),
        ({"opt_in_regions": {"eu-south-1": ["x"]}}, "opt_in_regions.eu-south-1"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_where(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxFileError) as caught:
        load_organization({**many(1), **change})
    assert message in str(caught.value)


def test_documented_rates_and_bursts_are_a_setting() -> None:
    """ListRoots: one a second, two at once."""
    with Sandbox.start(many(1), settings=Settings(organizations_rates=True)) as sandbox:
        config = Config(retries={"total_max_attempts": 1})
        client = sandbox.session().client("organizations", config=config)
        assert [code_of(client.list_roots)[0] for _ in range(3)] == [
            "",
            "",
            "TooManyRequestsException",
        ]
        sandbox.clock.sleep(timedelta(seconds=1))
        assert code_of(client.list_roots)[0] == ""


def test_units_are_nested_five_deep_at_most(
    sandbox: Sandbox, organizations: OrganizationsClient
) -> None:
    parent = sandbox.organization.root_id
    for depth in range(5):
        made = organizations.create_organizational_unit(ParentId=parent, Name=f"u{depth}")
        parent = made["OrganizationalUnit"]["Id"]
    assert code_of(organizations.create_organizational_unit, ParentId=parent, Name="u5")[0] == (
        "ConstraintViolationException"
    )
