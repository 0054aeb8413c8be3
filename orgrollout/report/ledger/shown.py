"""What changed between two ledgers, as people read it and as programs do."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from orgrollout.report.coverage import MOST_ROWS
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.json_text import Rows
from orgrollout.report.layout.words import count, iso, zoned
from orgrollout.report.ledger.difference import ABSENT, Change, Difference
from orgrollout.report.ledger.kept import KeptLedger
from orgrollout.report.plan.as_text import FORMAT_VERSION

COLUMNS = ("stack_set", "account", "account_name", "ou_path", "region", "from", "to", "reason")
_SHOWN = ("stack_set", "account", "account_name", "region", "from", "to", "reason")
_NOT_THERE = "not in it"


def difference_json(found: Difference) -> dict[str, Any]:
    """Return a difference as JSON can hold it. Keys may be added, never renamed.

    A state is null where a whole ledger does not have the pair.
    """
    return {
        "format_version": FORMAT_VERSION,
        "from": _ledger(found.before),
        "to": _ledger(found.after),
        "summary": {
            "changed": len(found.changes),
            "same": found.same,
            "known_in_one": len(found.not_known),
            "unknown_in_both": found.never_known,
        },
        "transitions": [
            {"stack_set": key, "from": before or None, "to": after or None, "pairs": number}
            for (key, before, after), number in found.transitions.items()
        ],
        "changes": Rows(lambda: map(_row, found.changes)),
    }


def difference_cells(changes: Iterable[Change]) -> Iterator[tuple[str, ...]]:
    """Yield every change with every column: what CSV holds."""
    for change in changes:
        row = _row(change)
        yield tuple(row[column] or "" for column in COLUMNS)


def difference_blocks(found: Difference, most: int = MOST_ROWS) -> Iterator[Block]:
    """Yield which two ledgers were compared, how many pairs changed, and the first of them."""
    yield Line(text=f"from {_named(found.before)}", style="dim")
    yield Line(text=f"to   {_named(found.after)}", style="dim")
    yield from (Line(text=text, style="yellow") for text in _notes(found))
    if found.transitions:
        yield Sheet(
            headers=("stack set", "from", "to", "pairs"),
            rows=tuple(
                (key, _word(before), _word(after), f"{number:,}")
                for (key, before, after), number in found.transitions.items()
            ),
            right=frozenset({3}),
        )
    if found.changes:
        yield Sheet(headers=_SHOWN, rows=tuple(_told(found.changes[:most])))
    if len(found.changes) > most:
        more = len(found.changes) - most
        yield Line(text=f"and {more:,} more: --format csv or json shows all")
    yield Line(
        text=f"{count(len(found.changes), 'stack instance')} changed, {found.same:,} did not.",
        style="bold",
    )


def _told(changes: Sequence[Change]) -> Iterator[tuple[str, ...]]:
    for change in changes:
        row = _row(change)
        told = {**row, "from": _word(change.before.state), "to": _word(change.after.state)}
        yield tuple(told[column] or "" for column in _SHOWN)


def _notes(found: Difference) -> Iterator[str]:
    """Yield what a reader of the difference could get wrong."""
    before, after = found.before, found.after
    if before.made and after.made and after.made < before.made:
        yield "the second ledger is older than the first"
    if before.manifest and after.manifest and before.manifest != after.manifest:
        yield f"two manifests are compared: {before.manifest} and {after.manifest}"
    yield from _partial(found)
    if found.not_known:
        number = count(len(found.not_known), "stack instance")
        yield f"{number} unknown in one of the two: whether the state changed is not known"
    if found.never_known:
        yield f"{count(found.never_known, 'stack instance')} unknown in both"


def _partial(found: Difference) -> Iterator[str]:
    """Yield of which pairs a ledger does not tell."""
    for each in (found.before, found.after):
        if not each.is_whole:
            yield f"{each.name} may hold a part of the ledger: what it lacks is unknown, not gone"
        elif _lacks_accounts(each, found):
            yield (
                f"{each.name} lacks accounts: the journal does not say whether they were in the "
                "organization then, so they are unknown in it"
            )


def _lacks_accounts(ledger: KeptLedger, found: Difference) -> bool:
    told = ledger.accounts
    return told is not None and any(c.place.account not in told for c in found.not_known)


def _named(ledger: KeptLedger) -> str:
    told = [ledger.name]
    if ledger.manifest:
        told.append(f"manifest {ledger.manifest}")
    if ledger.made is not None:
        told.append(f"as of {zoned(ledger.made)}")
    return ", ".join(told)


def _ledger(ledger: KeptLedger) -> dict[str, Any]:
    return {
        "name": ledger.name,
        "manifest": ledger.manifest,
        "organization": ledger.organization,
        "made": iso(ledger.made),
        "as_of": ledger.as_of,
        "whole": ledger.is_whole,
        "pairs": len(ledger.entries),
    }


def _row(change: Change) -> dict[str, Any]:
    newer, older = change.after, change.before
    return {
        "stack_set": change.place.stack_set,
        "account": change.place.account,
        "account_name": newer.account_name or older.account_name or None,
        "ou_path": newer.ou_path or older.ou_path or None,
        "region": change.place.region,
        "from": older.state or None,
        "to": newer.state or None,
        "reason": newer.reason,
    }


def _word(state: str) -> str:
    return _NOT_THERE if state == ABSENT else state
