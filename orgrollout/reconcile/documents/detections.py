"""Which drift detection of a stack set was begun last, as the journal keeps it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter

from orgrollout.journal.documents import Documents, Format, Kept, by_adapter
from orgrollout.journal.errors import JournalVersionError
from orgrollout.journal.port import Journal, Version
from orgrollout.journal.reading import with_zone
from orgrollout.model.ids import OperationId, StackSetName

WITHDRAWN = "WITHDRAWN"
_FORMAT = Format(current=1)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An intent as the journal keeps it."""

    operation: str
    committed: Annotated[str, AfterValidator(with_zone)]
    ended: str


def _dump(intent: _Kept) -> dict[str, Any]:
    return {_FORMAT.key: _FORMAT.current, **asdict(intent)}


DETECTIONS = Documents(
    prefix="detection/", read=by_adapter(TypeAdapter(_Kept), _FORMAT), dump=_dump
)


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
    found = DETECTIONS.get(journal, name)
    return None if found is None else _intent(found)


def recent_detections(journal: Journal, since: datetime) -> Iterator[tuple[StackSetName, Intent]]:
    """Yield the detections that were committed since then, and not withdrawn."""
    for name, intent in _intents(journal):
        if intent.committed >= since and intent.ended != WITHDRAWN:
            yield name, intent


def forget_ended(journal: Journal, before: datetime) -> int:
    """Remove what is kept of detections begun before that are over, and return how many."""
    old = [
        (name, intent.version)
        for name, intent in _intents(journal)
        if intent.ended and intent.committed < before and intent.version is not None
    ]
    return sum(DETECTIONS.remove(journal, name, version) for name, version in old)


def close_intent(name: StackSetName, journal: Journal, intent: Intent, status: str) -> None:
    """Note that a detection is over. Where another process has noted it, that is as good."""
    current = read_intent(journal, name)
    if current is not None and current.operation == intent.operation and not current.ended:
        write_intent(journal, name, replace(current, ended=status), current.version)


def write_intent(
    journal: Journal, name: StackSetName, intent: Intent, expected: Version | None
) -> Intent | None:
    """Write what is begun, or what became of it; None: another process came in between."""
    kept = _Kept(intent.operation, intent.committed.isoformat(), intent.ended)
    version = DETECTIONS.offer(journal, name, kept, expected)
    return None if version is None else replace(intent, version=version)


def _intent(found: Kept[_Kept]) -> Intent:
    return Intent(
        operation=OperationId(found.value.operation),
        committed=datetime.fromisoformat(found.value.committed),
        ended=found.value.ended,
        version=found.version,
    )


def _intents(journal: Journal) -> Iterator[tuple[StackSetName, Intent]]:
    """Yield all that are kept, apart from what a newer version wrote."""
    for name in DETECTIONS.names(journal):
        with suppress(JournalVersionError):
            found = DETECTIONS.get(journal, name)
            if found is not None:
                yield StackSetName(name), _intent(found)
