"""What became of findings, for people and for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from orgrollout.drift.finding import FindingKind
from orgrollout.drift.history import Record
from orgrollout.report.drift.changed_by import changed_by_json, changed_by_words
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count, iso, word
from orgrollout.report.plan.as_text import FORMAT_VERSION

MOST_ROWS = 60  # in text; CSV and JSON hold all
_COLUMNS = (
    "stack_set",
    "account",
    "region",
    "kind",
    "what",
    "path",
    "resource_type",
    "verdict",
    "state",
    "first_seen",
    "last_seen",
    "repaired",
    "repaired_by",
    "gone",
    "came_back",
    "subject",
    "changed_by",
)
_SHOWN = ("stack_set", "account", "region", "finding", "state", "first seen", "last seen", "")


def history_json(records: Sequence[Record]) -> dict[str, Any]:
    """Return the records as JSON can hold them. Keys may be added, never renamed."""
    return {"format_version": FORMAT_VERSION, "findings": [_record(each) for each in records]}


def history_sheet(records: Sequence[Record]) -> Sheet:
    """Return a row for each record: what CSV holds."""
    rows = ({**_record(record), "changed_by": _changed(record)} for record in records)
    return Sheet(
        headers=_COLUMNS,
        rows=tuple(tuple(_text(row[column]) for column in _COLUMNS) for row in rows),
    )


def history_blocks(records: Sequence[Record]) -> Iterator[Block]:
    """Yield what is there, then what is over; the newest first."""
    if records:
        yield Sheet(headers=_SHOWN, rows=tuple(_row(each) for each in records[:MOST_ROWS]))
    if len(records) > MOST_ROWS:
        yield Line(text=f"and {len(records) - MOST_ROWS:,} more: --format csv or json shows all")
    there = sum(1 for record in records if record.is_open)
    back = sum(1 for record in records if record.came_back)
    over = len(records) - there
    text = f"{count(len(records), 'finding')}: {there:,} there, {over:,} over, {back:,} came back."
    yield Line(text=text if records else "Nothing was ever found.", style="bold")


def _row(record: Record) -> tuple[str, ...]:
    what = record.what if record.kind is not FindingKind.RESOURCE else record.what + record.path
    what = f"{what} of {record.subject}" if _tells_more(record) else what
    notes = []
    if record.repaired is not None:
        notes.append(f"repaired {record.repaired:%Y-%m-%d %H:%M} by {record.repaired_by}")
    if record.came_back:
        notes.append(f"came back {count(record.came_back, 'time')}")
    if record.changed_by is not None:
        notes.append(changed_by_words(record.changed_by))
    return (
        record.stack_set,
        record.pair.account,
        record.pair.region,
        what,
        _state(record),
        f"{record.first_seen:%Y-%m-%d %H:%M}",
        f"{record.last_seen:%Y-%m-%d %H:%M}",
        "; ".join(notes),
    )


def _tells_more(record: Record) -> bool:
    return bool(record.subject) and record.subject not in record.what.split()


def _state(record: Record) -> str:
    if record.is_open:
        return record.verdict
    if record.repaired is not None and record.repaired >= record.last_seen:
        return "repaired"
    return "gone"


def _record(record: Record) -> dict[str, Any]:
    return {
        "stack_set": record.stack_set,
        "account": record.pair.account,
        "region": record.pair.region,
        "kind": record.kind.value,
        "what": record.what,
        "path": record.path,
        "resource_type": record.resource_type,
        "verdict": word(record.verdict),
        "state": "open" if record.is_open else _state(record),
        "first_seen": iso(record.first_seen),
        "last_seen": iso(record.last_seen),
        "repaired": iso(record.repaired),
        "repaired_by": record.repaired_by or None,
        "gone": iso(record.gone),
        "came_back": record.came_back,
        "subject": record.subject or None,
        "changed_by": changed_by_json(record.changed_by),
    }


def _changed(record: Record) -> str | None:
    return changed_by_words(record.changed_by) if record.changed_by else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)
