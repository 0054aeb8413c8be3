"""CloudTrail's LookupEvents: management events of 90 days, by one attribute, the newest first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orgrollout.sandbox.errors import ApiError, throttled
from orgrollout.sandbox.faults.rules import RateLimit
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline
from orgrollout.sandbox.trail.book import Event, Trail

Answer = dict[str, Any]
LARGEST = 50
_PER_SECOND = 2.0  # "two per second, per account, per Region" [D]


class CloudTrailApi:
    """LookupEvents; trails themselves are moto's."""

    def __init__(self, trail: Trail, timeline: Timeline, settings: Settings) -> None:
        self._trail = trail
        self._timeline = timeline
        self._names_resources = settings.event_resources
        self._rates: dict[tuple[str, str], RateLimit] = {}

    def lookup_events(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List events of the caller's account and Region."""
        place, now = (caller.account, caller.region), self._timeline.now()
        limit = RateLimit(operation=None, per_second=_PER_SECOND, service="cloudtrail")
        if not self._rates.setdefault(place, limit).takes("LookupEvents", now):
            raise throttled("cloudtrail")
        attributes = params.get("LookupAttributes") or []
        if len(attributes) > 1:
            message = "You can specify only one lookup attribute."
            raise ApiError("InvalidLookupAttributesException", message)
        since, until = _time(params.get("StartTime")), _time(params.get("EndTime"))
        if since is not None and until is not None and since > until:
            message = "StartTime must be before EndTime."
            raise ApiError("InvalidTimeRangeException", message)
        found = (
            event
            for event in self._trail.of(place, now)
            if (since is None or event.time >= since)
            and (until is None or event.time <= until)
            and all(self._has(event, each) for each in attributes)
        )
        try:
            items, token = responses.page(found, params, largest=LARGEST)
        except ApiError as error:
            raise ApiError("InvalidNextTokenException", error.message) from error
        return {"Events": [self._shown(event) for event in items], "NextToken": token}

    def _has(self, event: Event, attribute: Mapping[str, str]) -> bool:
        key, wanted = attribute["AttributeKey"], attribute["AttributeValue"]
        asked = event.request
        resources = asked.resources if self._names_resources else ()
        values = {
            "AccessKeyId": [str(event.identity.get("accessKeyId", ""))],
            "EventId": [event.id],
            "EventName": [asked.name],
            "EventSource": [asked.source],
            "ReadOnly": [str(asked.read_only).lower()],
            "ResourceName": [name for _, name in resources],
            "ResourceType": [kind for kind, _ in resources],
            "Username": [event.user],
        }
        return wanted in values[key]

    def _shown(self, event: Event) -> Answer:
        asked = event.request
        resources = asked.resources if self._names_resources else ()
        return {
            "EventId": event.id,
            "EventName": asked.name,
            "ReadOnly": str(asked.read_only).lower(),
            "AccessKeyId": event.identity.get("accessKeyId"),
            "EventTime": event.time,
            "EventSource": asked.source,
            "Username": event.user,
            "Resources": [{"ResourceType": k, "ResourceName": name} for k, name in resources],
            "CloudTrailEvent": event.text(),
        }


def _time(value: Any) -> datetime | None:
    """Return a moment; CloudTrail counts whole seconds."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(value))
