"""Where a stack set's instances are, as targets of a manifest: units where they show it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orgrollout.model.ids import AccountId, Pair, Region, UnitId
from orgrollout.organization.snapshot import AccountState, Organization
from orgrollout.organization.tree import OrganizationTree

Units = Mapping[AccountId, UnitId | None]  # that CloudFormation recorded, where it records any


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedBlock:
    """Accounts that have stack instances in the same Regions: all below some units, or a list."""

    units: tuple[UnitId, ...] = ()
    accounts: tuple[AccountId, ...] = ()
    regions: tuple[Region, ...]


def regions_by_account(pairs: Iterable[Pair]) -> Mapping[AccountId, tuple[Region, ...]]:
    """Return the Regions of each account, in order."""
    found: dict[AccountId, list[Region]] = defaultdict(list)
    for pair in sorted(pairs):
        found[pair.account].append(pair.region)
    return {account: tuple(regions) for account, regions in found.items()}


def by_regions(pairs: Iterable[Pair]) -> Mapping[tuple[Region, ...], tuple[AccountId, ...]]:
    """Return the accounts that have exactly the same Regions, by those Regions."""
    found: dict[tuple[Region, ...], list[AccountId]] = defaultdict(list)
    for account, regions in regions_by_account(pairs).items():
        found[regions].append(account)
    return {regions: tuple(accounts) for regions, accounts in sorted(found.items())}


def deployed_blocks(
    pairs: Iterable[Pair], units: Units, organization: Organization
) -> tuple[DeployedBlock, ...]:
    """Return blocks that select exactly the accounts and Regions of ``pairs``.

    A unit is written only where it was targeted, and every active account below it has these
    Regions: then, and only then, does it mean what was meant.
    """
    tree = OrganizationTree(organization)
    blocks: list[DeployedBlock] = []
    for regions, accounts in by_regions(pairs).items():
        meant = _whole_units(frozenset(accounts), units, tree)
        below = frozenset[AccountId]().union(*(tree.accounts_under(unit) for unit in meant))
        if meant:
            blocks.append(DeployedBlock(units=meant, regions=regions))
        if rest := tuple(a for a in accounts if a not in below):
            blocks.append(DeployedBlock(accounts=rest, regions=regions))
    return tuple(blocks)


def _whole_units(
    accounts: frozenset[AccountId], units: Units, tree: OrganizationTree
) -> tuple[UnitId, ...]:
    recorded = {unit for account in accounts if (unit := units.get(account)) is not None}
    return tuple(
        sorted(
            unit
            for unit in recorded & tree.organization.units.keys()
            if (active := _active_under(unit, tree))
            and active <= accounts
            and all(units.get(account) == unit for account in active)
        )
    )


def _active_under(unit: UnitId, tree: OrganizationTree) -> frozenset[AccountId]:
    organization = tree.organization
    return frozenset(
        account
        for account in tree.accounts_under(unit)
        if account != organization.management_account
        and organization.accounts[account].state is AccountState.ACTIVE
    )
