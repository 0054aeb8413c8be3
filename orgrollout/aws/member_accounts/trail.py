"""The event history of one account and Region: management events of the last 90 days.

LookupEvents takes one attribute at a time, gives 50 events a page, the newest first, and allows two
requests a second. So a search is read page by page, only as far as it is needed, and ends after a
number of pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.response_checks import PageTokens
from orgrollout.drift.who.event import Event, event_of

PAGE = 50  # events; the most that one request returns


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What is looked up: one attribute, in a span of time."""

    key: str  # ResourceName, EventName, EventSource
    value: str
    since: datetime
    until: datetime

    def request(self) -> dict[str, Any]:
        """Return the parameters of the first page."""
        return {
            "LookupAttributes": [{"AttributeKey": self.key, "AttributeValue": self.value}],
            "StartTime": self.since,
            "EndTime": self.until,
            "MaxResults": PAGE,
        }


class History:
    """Events of one lookup, the newest first, read as far as they are asked for."""

    def __init__(self, connection: Connection, lookup: Lookup, *, most_pages: int) -> None:
        self._connection = connection
        self._lookup = lookup
        self._left = most_pages
        self._events: dict[str, Event] = {}
        self._order: list[str] = []
        self._tokens = PageTokens("cloudtrail:LookupEvents")
        self._token: str | None = None
        self._ended = False
        self.unread = 0  # events that could not be read

    @property
    def back_to(self) -> datetime:
        """Return since when all events were read."""
        if self._ended:
            return self._lookup.since
        oldest = self._events[self._order[-1]].time if self._order else self._lookup.until
        return max(oldest, self._lookup.since)

    @property
    def read(self) -> tuple[Event, ...]:
        """Return the events that were read so far."""
        return tuple(self._events.values())

    def __iter__(self) -> Iterator[Event]:
        """Yield the events, each once, and ask for a page when it is needed.

        Raises:
            AwsError: A page could not be read.
        """
        number = 0
        while True:
            while number < len(self._order):
                yield self._events[self._order[number]]
                number += 1
            if self._ended or self._left == 0:
                return
            self._read_page()

    def _read_page(self) -> None:
        asked = self._lookup.request()
        if self._token:
            asked["NextToken"] = self._token
        answer = self._connection.call("cloudtrail", "LookupEvents", asked)
        self._left -= 1
        for each in answer.get("Events") or ():
            self._keep(event_of(each.get("CloudTrailEvent")))
        self._token = self._tokens.of(answer)
        self._ended = self._token is None

    def _keep(self, event: Event | None) -> None:
        if event is None:
            self.unread += 1
        elif event.id not in self._events:  # CloudTrail may deliver an event more than once
            self._events[event.id] = event
            self._order.append(event.id)
