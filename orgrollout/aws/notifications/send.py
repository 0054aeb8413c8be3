"""Sends a notice to one destination, by the way that the destination asks for."""

from orgrollout.aws.notifications.event_bus import put_event
from orgrollout.aws.notifications.sns import publish
from orgrollout.aws.notifications.webhook import post
from orgrollout.aws.transport.connection import Connection
from orgrollout.model.notice import Destination, Notice, Way


def send(connection: Connection, destination: Destination, notice: Notice) -> None:
    """Send a notice once.

    Raises:
        AwsError: It was not taken, or it is not known whether it was.
    """
    match destination.way:
        case Way.SNS:
            publish(connection, destination, notice)
        case Way.EVENT_BUS:
            put_event(connection, destination, notice)
        case Way.SLACK | Way.TEAMS:
            post(connection, destination, notice)
