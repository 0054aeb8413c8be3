"""What was found of posture, in the journal: for `coverage`, and for the time it was found."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from orgrollout.drift.finding import FindingKind
from orgrollout.drift.posture_record import (
    About,
    Accepts,
    Look,
    PostureRecord,
    accepts_nothing,
    posture_document,
    read_posture_record,
)
from orgrollout.journal.documents import Documents
from orgrollout.journal.errors import JournalError
from orgrollout.journal.port import Journal
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.posture.seen import PostureSeen
from orgrollout.reconcile.documents.findings import history

POSTURE = Documents(
    prefix="posture/",
    read=lambda document: read_posture_record(document.value),
    dump=posture_document,
)
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
        POSTURE.change(
            journal, name, lambda known: (known or PostureRecord()).with_look(look), tries=_TRIES
        )
    except JournalError as error:
        progress(f"{name}: what was found of posture is not remembered. {error}")


def known_posture(
    journal: Journal,
    name: StackSetName,
    pairs: Iterable[Pair],
    accepts: Accepts = accepts_nothing,
) -> Mapping[Pair, tuple[PostureSeen, datetime]]:
    """Return how pairs of a stack set stood at the last look, and when that was.

    What was repaired and proven since counts: the proof was a look. ``accepts`` tells what
    the manifest accepts.

    Raises:
        JournalVersionError: Another version wrote the history of findings.
    """
    found = POSTURE.get(journal, name)
    if found is None:
        return {}
    repaired: dict[Pair, dict[About, datetime]] = defaultdict(dict)
    for record in history(journal, name).values():
        is_over = record.kind is FindingKind.POSTURE and not record.is_open
        if is_over and record.gone is None and record.repaired is not None:
            repaired[record.pair][record.what, record.subject] = record.repaired
    return found.value.of(pairs, repaired, accepts)
