"""Which drift detection of a stack set was begun last, as the journal keeps it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter

from orgrollout.journal.errors import JournalConflictError, JournalVersionError
from orgrollout.journal.port import Document, Journal, Version
from orgrollout.journal.reading import as_mapping, reading, with_zone
from orgrollout.model.ids import OperationId, StackSetName

WITHDRAWN = "WITHDRAWN"
_PREFIX = "detection/"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class _Kept:
    """An intent as the journal keeps it."""

    operation: str
    committed: Annotated[str, AfterValidator(with_zone)]
    ended: str


_INTENT = TypeAdapter(_Kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The detection that was committed last, and what became of it."""

    operation: OperationId
    committed: datetime
    ended: str = ""  # its last status; empty: it may be under way
    version: Version | None = None


def read_intent(journal: Journal, name: StackSetName) -> Intent | None:
    """Return the detection of a stack set that was committed last.

    Raises:
        JournalVersionError: A newer version wrote it.
    """
    document = journal.get(f"{_PREFIX}{name}")
    if document is None:
        return None
    intent = _read(document)
    if intent is None:
        raise JournalVersionError(document.key, "its format is not known here")
    return intent


def recent_detections(journal: Journal, since: datetime) -> Iterator[tuple[StackSetName, Intent]]:
    """Yield the detections that were committed since then, and not withdrawn."""
    for key, intent in _intents(journal):
        if intent.committed >= since and intent.ended != WITHDRAWN:
            yield StackSetName(key.removeprefix(_PREFIX)), intent


def forget_ended(journal: Journal, before: datetime) -> int:
    """Remove what is kept of detections begun before that are over, and return how many."""
    forgotten = 0
    for key, intent in _intents(journal):
        if intent.ended and intent.committed < before and intent.version is not None:
            with suppress(JournalConflictError):  # another has just begun
                journal.delete(key, expected=intent.version)
                forgotten += 1
    return forgotten


def close_intent(name: StackSetName, journal: Journal, intent: Intent, status: str) -> None:
    """Note that a detection is over. Where another process has noted it, that is as good."""
    current = read_intent(journal, name)
    if current is not None and current.operation == intent.operation and not current.ended:
        write_intent(journal, name, replace(current, ended=status), current.version)


def write_intent(
    journal: Journal, name: StackSetName, intent: Intent, expected: Version | None
) -> Intent | None:
    """Write what is begun, or what became of it; None: another process came in between."""
    value: dict[str, Any] = {
        "format_version": _FORMAT,
        "operation": intent.operation,
        "committed": intent.committed.isoformat(),
        "ended": intent.ended,
    }
    try:
        version = journal.put(f"{_PREFIX}{name}", value, expected=expected)
    except JournalConflictError:
        return None
    return replace(intent, version=version)


def _read(document: Document) -> Intent | None:
    value = as_mapping(document.key, document.value)
    if value.get("format_version") != _FORMAT:
        return None
    with reading(document.key):
        kept = _INTENT.validate_python(value)
    return Intent(
        operation=OperationId(kept.operation),
        committed=datetime.fromisoformat(kept.committed),
        ended=kept.ended,
        version=document.version,
    )


def _intents(journal: Journal) -> Iterator[tuple[str, Intent]]:
    """Yield all that are kept, apart from what a newer version wrote."""
    for key in journal.keys(_PREFIX):
        document = journal.get(key)
        intent = _read(document) if document is not None else None
        if intent is not None:
            yield key, intent
