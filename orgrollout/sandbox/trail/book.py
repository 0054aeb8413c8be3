"""The events of all accounts, and what goes wrong with their delivery: late, lost, doubled."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.trail.identities import Identity

HISTORY = timedelta(days=90)  # LookupEvents, CloudTrail API reference [D]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to a service, as CloudTrail names it."""

    source: str  # sns.amazonaws.com
    name: str
    parameters: Mapping[str, Any]
    response: Mapping[str, Any] | None = None
    resources: tuple[tuple[str, str], ...] = ()  # type and name
    error: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A request that was made, and when LookupEvents shows it."""

    id: str
    place: Place
    time: datetime
    shown: datetime
    identity: Identity
    request: Request

    @property
    def user(self) -> str:
        """The name of the requester, as Username gives it."""
        arn = str(self.identity.get("arn") or self.identity.get("invokedBy") or "")
        return "root" if arn.endswith(":root") else arn.rpartition("/")[2]

    def text(self) -> str:
        """Return the event as JSON (``CloudTrailEvent``)."""
        invoked = self.identity.get("invokedBy")
        asked = self.request
        return json.dumps(
            {
                "eventVersion": "1.11",
                "userIdentity": self.identity,
                "eventTime": f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "eventSource": asked.source,
                "eventName": asked.name,
                "awsRegion": self.place[1],
                "sourceIPAddress": invoked or "192.0.2.1",
                "userAgent": invoked or "aws-cli/2.0",
                **({"errorCode": asked.error} if asked.error else {}),
                "requestParameters": asked.parameters or None,
                "responseElements": asked.response,
                "requestID": self.id[::-1],
                "eventID": self.id,
                "readOnly": asked.read_only,
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "recipientAccountId": self.place[0],
                "eventCategory": "Management",
            },
            default=str,
        )


@dataclass(slots=True, kw_only=True)
class DeliveryFault:
    """Events of an account that come late, twice or not at all."""

    account: str | None = None
    name: str | None = None  # of the event
    times: int | None = None
    lag: timedelta = timedelta()
    copies: int = 1

    def matches(self, account: str, name: str) -> bool:
        """Return whether an event meets the fault."""
        return self.account in (None, account) and self.name in (None, name)


@dataclass(slots=True)
class Trail:
    """The event history of every account."""

    faults: list[DeliveryFault] = field(default_factory=list)
    _events: dict[Place, list[Event]] = field(default_factory=dict)
    _count: int = 0

    def write(self, place: Place, when: datetime, identity: Identity, request: Request) -> None:
        """Record a request; faults say whether and when it is shown."""
        fault = next((f for f in self.faults if f.matches(place[0], request.name)), None)
        self._use_up(fault)
        self._count += 1
        when = when.replace(microsecond=0)  # CloudTrail writes whole seconds
        shown = when + (fault.lag if fault else timedelta())
        event = Event(_uuid(*place, str(self._count)), place, when, shown, identity, request)
        copies = fault.copies if fault else 1
        self._events.setdefault(place, []).extend([event] * copies)

    def of(self, place: Place, now: datetime) -> Iterator[Event]:
        """Yield the events of a place that are shown now, the newest first."""
        there = [e for e in self._events.get(place, ()) if e.shown <= now <= e.time + HISTORY]
        there.reverse()
        yield from sorted(there, key=lambda event: event.time, reverse=True)

    def _use_up(self, fault: DeliveryFault | None) -> None:
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.faults[:] = [each for each in self.faults if each is not fault]


def _uuid(*seeds: str) -> str:
    text = derive(32, "event", *seeds, alphabet="0123456789abcdef")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
