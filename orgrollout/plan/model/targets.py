"""Few operations that cover exactly the pairs that are meant.

An operation takes accounts and Regions and touches every combination of them. So a set of pairs is
cut into rectangles, none of which holds a pair that is not in the set.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from itertools import product
from typing import NamedTuple, TypeVar

from orgrollout.model.ids import AccountId, Pair, Region

_A = TypeVar("_A", bound=str)
_B = TypeVar("_B", bound=str)


class Rectangle(NamedTuple):
    """Accounts x Regions, each combination of which is meant."""

    accounts: tuple[AccountId, ...]
    regions: tuple[Region, ...]

    @property
    def pairs(self) -> Iterable[Pair]:
        """Return every combination."""
        # Two million are made for the largest plan, so nothing written in Python makes them.
        return map(partial(tuple.__new__, Pair), product(self.accounts, self.regions))

    @property
    def size(self) -> int:
        """Return how many pairs it has."""
        return len(self.accounts) * len(self.regions)


def cover(pairs: Iterable[Pair]) -> tuple[Rectangle, ...]:
    """Return disjoint rectangles whose pairs are exactly ``pairs``, in a fixed order.

    There are as many as there are distinct Region sets among the accounts, or distinct account
    sets among the Regions, whichever is fewer.
    """
    regions_of: dict[AccountId, set[Region]] = defaultdict(set)
    accounts_of: dict[Region, set[AccountId]] = defaultdict(set)
    for account, region in pairs:
        regions_of[account].add(region)
        accounts_of[region].add(account)
    by_regions = _gathered(regions_of)
    by_accounts = _gathered(accounts_of)
    if len(by_regions) <= len(by_accounts):
        found = [Rectangle(accounts, regions) for regions, accounts in by_regions.items()]
    else:
        found = [Rectangle(accounts, regions) for accounts, regions in by_accounts.items()]
    return tuple(sorted(found))


def _gathered(sets: dict[_A, set[_B]]) -> dict[tuple[_B, ...], tuple[_A, ...]]:
    """Return which keys share the same set of values."""
    keys: dict[frozenset[_B], list[_A]] = defaultdict(list)
    for key, values in sets.items():
        keys[frozenset(values)].append(key)
    return {tuple(sorted(values)): tuple(sorted(found)) for values, found in keys.items()}
