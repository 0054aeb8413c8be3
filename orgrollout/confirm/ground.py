"""Where experiments run, and what everything that they make is called."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orgrollout.model.ids import AccountId, Pair, Region, StackSetName, UnitId

PREFIX = "orgrollout-confirm-"
MADE_BY = "Made by orgrollout confirm, which removes it. Harmless."
"""The description of every stack set that is made: without it, nothing is removed."""
_NAME = re.compile(rf"{PREFIX}[a-z-]+-[0-9a-f]{{8}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account, and the unit that it is in."""

    account: AccountId
    unit: UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The accounts and the two Regions of the experiments. Nothing is made elsewhere."""

    run: str  # ends the name of everything that this run makes: eight hexadecimal digits
    canary: Place
    regions: tuple[Region, Region]
    call_as: str  # SELF or DELEGATED_ADMIN
    suspended: Place | None = None  # stacks are never made there
    by_role: bool = False  # whether there is a role to look into the canary account with

    @property
    def here(self) -> Pair:
        """Return the pair that most experiments use."""
        return Pair(self.canary.account, self.regions[0])

    @property
    def there(self) -> Pair:
        """Return the canary account in the second Region."""
        return Pair(self.canary.account, self.regions[1])

    def name(self, experiment: str) -> StackSetName:
        """Return what the stack set of an experiment is called."""
        return StackSetName(f"{PREFIX}{experiment}-{self.run}")

    def targets(self, *pairs: Pair) -> dict[str, Any]:
        """Return deployment targets: the accounts of these pairs, in each of their Regions."""
        known = (self.canary, self.suspended)
        accounts = dict.fromkeys(pair.account for pair in pairs)
        units = {p.unit for p in known if p is not None and p.account in accounts}
        return exactly(units, accounts, dict.fromkeys(pair.region for pair in pairs))


def exactly(
    units: Iterable[UnitId], accounts: Iterable[AccountId], regions: Iterable[Region]
) -> dict[str, Any]:
    """Return deployment targets that are these accounts in these Regions and nothing else."""
    return {
        "DeploymentTargets": {
            "OrganizationalUnitIds": sorted(units),
            "Accounts": list(accounts),
            "AccountFilterType": "INTERSECTION",
        },
        "Regions": list(regions),
    }


def is_of_confirm(name: str, description: str) -> bool:
    """Return whether a stack set was made by an experiment: only such a one is ever removed."""
    return _NAME.fullmatch(name) is not None and description == MADE_BY
