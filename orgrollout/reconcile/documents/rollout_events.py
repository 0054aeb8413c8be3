"""What happened to a rollout, and what operators said to it: a stream that loses nothing.

A line is committed together with what it tells of, as the last one of the record, and appended
right after that. A process may die between the two; so the next reader of the record sees to it
that the stream has the line, before another takes its place. Two that do so at the same moment may
both append it, and it is one line still, by its number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import TypeAdapter

from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_record import Record
from orgrollout.rollout.state.decision import Event, EventKind

_NOTED = TypeAdapter(Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an operator said, for the history."""

    text: str
    by: str  # an ARN
    at: datetime


def history_of(rollout: RolloutId) -> str:
    """Return the stream in which a rollout's history is kept."""
    return f"history/{rollout}"


def with_line(record: Record, events: Iterable[Event], *, by: str, at: datetime) -> Record:
    """Return the record with what happened as its last line; where nothing did, as it was."""
    told = [_NOTED.dump_python(event, mode="json") for event in events]
    if not told:
        return record
    line = {
        "number": _number(record) + 1,
        "at": at.isoformat(),
        "by": by,
        "fence": record.fence,
        "events": told,
    }
    return replace(record, last_line=line)


def with_order(record: Record, said: Said | None) -> Record:
    """Return the record with an operator's order as its last line, if there is one to note."""
    if said is None:
        return record
    return with_line(record, [Event(kind=EventKind.ORDER, text=said.text)], by=said.by, at=said.at)


@dataclass(slots=True)
class Listener:
    """Hears what happens to a rollout, whichever process it happens in. Nothing is told twice."""

    rollout: RolloutId
    _position: int = 0
    _number: int = 0  # of the last line: one may stand in the stream twice

    def catch_up(self, journal: Journal) -> tuple[Event, ...]:
        """Return what has happened since the last time; at first, everything so far."""
        told: list[Event] = []
        for line in journal.read(history_of(self.rollout), after=self._position):
            self._position = line.position
            if line.value["number"] > self._number:
                self._number = line.value["number"]
                told += map(_NOTED.validate_python, line.value["events"])
        return tuple(told)


@dataclass(slots=True)
class Histories:
    """How far this process knows the histories to be kept."""

    _kept: dict[RolloutId, int] = field(default_factory=dict)

    def catch_up(self, journal: Journal, record: Record) -> None:
        """Append the last line of a record that was read, unless the stream has it."""
        if self._is_kept(record):
            return
        lines = journal.read(history_of(record.state.id), after=_number(record) - 1)
        if all(line.value != record.last_line for line in lines):
            self.append(journal, record)
        self._kept[record.state.id] = _number(record)

    def append(self, journal: Journal, record: Record) -> None:
        """Append the last line of a record that this process has just committed, if it is new."""
        if not self._is_kept(record):
            journal.append(history_of(record.state.id), record.last_line)
            self._kept[record.state.id] = _number(record)

    def _is_kept(self, record: Record) -> bool:
        return self._kept.get(record.state.id, 0) >= _number(record)


def _number(record: Record) -> int:
    """Return the number of its last line; zero: there is none yet."""
    return record.last_line["number"] if record.last_line else 0
