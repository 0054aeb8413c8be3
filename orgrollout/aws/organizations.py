"""An organization, read in the fewest calls.

One call per page of accounts, one per organizational unit for the units below it, apart from those
that cannot have any. Where accounts name their paths (``Paths``, a new field), that is all; where
they do not, one more per unit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, OrganizationChangedError
from orgrollout.model.ids import AccountId, UnitId
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit

_PAGE = {"MaxResults": 20}
_NOWHERE = UnitId("")
_TAGS_A_LOOK = 4  # below a unit: tags have twice the rate of units
_DEEPEST = 5  # units below one another, the root not counted (quotas of AWS Organizations)


def describe_organization(connection: Connection) -> tuple[str, AccountId]:
    """Return the organization's id and its management account. Asked once per connection.

    Raises:
        NotInOrganizationError: The caller's account belongs to none.
    """

    def ask() -> tuple[str, AccountId]:
        found = connection.call("organizations", "DescribeOrganization")["Organization"]
        return str(found["Id"]), AccountId(found["MasterAccountId"])

    answer: tuple[str, AccountId] = connection.once("organization", ask)
    return answer


def read_organization(connection: Connection, *, with_tags: bool) -> Organization:
    """Return the organization's tree and its accounts, with their tags if anything selects by tag.

    Tags cost one call an account, so they are read only when asked for.

    Raises:
        NotInOrganizationError: The caller's account belongs to none.
        OrganizationDeniedError: The caller may not read it.
        OrganizationChangedError: Accounts moved while it was read, twice.
    """
    organization_id, management = describe_organization(connection)
    tags: dict[AccountId, Mapping[str, str]] = {}

    def read_tags(of: Iterable[Account]) -> Iterator[None]:
        for number, account in enumerate(of, start=1):
            tags[account.id] = tags_of(connection, account.id)
            if number % _TAGS_A_LOOK == 0:
                yield

    beside = read_tags if with_tags else _nothing
    tree = _read_tree(connection, partial(_in_turn, beside=beside))
    if _lost(tree, management):
        tree = _read_tree(connection, _accounts_first)
    if lost := _lost(tree, management):
        raise OrganizationChangedError(
            "organizations:ListAccounts", f"the place of {', '.join(lost)} is not known."
        )
    root, units, accounts = tree
    if with_tags:
        for _ in read_tags(account for account in accounts.values() if account.id not in tags):
            pass
        accounts = {a.id: replace(a, tags=tags[a.id]) for a in accounts.values()}
    return Organization(
        id=organization_id,
        management_account=management,
        root=root,
        units=units,
        accounts=accounts,
    )


def read_account(connection: Connection, account: AccountId, *, with_tags: bool) -> Account:
    """Return one account of the organization, in two calls, or three with its tags.

    Raises:
        AwsError: There is no such account, or the caller may not see it.
    """
    described = connection.call("organizations", "DescribeAccount", {"AccountId": account})
    above = connection.pages("organizations", "ListParents", {"ChildId": account}, "Parents")
    return replace(
        _account(described["Account"]),
        parent=UnitId(next(above)["Id"]),
        tags=tags_of(connection, account) if with_tags else None,
    )


def has_left(connection: Connection, account: AccountId) -> bool:
    """Return whether AWS says that there is no such account in the organization.

    Raises:
        AwsError: It does not say.
    """
    try:
        connection.call("organizations", "DescribeAccount", {"AccountId": account})
    except AwsError as error:
        if error.code == "AccountNotFoundException":
            return True
        raise
    return False


_Tree = tuple[UnitId, Mapping[UnitId, Unit], Mapping[AccountId, Account]]


_Both = tuple[list[Account], list[Unit]]
_Beside = Callable[[Iterable[Account]], Iterator[None]]
_Order = Callable[[Iterator[Account], Iterator[Unit]], _Both]


def _read_tree(connection: Connection, order: _Order) -> _Tree:
    pages = connection.pages("organizations", "ListAccounts", _PAGE, "Accounts")
    listed, walked = order(map(_account, pages), _walk_all(connection))
    top = walked[0]
    # A unit has one parent. One that is listed below two was moved, or a page of another's was
    # given out again: its accounts count as without a place, and all of it is read again.
    often = Counter(unit.id for unit in walked)
    units = {unit.id: unit for unit in walked if often[unit.id] == 1}
    accounts = {account.id: account for account in listed}
    return top.id, units, _placed(connection, units, accounts)


def _in_turn(accounts: Iterator[Account], units: Iterator[Unit], *, beside: _Beside) -> _Both:
    """Read a page of accounts and look below a unit, in turn: each API has a rate of its own.

    So one waits while the other is asked. What is asked ``beside``, of the accounts of a page,
    stops now and then for a look below a unit, too. A unit that is made meanwhile may be missed,
    and an account in it then has no place: all of it is read again, in the order that cannot miss
    it.
    """
    listed, walked = list[Account](), list[Unit]()
    while some := [*islice(accounts, _PAGE["MaxResults"])]:
        listed += some
        walked += islice(units, 1)
        for _ in beside(some):
            walked += islice(units, 1)
    return listed, [*walked, *units]


def _nothing(_: Iterable[Account]) -> Iterator[None]:
    return iter(())


def _accounts_first(accounts: Iterator[Account], units: Iterator[Unit]) -> _Both:
    """Read accounts before units: an account in a unit made meanwhile finds its unit."""
    return list(accounts), list(units)


def _walk_all(connection: Connection) -> Iterator[Unit]:
    root = next(connection.pages("organizations", "ListRoots", _PAGE, "Roots"))
    top = Unit(id=UnitId(root["Id"]), name=root.get("Name", "Root"), parent=None, path="/")
    yield from _walk(connection, top)


def _walk(connection: Connection, unit: Unit, depth: int = 0) -> Iterator[Unit]:
    """Return the unit and all below it, parents first."""
    yield unit
    if depth == _DEEPEST:
        return
    below = connection.pages(
        "organizations",
        "ListOrganizationalUnitsForParent",
        {"ParentId": unit.id, **_PAGE},
        "OrganizationalUnits",
    )
    for child in below:
        path = f"{unit.path.rstrip('/')}/{child['Name']}"
        found = Unit(id=UnitId(child["Id"]), name=child["Name"], parent=unit.id, path=path)
        yield from _walk(connection, found, depth + 1)


def _account(listed: Mapping[str, Any]) -> Account:
    return Account(
        id=AccountId(listed["Id"]),
        name=listed.get("Name", ""),
        state=_state(listed),
        parent=_parent(listed.get("Paths") or ()),
        joined=listed.get("JoinedTimestamp"),
    )


def _state(listed: Mapping[str, Any]) -> AccountState:
    """Return the account's state; one that is not known counts as not yet active."""
    try:
        # Status goes away on 2026-09-09; State is not there yet at every endpoint.
        return AccountState(listed.get("State") or listed.get("Status") or "")
    except ValueError:
        return AccountState.PENDING_ACTIVATION


