"""A part of kept ledgers: the same accounts, Regions and stack sets of each."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from orgrollout.report.ledger.kept import KeptLedger, Place


def accounts_below(ledgers: Iterable[KeptLedger], path: str) -> frozenset[str]:
    """Return the accounts that any of the ledgers has in a unit or below it."""
    below = path if path.endswith("/") else f"{path}/"
    return frozenset(
        place.account
        for ledger in ledgers
        for place, entry in ledger.entries.items()
        if entry.ou_path == path or entry.ou_path.startswith(below)
    )


def units_of(ledgers: Iterable[KeptLedger]) -> frozenset[str]:
    """Return the paths of all units that have an account, and of those above them."""
    paths = {entry.ou_path for ledger in ledgers for entry in ledger.entries.values()} - {""}
    found = set(paths)
    for path in paths:
        while path := path.rpartition("/")[0]:
            found.add(path)
    return frozenset(found | ({"/"} if paths else set()))


def account_names(ledgers: Iterable[KeptLedger]) -> dict[str, frozenset[str]]:
    """Return the accounts by what they are called: an id, or a name that several may share."""
    found: dict[str, set[str]] = {}
    for ledger in ledgers:
        for place, entry in ledger.entries.items():
            for name in {place.account, entry.account_name} - {""}:
                found.setdefault(name, set()).add(place.account)
    return {name: frozenset(ids) for name, ids in found.items()}


def narrowed(ledger: KeptLedger, is_meant: Callable[[Place], bool]) -> KeptLedger:
    """Return the ledger with the pairs that are meant."""
    return replace(ledger, entries={p: e for p, e in ledger.entries.items() if is_meant(p)})
