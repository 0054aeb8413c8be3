"""How all stack instances stood when a plan was made: the ledger of that moment, kept small.

Accounts are numbers, and runs of numbers are one entry, since a plan is kept for each rollout. What
is here says nothing of what is sent, and is no part of a plan's fingerprint.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, UnitId
from orgrollout.organization.snapshot import Unit

Runs = tuple[tuple[int, int], ...]  # first, and how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Stack instances of one stack set that stood alike."""

    state: str  # a word of coverage
    reason: str = ""
    left_out: str = ""  # of what is orphaned: the word for the pair once the stack instance is gone
    where: tuple[tuple[Runs, tuple[Region, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetThen:
    """One stack set, with all of its Regions."""

    regions: tuple[Region, ...]
    alike: tuple[Alike, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerThen:
    """All accounts x Regions x stack sets of a manifest, each pair in one state."""

    at: datetime  # when reading it began
    management_account: AccountId
    root: UnitId
    units: tuple[Unit, ...]
    accounts: tuple[AccountId, ...]  # of the organization
    names: tuple[str, ...]  # of these
    parents: tuple[int, ...]  # of these, as numbers of units
    departed: tuple[AccountId, ...] = ()  # not in the organization, with stack instances
    stack_sets: Mapping[StackSetKey, StackSetThen] = field(default_factory=dict)

    def pairs(self, alike: Alike) -> Iterator[Pair]:
        """Yield the pairs that stood alike."""
        accounts = (*self.accounts, *self.departed)
        for runs, regions in alike.where:
            for first, many in runs:
                for account in accounts[first : first + many]:
                    yield from (Pair(account, region) for region in regions)

    def problems(self) -> Iterator[str]:
        """Yield what does not fit together."""
        if self.at.tzinfo is None:
            yield "the moment of the ledger has no time zone"
        if not len(self.accounts) == len(self.names) == len(self.parents):
            yield "an account of the ledger has no name or no unit"
        if any(not 0 <= number < len(self.units) for number in self.parents):
            yield "an account of the ledger is in a unit that is not listed"
        last = len(self.accounts) + len(self.departed)
        if any(first < 0 or many < 1 or first + many > last for first, many in self._runs()):
            yield "a stack instance of the ledger is in an account that is not listed"

    def _runs(self) -> Iterator[tuple[int, int]]:
        for each in self.stack_sets.values():
            for alike in each.alike:
                for runs, _ in alike.where:
                    yield from runs


def runs_of(numbers: Iterable[int]) -> Runs:
    """Return numbers as runs."""
    found: list[tuple[int, int]] = []
    for _, run in groupby(enumerate(sorted(numbers)), lambda item: item[1] - item[0]):
        each = [number for _, number in run]
        found.append((each[0], len(each)))
    return tuple(found)
