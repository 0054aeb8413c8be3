"""The organization as a tree: roots, units, accounts, who may administer what.

Only data and the questions asked of it; the API over it is ``organizations_api``, the
file format ``organization_file``. Ids are those of the file, or derived from names.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from orgrollout.sandbox.errors import UnknownNameError
from orgrollout.sandbox.partitions import partition_of

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
STACK_SETS_PRINCIPAL = "member.org.stacksets.cloudformation.amazonaws.com"
LEGACY_PRINCIPAL = "stacksets.cloudformation.amazonaws.com"

OPT_IN_REGIONS = frozenset(
    [
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
    ]
)


def derive(length: int, *parts: str, alphabet: str = ALPHABET) -> str:
    """Return ``length`` characters that follow from ``parts`` alone."""
    number = int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest(), "big")
    made = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        made.append(alphabet[index])
    return "".join(made)


@dataclass(slots=True, kw_only=True)
class Account:
    """An account; ``parent_id`` is the root or a unit."""

    id: str
    name: str
    email: str
    parent_id: str
    joined: datetime
    state: str = "ACTIVE"
    joined_method: str = "CREATED"
    tags: dict[str, str] = field(default_factory=dict)
    opt_in_regions: set[str] = field(default_factory=set)

    @property
    def status(self) -> str:
        """The older field, which knows three values and retires on 2026-09-09."""
        closed = {"CLOSED": "SUSPENDED", "PENDING_ACTIVATION": "ACTIVE"}
        return closed.get(self.state, self.state)


@dataclass(slots=True, kw_only=True)
class Unit:
    """An organizational unit; the root is the one whose ``parent_id`` is empty."""

    id: str
    name: str
    parent_id: str
    tags: dict[str, str] = field(default_factory=dict)


class Organization:
    """Accounts in units in a root, and the administrators of the organization."""

    def __init__(self, organization_id: str, management: Account, root_id: str) -> None:
        self.id = organization_id
        self.management_account_id = management.id
        self.root_id = root_id
        self.accounts: dict[str, Account] = {management.id: management}
        self.units = {root_id: Unit(id=root_id, name="Root", parent_id="")}
        self.home_region = "us-east-1"
        self.regions: list[str] = []
        self.delegates: dict[str, dict[str, datetime]] = {}
        self.trusted_services: dict[str, datetime] = {}
        self.feature_set = "ALL"
        self._children: dict[str, list[str]] = defaultdict(list)
        self._members: dict[str, dict[str, None]] = defaultdict(dict)
        self._members[management.parent_id][management.id] = None

    @property
    def partition(self) -> str:
        """The partition that the organization is in: that of its home Region."""
        return partition_of(self.home_region)

    def add_unit(self, unit: Unit) -> None:
        """Put ``unit`` under its parent."""
        self.units[unit.id] = unit
        self._children[unit.parent_id].append(unit.id)

    def remove_unit(self, unit_id: str) -> None:
        """Take an empty unit away."""
        unit = self.units.pop(unit_id)
        self._children[unit.parent_id].remove(unit_id)

    def add_account(self, account: Account) -> None:
        """Put ``account`` under its parent."""
        self.accounts[account.id] = account
        self._members[account.parent_id][account.id] = None

    def remove_account(self, account_id: str) -> Account:
        """Take an account out of the organization and return it."""
        account = self.accounts.pop(account_id)
        del self._members[account.parent_id][account_id]
        self.delegates.pop(account_id, None)
        return account

    def move_account(self, account_id: str, parent_id: str) -> None:
        """Put an account under another parent."""
        account = self.accounts[account_id]
        del self._members[account.parent_id][account_id]
        account.parent_id = parent_id
        self._members[parent_id][account_id] = None

    def units_in(self, parent_id: str) -> list[Unit]:
        """Return the units directly below ``parent_id``."""
        return [self.units[unit_id] for unit_id in self._children[parent_id]]

    def accounts_in(self, parent_id: str) -> list[Account]:
        """Return the accounts directly below ``parent_id``."""
        return [self.accounts[account_id] for account_id in self._members[parent_id]]

    def accounts_under(self, parent_id: str) -> Iterator[str]:
        """Yield the ids of all accounts below ``parent_id``, at any depth."""
        yield from self._members[parent_id]
        for unit_id in self._children[parent_id]:
            yield from self.accounts_under(unit_id)

    def ancestors(self, parent_id: str) -> list[str]:
        """Return ``parent_id`` and what is above it, innermost first."""
        chain = []
        while parent_id:
            chain.append(parent_id)
            parent_id = self.units[parent_id].parent_id if parent_id in self.units else ""
        return chain

    def path_of(self, unit_id: str) -> str:
        """Return the AWS path of a root or unit: ``o-id/r-id/ou-id/.../``."""
        return "/".join([self.id, *reversed(self.ancestors(unit_id))]) + "/"

    def find(self, name: str) -> str:
        """Return the id of the account, unit or root with this id, name or ``/path``.

        Raises:
            UnknownNameError: No account or unit has this name, or more than one has it.
        """
        if name in self.accounts or name in self.units:
            return name
        if name in ("/", "Root"):
            return self.root_id
        found = [a.id for a in self.accounts.values() if a.name == name]
        found += [u.id for u in self.units.values() if name in (u.name, self.name_path(u.id))]
        if len(found) != 1:
            raise UnknownNameError(f"{name!r} names {len(found)} accounts or units")
        return found[0]

    def name_path(self, unit_id: str) -> str:
        """Return ``/Workloads/Prod`` for a unit, ``/`` for the root."""
        names = [self.units[each].name for each in self.ancestors(unit_id)[:-1]]
        return "/" + "/".join(reversed(names))

    def is_enabled(self, account_id: str, region: str) -> bool:
        """Return whether ``region`` can be used in this account."""
        if partition_of(region) != self.partition:
            return False
        if region not in OPT_IN_REGIONS:
            return True
        account = self.accounts.get(account_id)
        return account is not None and region in account.opt_in_regions

    @property
    def optional_regions(self) -> set[str]:
        """The opt-in Regions that some account has enabled."""
        return set().union(*(account.opt_in_regions for account in self.accounts.values()))

    def is_delegate(self, account_id: str) -> bool:
        """Return whether the account administers service-managed stack sets by delegation."""
        services = self.delegates.get(account_id, {})
        return STACK_SETS_PRINCIPAL in services or LEGACY_PRINCIPAL in services


def new_unit_id(root_id: str, *parts: Iterable[str] | str) -> str:
    """Return a unit id in AWS's form, derived from ``parts``."""
    return f"ou-{root_id.removeprefix('r-')}-{derive(8, *(str(part) for part in parts))}"
