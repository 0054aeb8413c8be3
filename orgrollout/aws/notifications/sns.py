"""Publishes notices to SNS topics, in whatever Region they are."""

import json
from typing import Any

from orgrollout.aws.notifications.content import for_programs
from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import Region
from orgrollout.model.notice import Destination, Notice

MOST_OF_A_SUBJECT = 99  # "less than 100 characters long" (SNS API reference, Publish)
_FOR_PROGRAMS = ("http", "https", "lambda", "sqs", "firehose")


def publish(connection: Connection, topic: Destination, notice: Notice) -> None:
    """Publish a notice once. People (email, SMS) get the text, programs get JSON.

    Raises:
        AwsError: SNS did not take it.
    """
    request: dict[str, Any] = {
        "TopicArn": topic.place,
        "Subject": _subject(notice),
        "Message": _message(notice),
        "MessageStructure": "json",
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (("event", notice.event.value), ("manifest", notice.manifest))
        },
    }
    if topic.place.endswith(".fifo"):
        request |= {"MessageGroupId": notice.manifest, "MessageDeduplicationId": notice.key}
    connection.for_notices(Region(topic.region)).call("sns", "Publish", request)


def _subject(notice: Notice) -> str:
    """Return the subject: printable ASCII on one line, as SNS wants it."""
    text = f"orgrollout {notice.subject}".encode("ascii", "replace").decode()
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= MOST_OF_A_SUBJECT else f"{line[: MOST_OF_A_SUBJECT - 3]}..."


def _message(notice: Notice) -> str:
    """Return the message by protocol; `default` is for all that are not named."""
    facts = json.dumps(for_programs(notice))
    return json.dumps({"default": notice.text, **dict.fromkeys(_FOR_PROGRAMS, facts)})
