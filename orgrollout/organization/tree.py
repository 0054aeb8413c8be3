"""Lookups in a snapshot: units by what a person calls them, accounts by where and what they are.

Finds, and decides nothing: none found and several found are answers that the caller judges.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from orgrollout.model.ids import AccountId, UnitId
from orgrollout.organization.snapshot import Organization

ROOT_NAMES = ("/", "Root")


class OrganizationTree:
    """An organization, indexed once so that large manifests stay fast."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.members = frozenset(organization.accounts)
        self._units = _by_reference(organization)
        self._under = _accounts_by_unit(organization)

    def units_called(self, reference: str) -> tuple[UnitId, ...]:
        """Return the units that a path, an id or a name stands for, by exact spelling.

        The root is `/`, its id, or `Root`. Names need not be unique in an organization, and since a
        name may hold a slash, neither need paths.
        """
        return self._units.get(reference, ())

    @property
    def references(self) -> Iterable[str]:
        """Return everything that `units_called` finds something for."""
        return self._units.keys()

    def accounts_under(self, unit: UnitId) -> frozenset[AccountId]:
        """Return the accounts below a unit, at any depth and in any state."""
        return self._under[unit]

    def ancestors(self, account: AccountId) -> tuple[UnitId, ...]:
        """Return the units above an account, from its parent up to the root."""
        found: list[UnitId] = []
        unit: UnitId | None = self.organization.accounts[account].parent
        while unit is not None:
            found.append(unit)
            unit = self.organization.units[unit].parent
        return tuple(found)

    def path_of(self, account: AccountId) -> str:
        """Return the path of the unit that an account is in."""
        return self.organization.units[self.organization.accounts[account].parent].path

    def accounts_tagged(self, key: str, values: Iterable[str]) -> frozenset[AccountId]:
        """Return the accounts whose tag ``key`` has one of ``values``."""
        found: frozenset[AccountId] = frozenset()
        return found.union(*(self._tagged.get((key, value), ()) for value in values))

    @cached_property
    def _tagged(self) -> dict[tuple[str, str], set[AccountId]]:
        return _by_tag(self.organization)

    @cached_property
    def with_unread_tags(self) -> frozenset[AccountId]:
        """Return the accounts whose tags were not read, which is not to have none."""
        return frozenset(a.id for a in self.organization.accounts.values() if a.tags is None)


def _by_reference(organization: Organization) -> dict[str, tuple[UnitId, ...]]:
    found: dict[str, dict[UnitId, None]] = defaultdict(dict)
    for unit in organization.units.values():
        for reference in (unit.path, unit.name):
            found[reference][unit.id] = None
    for reference in ROOT_NAMES:
        found[reference][organization.root] = None
    for unit in organization.units.values():
        found[unit.id] = {unit.id: None}  # an id is never ambiguous, whatever others are called
    return {reference: tuple(units) for reference, units in found.items()}


def _accounts_by_unit(organization: Organization) -> dict[UnitId, frozenset[AccountId]]:
    found: dict[UnitId, set[AccountId]] = {unit: set() for unit in organization.units}
    for account in organization.accounts.values():
        unit: UnitId | None = account.parent
        while unit is not None:
            found[unit].add(account.id)
            unit = organization.units[unit].parent
    return {unit: frozenset(accounts) for unit, accounts in found.items()}


def _by_tag(organization: Organization) -> dict[tuple[str, str], set[AccountId]]:
    found: dict[tuple[str, str], set[AccountId]] = defaultdict(set)
    for account in organization.accounts.values():
        for tag in (account.tags or {}).items():
            found[tag].add(account.id)
    return dict(found)
