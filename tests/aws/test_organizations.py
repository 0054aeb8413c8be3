"""The organization, complete however deep and however long its pages, in few calls."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from orgrollout.aws.organizations import read_organization
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.errors import (
    NotInOrganizationError,
    OrganizationChangedError,
    OrganizationDeniedError,
)
from orgrollout.organization.snapshot import AccountState
from orgrollout.sandbox import Sandbox
from tests.stage import new_session, organization

ROOT, UNIT, DEEP = "r-ab12", "ou-ab12-11111111", "ou-ab12-22222222"
ORGANIZATION = {"Organization": {"Id": "o-a1b2c3d4e5", "MasterAccountId": "000000000001"}}
PAGE = {"MaxResults": 20}
NO_UNITS: dict[str, Any] = {"OrganizationalUnits": []}


@pytest.fixture
def moto() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("organizations")
        client.create_organization(FeatureSet="ALL")
        yield client


def account(number: int, **fields: Any) -> dict[str, Any]:
    return {"Id": f"{number:012}", "Name": f"account-{number}", **fields}


def test_every_account_is_found_at_any_depth_and_on_any_page(
    moto: Any, connection: Connection
) -> None:
    """Other tools silently miss nested accounts."""
    parent = root = moto.list_roots()["Roots"][0]["Id"]
    units = []
    for name in ("Workloads", "Prod", "Europe", "Web"):
        parent = moto.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"][
            "Id"
        ]
        units.append(parent)
    for n in range(45):
        made = moto.create_account(Email=f"a{n}@example.org", AccountName=f"a{n}")
        moto.move_account(
            AccountId=made["CreateAccountStatus"]["AccountId"],
            SourceParentId=root,
            DestinationParentId=units[-1] if n < 41 else units[1],
        )

    read = read_organization(connection.planning(), with_tags=False)

    assert len(read.accounts) == 46
    assert sum(a.parent == units[-1] for a in read.accounts.values()) == 41
    assert sum(a.parent == units[1] for a in read.accounts.values()) == 4
    assert read.accounts[read.management_account].parent == read.root == root
    assert [read.units[u].path for u in (root, units[1], units[3])] == [
        "/",
        "/Workloads/Prod",
        "/Workloads/Prod/Europe/Web",
    ]
    assert read.units[units[3]].parent == units[2]
    assert all(a.tags is None for a in read.accounts.values())
    assert connection.calls["ListTagsForResource"] == 0
    assert connection.calls["ListAccounts"] == 3


def test_tags_are_read_for_every_account_if_a_selector_needs_them(
    moto: Any, connection: Connection
) -> None:
    made = moto.create_account(
        Email="a@example.org", AccountName="a", Tags=[{"Key": "baseline", "Value": "core"}]
    )["CreateAccountStatus"]["AccountId"]

    read = read_organization(connection, with_tags=True)

    assert {a.id: a.tags for a in read.accounts.values()} == {
        made: {"baseline": "core"},
        read.management_account: {},
    }
    assert connection.calls["ListTagsForResource"] == 2


def test_a_page_may_be_empty_and_not_be_the_last(
    connection: Connection, organizations: Stubber
) -> None:
    organizations.add_response("describe_organization", ORGANIZATION)
    organizations.add_response("list_accounts", {"Accounts": [], "NextToken": "t"}, PAGE)
    organizations.add_response(
        "list_accounts",
        {"Accounts": [account(1, State="ACTIVE", Paths=[f"o-a1b2c3d4e5/{ROOT}/000000000001/"])]},
        {**PAGE, "NextToken": "t"},
    )
    organizations.add_response("list_roots", {"Roots": [], "NextToken": "r"}, PAGE)
    organizations.add_response("list_roots", {"Roots": [{"Id": ROOT}]}, {**PAGE, "NextToken": "r"})
    below = {"ParentId": ROOT, **PAGE}
    organizations.add_response(
        "list_organizational_units_for_parent",
        {"OrganizationalUnits": [], "NextToken": "u"},
        below,
    )
    organizations.add_response(
        "list_organizational_units_for_parent",
        {"OrganizationalUnits": [{"Id": UNIT, "Name": "Sandbox"}]},
        {**below, "NextToken": "u"},
    )
    organizations.add_response(
        "list_organizational_units_for_parent", NO_UNITS, {"ParentId": UNIT, **PAGE}
    )

    read = read_organization(connection, with_tags=False)

    assert set(read.accounts) == {"000000000001"}
    assert set(read.units) == {ROOT, UNIT}


def _tree(organizations: Stubber, accounts: list[dict[str, Any]]) -> None:
    organizations.add_response("list_accounts", {"Accounts": accounts})
    organizations.add_response("list_roots", {"Roots": [{"Id": ROOT, "Name": "Root"}]})
    organizations.add_response(
        "list_organizational_units_for_parent",
        {"OrganizationalUnits": [{"Id": UNIT, "Name": "W"}]},
        {"ParentId": ROOT, **PAGE},
    )
    organizations.add_response(
        "list_organizational_units_for_parent",
        {"OrganizationalUnits": [{"Id": DEEP, "Name": "D"}]},
        {"ParentId": UNIT, **PAGE},
    )
    organizations.add_response(
        "list_organizational_units_for_parent", NO_UNITS, {"ParentId": DEEP, **PAGE}
    )


def test_accounts_that_name_their_paths_cost_no_call_per_unit(
    connection: Connection, organizations: Stubber
) -> None:
    organizations.add_response("describe_organization", ORGANIZATION)
    path = f"o-a1b2c3d4e5/{ROOT}/{UNIT}/{DEEP}/000000000001/"
    _tree(organizations, [account(1, State="ACTIVE", Paths=[path])])

    read = read_organization(connection, with_tags=False)

    assert [a.parent for a in read.accounts.values()] == [DEEP]
    assert sum(connection.calls.values()) == 6


def test_units_are_read_only_until_every_account_has_its_place(
    connection: Connection, organizations: Stubber
) -> None:
    organizations.add_response("describe_organization", ORGANIZATION)
    known = account(1, Status="ACTIVE", Paths=[f"o-a1b2c3d4e5/{ROOT}/{DEEP}/000000000001/"])
    _tree(organizations, [known, account(2, Status="ACTIVE")])
    organizations.add_response(
        "list_accounts_for_parent", {"Accounts": []}, {"ParentId": ROOT, **PAGE}
    )
    organizations.add_response(
        "list_accounts_for_parent", {"Accounts": [account(2)]}, {"ParentId": UNIT, **PAGE}
    )

    read = read_organization(connection, with_tags=False)

    assert {a.id: a.parent for a in read.accounts.values()} == {
        "000000000001": DEEP,
        "000000000002": UNIT,
    }


def test_state_takes_precedence_over_status_and_unknown_is_not_active(
    connection: Connection, organizations: Stubber
) -> None:
    """Status retires on 2026-09-09; until then an endpoint may send either."""
    organizations.add_response("describe_organization", ORGANIZATION)
    there: dict[str, Any] = {"Paths": [f"o-a1b2c3d4e5/{ROOT}/"]}
    _tree(
        organizations,
        [
            account(1, State="CLOSED", Status="SUSPENDED", **there),
            account(2, Status="SUSPENDED", **there),
            account(3, State="HIBERNATING", **there),
            account(4, **there),
        ],
    )

    states = [a.state for a in read_organization(connection, with_tags=False).accounts.values()]

    assert states == [
        AccountState.CLOSED,
        AccountState.SUSPENDED,
        AccountState.PENDING_ACTIVATION,
        AccountState.PENDING_ACTIVATION,
    ]


def test_an_account_that_moves_meanwhile_is_read_again(
    connection: Connection, organizations: Stubber
) -> None:
    organizations.add_response("describe_organization", ORGANIZATION)
    gone = account(1, State="ACTIVE", Paths=[f"o-a1b2c3d4e5/{ROOT}/ou-ab12-99999999/"])
    here = account(1, State="ACTIVE", Paths=[f"o-a1b2c3d4e5/{ROOT}/{UNIT}/"])
    _tree(organizations, [gone])
    _tree(organizations, [here])

    read = read_organization(connection, with_tags=False)

    assert [a.parent for a in read.accounts.values()] == [UNIT]


def test_an_organization_that_keeps_changing_is_an_error(
    connection: Connection, organizations: Stubber
) -> None:
    """A plan must never be made from half an organization: it would remove the missing accounts."""
    organizations.add_response("describe_organization", ORGANIZATION)
    gone = account(1, State="ACTIVE", Paths=[f"o-a1b2c3d4e5/{ROOT}/ou-ab12-99999999/"])
    _tree(organizations, [gone])
    _tree(organizations, [gone])

    with pytest.raises(OrganizationChangedError, match="000000000001 is not known"):
        read_organization(connection, with_tags=False)


def test_an_account_outside_of_any_organization_is_told_so(
    connection: Connection, organizations: Stubber
) -> None:
    organizations.add_client_error("describe_organization", "AWSOrganizationsNotInUseException")
    with pytest.raises(NotInOrganizationError, match=r"in no organization.*management account"):
        read_organization(connection, with_tags=False)


def test_a_member_without_permission_is_told_who_has_it_and_what_to_allow(
    connection: Connection, organizations: Stubber
) -> None:
    organizations.add_response("describe_organization", ORGANIZATION)
    organizations.add_client_error(
        "list_accounts", "AccessDeniedException", "You don't have permissions", 400
    )
    with pytest.raises(OrganizationDeniedError) as caught:
        read_organization(connection, with_tags=False)
    assert caught.value.action == "organizations:ListAccounts"
    assert "delegated administrators" in str(caught.value)
    assert "allows organizations:ListAccounts" in str(caught.value)


def test_units_at_the_deepest_level_are_not_read_for_child_units(
    moto: Any, connection: Connection
) -> None:
    """Five levels are all there can be, and most units of a large organization are leaves."""
    root = parent = moto.list_roots()["Roots"][0]["Id"]
    for level in range(1, 6):
        made = moto.create_organizational_unit(ParentId=parent, Name=f"Level{level}")
        parent = made["OrganizationalUnit"]["Id"]

    read = read_organization(connection, with_tags=False)

    assert read.units[parent].path == "/Level1/Level2/Level3/Level4/Level5"
    assert len(read.units) == 6
    assert root in read.units
    assert connection.calls["ListOrganizationalUnitsForParent"] == 5


def test_tags_are_read_beside_accounts_and_units() -> None:
    """The time is that of the tags alone: 10 a second, after 15 at once."""
    accounts, units = 200, 50
    names = [f"U{n}" for n in range(units)]
    members = [{"name": f"a{n}", "id": f"2{n:011}", "tags": {"n": str(n)}} for n in range(accounts)]
    tree = {name: {"accounts": members[n::units]} for n, name in enumerate(names)}
    with Sandbox.start(organization(root={"organizational_units": tree})) as sandbox:
        limited = connect(session=new_session(), clock=sandbox.clock, limits=RateLimits())
        begun = sandbox.clock.now()
        read = read_organization(limited, with_tags=True)
        seconds = (sandbox.clock.now() - begun).total_seconds()

    assert limited.calls["ListTagsForResource"] == accounts + 1
    assert {a.name: a.tags for a in read.accounts.values() if a.name != "management"} == {
        f"a{n}": {"n": str(n)} for n in range(accounts)
    }
    assert len(read.units) == units + 1
    tags_alone = (accounts + 1 - 15) / 10
    assert seconds < 1.1 * tags_alone


def test_accounts_and_units_are_read_in_turn_as_each_has_a_rate_of_its_own() -> None:
    """One waits while the other is asked: that takes as long as the slower of both, and not both.

    The rates are those of `RATES`: 8 pages of accounts a second, and a look below 5 units.
    """
    pages, units = 40, 25
    names = [f"U{n}" for n in range(units)]
    members = [{"name": f"a{n}", "id": f"2{n:011}"} for n in range(pages * 20)]
    tree = {name: {"accounts": members[n::units]} for n, name in enumerate(names)}
    described = organization(root={"organizational_units": tree})
    with Sandbox.start(described) as sandbox:
        limited = connect(session=new_session(), clock=sandbox.clock, limits=RateLimits())
        begun = sandbox.clock.now()
        read = read_organization(limited, with_tags=False)
        seconds = (sandbox.clock.now() - begun).total_seconds()
        order = [call.operation for call in sandbox.calls]

    assert len(read.accounts) == pages * 20 + 1
    assert len(read.units) == units + 1
    last = len(order) - 1 - order[::-1].index("ListAccounts")
    assert order[:last].count("ListOrganizationalUnitsForParent") >= units
    one_after_the_other = (pages - 12) / 8 + (units + 1 - 8) / 5
    assert seconds < 0.75 * one_after_the_other
