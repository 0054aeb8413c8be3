"""What changed from one ledger to another, pair by pair. A pair that one lacks may be unknown."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from orgrollout.report.ledger.kept import UNKNOWN, Entry, KeptLedger, Place
from orgrollout.rollout.coverage import CoverageState

ABSENT = ""  # the state of a pair that a whole ledger does not have
_ORDER = {state.value: number for number, state in enumerate(CoverageState)}
_NONE = Entry(ABSENT, "", "", "")
_UNTOLD = Entry(UNKNOWN, "", "", "")


@dataclass(frozen=True, slots=True)
class Change:
    """One pair that stands in two ledgers in two states."""

    place: Place
    before: Entry
    after: Entry

    @property
    def is_known(self) -> bool:
        """Return whether both ledgers tell the state, so that it changed for sure."""
        return UNKNOWN not in {self.before.state, self.after.state}


@dataclass(frozen=True)
class Difference:
    """Two ledgers, and how they differ."""

    before: KeptLedger
    after: KeptLedger
    changes: tuple[Change, ...]  # known to have changed
    not_known: tuple[Change, ...]  # known in one of the two alone
    same: int
    never_known: int  # unknown in both

    def only(self, states: Collection[str]) -> "Difference":
        """Return the pairs alone that were, or are, in one of the states."""

        def is_meant(change: Change) -> bool:
            return change.before.state in states or change.after.state in states

        return replace(
            self,
            changes=tuple(filter(is_meant, self.changes)),
            not_known=tuple(filter(is_meant, self.not_known)),
        )

    @cached_property
    def transitions(self) -> dict[tuple[str, str, str], int]:
        """Return how many pairs went from which state to which, by stack set."""
        counted = Counter(
            (each.place.stack_set, each.before.state, each.after.state)
            for each in (*self.changes, *self.not_known)
        )
        order = {key: n for n, key in enumerate(_stack_sets(self.before, self.after))}
        return {
            key: counted[key]
            for key in sorted(counted, key=lambda k: (order[k[0]], _rank(k[1]), _rank(k[2])))
        }


def difference_of(before: KeptLedger, after: KeptLedger) -> Difference:
    """Return how two ledgers differ, by stack set, account and Region."""
    order = {key: number for number, key in enumerate(_stack_sets(before, after))}
    places = sorted(
        before.entries.keys() | after.entries.keys(),
        key=lambda place: (order[place.stack_set], place.account, place.region),
    )
    changes: list[Change] = []
    not_known: list[Change] = []
    same = never = 0
    for place in places:
        change = Change(place, _entry(before, place), _entry(after, place))
        if change.before.state != change.after.state:
            (changes if change.is_known else not_known).append(change)
        elif change.is_known:
            same += 1
        else:
            never += 1
    return Difference(before, after, tuple(changes), tuple(not_known), same, never)


def _entry(ledger: KeptLedger, place: Place) -> Entry:
    """Return how a pair stood; one that a part of a ledger does not hold is unknown.

    The journal does not know which accounts joined after a plan was made, or left before it.
    """
    is_told = ledger.is_whole and (ledger.accounts is None or place.account in ledger.accounts)
    return ledger.entries.get(place, _NONE if is_told else _UNTOLD)


def _stack_sets(*ledgers: KeptLedger) -> Iterator[str]:
    """Yield the stack sets in the order of the ledgers, each once."""
    return iter(
        dict.fromkeys(place.stack_set for place in chain(*(each.entries for each in ledgers)))
    )


def _rank(state: str) -> int:
    return _ORDER.get(state, len(_ORDER))
