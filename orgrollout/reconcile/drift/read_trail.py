"""Reads the events of one account and Region, for several findings at once: each page once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.aws.member_accounts.trail import History, Lookup
from orgrollout.aws.transport.connection import Connection
from orgrollout.drift.who.about import is_about
from orgrollout.drift.who.choose import Stacks, concerns, is_ours, stacks_of
from orgrollout.drift.who.event import CLOUDFORMATION, Event
from orgrollout.drift.who.links import linked
from orgrollout.drift.who.sought import Sought

MOST_PAGES = 20  # of one lookup: 1,000 events, 10 seconds at two requests a second
# Of the longest operation of a stack before it changes a resource; a guess, AWS has no limit.
_STACK_OPERATION = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailRead:
    """The events that were read for one finding, the newest first."""

    sought: Sought  # with what was learned while reading
    events: tuple[Event, ...]
    since: datetime  # everything from then on was read
    is_whole: bool


class TrailReading:
    """Reads the events of one account and Region for several findings, each page once."""

    def __init__(
        self, connection: Connection, wanted: Sequence[Sought], ours: Sequence[str]
    ) -> None:
        self._connection = connection
        self._wanted = wanted
        self._ours = ours
        self._since = min(each.since for each in wanted)
        self._until = max(each.until for each in wanted)
        self._histories: dict[tuple[str, str], History] = {}

    def all(self) -> Iterator[TrailRead]:
        """Yield the events for each question, in their order."""
        for sought in self._wanted:
            yield self._for(sought)

    def _for(self, sought: Sought) -> TrailRead:
        events: dict[str, Event] = {}
        if sought.link is not None:
            sought = linked(sought, self._history("EventName", sought.link.made_by))
        if sought.events:
            read = [self._history("EventName", name) for name in sought.events]
            for history in read:
                self._take(history, sought, events)
        else:
            read = self._of_resource(sought, events)
        since = max((sought.since, *(history.back_to for history in read)))
        unread = any(history.unread for history in read)
        newest_first = sorted(events.values(), key=lambda event: event.time, reverse=True)
        found = any(self._settles(event, sought) for event in newest_first)
        is_whole = (found or since == sought.since) and not unread
        return TrailRead(
            sought=sought,
            events=tuple(newest_first),
            since=sought.since if is_whole else since,
            is_whole=is_whole,
        )

    def _of_resource(self, sought: Sought, events: dict[str, Event]) -> list[History]:
        """Read by the names of a resource; then all of its service, if that told nothing.

        AWS does not document for which events CloudTrail names the resource.
        """
        for name in sought.names:
            history = self._history("ResourceName", name)
            if self._take(history, sought, events):
                return [history]
        history = self._history("EventSource", sought.source)
        self._take(history, sought, events)
        return [history]

    def _take(self, history: History, sought: Sought, events: dict[str, Event]) -> bool:
        """Read until one event settles the question; return whether one did.

        Those like it that came with the same page are taken, too: others may have changed the same.
        """
        for event in history:
            if event.time < sought.since:
                return False
            events[event.id] = event
            if self._settles(event, sought):
                events |= {e.id: e for e in history.read if self._settles(e, sought)}
                return True
        return False

    def _settles(self, event: Event, sought: Sought) -> bool:
        is_foreign = not (is_ours(event, self._ours) or event.is_by_cloudformation)
        return is_foreign and concerns(event, sought) and is_about(event, sought)

    def _history(self, key: str, value: str) -> History:
        if (key, value) not in self._histories:
            lookup = Lookup(key=key, value=value, since=self._since, until=self._until)
            self._histories[key, value] = History(self._connection, lookup, most_pages=MOST_PAGES)
        return self._histories[key, value]


def stacks_there(connection: Connection, events: Sequence[Event]) -> Stacks:
    """Return the stacks for which CloudFormation may have made requests in one place.

    None for an event whose time before was not read whole: the stack may be among the others.
    """
    lookup = Lookup(
        key="EventSource",
        value=CLOUDFORMATION,
        since=min(event.time for event in events) - _STACK_OPERATION,
        until=max(event.time for event in events),
    )
    history = History(connection, lookup, most_pages=MOST_PAGES)
    requests = list(history)
    return {
        event.id: stacks_of(event, [r for r in requests if event.time - r.time < _STACK_OPERATION])
        for event in events
        if not history.unread and event.time - _STACK_OPERATION >= history.back_to
    }
