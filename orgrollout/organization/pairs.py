"""Pairs, each made once: ten thousand accounts share theirs between all stack sets."""

from collections.abc import Iterable

from orgrollout.model.ids import AccountId, Pair, Region


class PairTable:
    """The one place where pairs come from, so that equal pairs are the same object."""

    def __init__(self) -> None:
        self._rows: dict[AccountId, dict[Region, Pair]] = {}

    def of(self, account: AccountId, regions: Iterable[Region]) -> list[Pair]:
        """Return the pairs of an account with each of ``regions``, in their order."""
        row = self._rows.setdefault(account, {})
        return [row.get(r) or row.setdefault(r, Pair(account, r)) for r in regions]
