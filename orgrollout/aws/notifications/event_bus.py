"""Puts notices on an EventBridge event bus, in whatever Region or account it is."""

import json

from orgrollout.aws.notifications.content import for_programs
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError
from orgrollout.model.ids import Region
from orgrollout.model.notice import Destination, Notice

SOURCE = "orgrollout"
_TYPES = {"halted": "Rollout Halted", "finished": "Rollout Finished", "drift": "Drift Found"}


def put_event(connection: Connection, bus: Destination, notice: Notice) -> None:
    """Put one event.

    Raises:
        AwsError: EventBridge did not take it: it answers 200 then, with an error by entry
            (PutEvents, EventBridge API reference).
    """
    entry = {
        "Source": SOURCE,
        "DetailType": _TYPES[notice.event.value],
        "Detail": json.dumps(for_programs(notice)),
        "EventBusName": bus.place,
    }
    connection = connection.for_notices(Region(bus.region))
    found = connection.call("events", "PutEvents", {"Entries": [entry]})
    if found["FailedEntryCount"]:
        code = ", ".join(each.get("ErrorCode", "?") for each in found.get("Entries", ()))
        raise AwsError("events:PutEvents", f"the event was refused: {code}", subject=bus.place)
