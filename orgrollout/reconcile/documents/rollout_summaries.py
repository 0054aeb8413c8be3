"""All rollouts in short, without reading each: what ended is remembered in one document.

A cache, and never more: each summary in it names the version of the record it was made from, and
counts only while the record still has that version. A list of the versions takes one request, and
what it does not confirm is read. So it cannot hide that a rollout was begun, or goes on again, no
matter who was killed between which writes, or wrote at the same time. Records that change all the
time, those of open rollouts, are never in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orgrollout.errors import OrgRolloutError
from orgrollout.journal.documents import Documents, Kept
from orgrollout.journal.port import Document, Journal, Version
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS
from orgrollout.rollout.state.summary import RolloutSummary, summary_of

_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Entry:
    """A summary, and the version of the record that it is of."""

    version: Version
    summary: RolloutSummary


@dataclass(frozen=True, slots=True)
class _Kept:
    format_version: int
    rollouts: dict[RolloutId, _Entry]


_KEPT = TypeAdapter(_Kept)
Known = Mapping[RolloutId, _Entry]


def _read(document: Document) -> Known:
    """Return what was kept; nothing where it is damaged, or of another version of the program."""
    try:
        kept = _KEPT.validate_python(document.value)
    except ValidationError:
        return {}
    if kept.format_version != _FORMAT_VERSION:
        return {}
    return {name: entry for name, entry in kept.rollouts.items() if _is_sound(name, entry)}


def _dump(known: Known) -> Any:
    return _KEPT.dump_python(_Kept(_FORMAT_VERSION, dict(known)), mode="json")


SUMMARIES: Documents[Known] = Documents(prefix="summaries", read=_read, dump=_dump)


def summaries(journal: Journal) -> list[RolloutSummary]:
    """Return every rollout in short, oldest first."""
    return [kept.value for kept in kept_summaries(journal)]


def kept_summaries(journal: Journal) -> list[Kept[RolloutSummary]]:
    """Return every rollout in short, with the version of its record, oldest first.

    What has ended since the last look is remembered.

    Raises:
        JournalDocumentError, NewerStateError: A record that is not remembered cannot be read.
    """
    document = SUMMARIES.get(journal)
    before = document.value if document else {}
    found = dict(_found(journal, before))
    over = {name: entry for name, entry in found.items() if entry.summary.phase.is_over}
    if over != before:
        with suppress(OrgRolloutError):  # it is read again next time
            SUMMARIES.offer(journal, "", over, document.version if document else None)
    return _in_order(found.values())


def _found(journal: Journal, known: Known) -> Iterator[tuple[RolloutId, _Entry]]:
    for name, version in ROLLOUTS.versions(journal).items():
        rollout = RolloutId(name)
        entry = known.get(rollout)
        if entry is not None and entry.version == version:
            yield rollout, entry
        elif (kept := ROLLOUTS.get(journal, name)) is not None:  # or it was removed meanwhile
            yield rollout, _Entry(kept.version, summary_of(kept.value.state))


def _in_order(entries: Iterable[_Entry]) -> list[Kept[RolloutSummary]]:
    found = (Kept(value=entry.summary, version=entry.version) for entry in entries)
    return sorted(found, key=attrgetter("value.created"))


def _is_sound(name: RolloutId, entry: _Entry) -> bool:
    return entry.summary.id == name and entry.summary.phase.is_over
