"""Who tampered with an account and Region, as events told, and whether it was looked at since."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import AwareDatetime, TypeAdapter

from orgrollout.journal.documents import Documents, Format, by_adapter
from orgrollout.journal.port import Journal
from orgrollout.model.ids import Pair

MOST = 50  # events of an account and Region; the archive of the bus has all
_FORMAT = Format(current=1)
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """One call that an event told of."""

    event: str  # its id in CloudTrail
    call: str  # as "ec2:DeleteFlowLogs"
    by: str  # the ARN of the caller, or what else is known of the caller
    at: AwareDatetime  # when it was called
    error: str = ""  # why AWS refused it; empty: it did not


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampered:
    """What is known of one account and Region. Events are counted: clocks may be apart."""

    events: tuple[Tampering, ...] = ()  # in the order of their arrival
    asked: int = 0  # how many events there have been
    looked: int = 0  # how many of them a look came after that went to its end

    @property
    def is_due(self) -> bool:
        """Return whether there is an event that no look came after."""
        return self.looked < self.asked


def _dump(tampered: Tampered) -> dict[str, Any]:
    known: dict[str, Any] = _ADAPTER.dump_python(tampered, mode="json")
    return {_FORMAT.key: _FORMAT.current, **known}


_ADAPTER = TypeAdapter(Tampered)
TAMPERING = Documents(prefix="tampering/", read=by_adapter(_ADAPTER, _FORMAT), dump=_dump)


def note_tampering(journal: Journal, pair: Pair, events: Iterable[Tampering]) -> Tampered:
    """Add the events that are not known yet, and return all that is known.

    Raises:
        JournalError: It could not be written.
    """
    arrived = tuple(events)

    def add(known: Tampered | None) -> Tampered:
        before = known or Tampered()
        ids = {each.event for each in before.events}
        new = tuple({e.event: e for e in arrived if e.event not in ids}.values())
        return replace(before, events=(*before.events, *new)[-MOST:], asked=before.asked + len(new))

    return TAMPERING.change(journal, _name(pair), add, tries=_TRIES) or Tampered()


def note_look(journal: Journal, pair: Pair, after: int) -> None:
    """Note a look that began after so many events, and went to its end.

    Raises:
        JournalError: It could not be written.
    """

    def mark(known: Tampered | None) -> Tampered | None:
        return known and replace(known, looked=max(after, known.looked))

    TAMPERING.change(journal, _name(pair), mark, tries=_TRIES)


def _name(pair: Pair) -> str:
    return f"{pair.account}/{pair.region}"