def _parent(paths: Iterable[str]) -> UnitId:
    """Return the unit that ``o-.../r-.../ou-.../123456789012/`` puts the account into."""
    for path in paths:
        units = [part for part in path.split("/") if part.startswith(("r-", "ou-"))]
        if units:
            return UnitId(units[-1])
    return _NOWHERE


def _placed(
    connection: Connection, units: Iterable[UnitId], accounts: Mapping[AccountId, Account]
) -> Mapping[AccountId, Account]:
    """Return the accounts with parents, asking only while some account has none."""
    placed = dict(accounts)
    open_ones = Counter(account.parent for account in accounts.values())[_NOWHERE]
    for unit in units:
        if not open_ones:
            break
        below = connection.pages(
            "organizations", "ListAccountsForParent", {"ParentId": unit, **_PAGE}, "Accounts"
        )
        for found in below:
            account = placed.get(AccountId(found["Id"]))
            if account and account.parent == _NOWHERE:
                placed[account.id] = replace(account, parent=unit)
                open_ones -= 1
    return placed


def _lost(tree: _Tree, management: AccountId) -> list[AccountId]:
    """Return the accounts without a place. The management account always has one."""
    _, units, accounts = tree
    lost = {account.id for account in accounts.values() if account.parent not in units}
    return sorted(lost if management in accounts else {management, *lost})


def tags_of(connection: Connection, account: AccountId) -> Mapping[str, str]:
    """Return the tags of an account."""
    tags = connection.pages("organizations", "ListTagsForResource", {"ResourceId": account}, "Tags")
    return {tag["Key"]: tag["Value"] for tag in tags}
