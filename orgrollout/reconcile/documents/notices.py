"""Who was told what, so that a topic is told once: a document for each rollout or manifest."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orgrollout.journal.conflicts import until_written
from orgrollout.journal.documents import Documents
from orgrollout.journal.port import Document, Journal
from orgrollout.journal.reading import as_mapping, reading

_GIVEN_UP = timedelta(minutes=10)  # a process that has not told by then never will
_MOST = 50  # per rollout or manifest
_TRIES = 5


def _read(document: Document) -> Mapping[str, Any]:
    return as_mapping(document.key, document.value)


NOTICES: Documents[Mapping[str, Any]] = Documents(prefix="notices/", read=_read, dump=dict)


def note_notice(
    journal: Journal, about: str, key: str, *, now: datetime, holder: str, told: bool
) -> bool:
    """Note that this process is about to tell, or has; False: another process tells.

    Raises:
        JournalError: It could not be written.
    """

    def attempt() -> bool:
        found = NOTICES.get(journal, about)
        notes = dict(found.value) if found else {}
        with reading(NOTICES.key(about)):
            if not told and not _is_free(notes.get(key), holder, now):
                return False
        notes.pop(key, None)
        notes[key] = {"at": now.isoformat(), "by": holder, "told": told}
        kept = dict(list(notes.items())[-_MOST:])
        NOTICES.put(journal, about, kept, found.version if found else None)
        return True

    return until_written(attempt, tries=_TRIES)


def forget_notices(journal: Journal, about: str) -> None:
    """Forget what was told of a rollout or a manifest, unless a process tells something now."""
    found = NOTICES.get(journal, about)
    if found is not None:
        NOTICES.remove(journal, about, found.version)


def _is_free(note: dict[str, Any] | None, holder: str, now: datetime) -> bool:
    if note is None:
        return True
    late = now - datetime.fromisoformat(note["at"]) >= _GIVEN_UP
    return not note["told"] and (late or note["by"] == holder)
