"""What was found of posture, in the journal: for `coverage`, and for whoever asks since when."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from orgrollout.drift.posture_record import (
    Look,
    PostureRecord,
    posture_document,
    read_posture_record,
)
from orgrollout.errors import JournalConflictError, JournalError
from orgrollout.journal.port import Journal
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.model.posture import PostureSeen

_PREFIX = "posture/"
_TRIES = 5


def keep_look(
    journal: Journal, name: StackSetName, look: Look, progress: Callable[[str], None]
) -> None:
    """Add what was found to what is known. Several may look at the same time.

    A journal that takes no more is no reason not to look.
    """
    if not look.pairs:
        return
    try:
        for _ in range(_TRIES):
            if _added(journal, name, look):
                return
        progress(f"{name}: what was found of posture is not remembered, as others kept writing.")
    except JournalError as error:
        progress(f"{name}: what was found of posture is not remembered. {error}")


def _added(journal: Journal, name: StackSetName, look: Look) -> bool:
    document = journal.get(f"{_PREFIX}{name}")
    record = read_posture_record(document.value) if document else PostureRecord()
    value = posture_document(record.with_look(look))
    try:
        journal.put(f"{_PREFIX}{name}", value, expected=document.version if document else None)
    except JournalConflictError:
        return False
    return True


def known_posture(
    journal: Journal, name: StackSetName, pairs: Iterable[Pair]
) -> Mapping[Pair, tuple[PostureSeen, datetime]]:
    """Return how pairs of a stack set stood when somebody last looked, and when that was."""
    document = journal.get(f"{_PREFIX}{name}")
    return read_posture_record(document.value).of(pairs) if document else {}
