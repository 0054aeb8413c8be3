"""CloudWatch alarms that a rollout keeps an eye on."""

from orgrollout.aws.connection import Connection
from orgrollout.errors import (
    AwsError,
    InvalidCredentialsError,
    MissingCredentialsError,
    ThrottledError,
    UnavailableError,
    UnreachableError,
)

# What passes by itself, or with a new sign-in, says nothing of the alarm: it is asked for again.
_SAYS_NOTHING = (
    InvalidCredentialsError,
    MissingCredentialsError,
    ThrottledError,
    UnavailableError,
    UnreachableError,
)


def alarm_state(connection: Connection, arn: str) -> str | None:
    """Return OK, ALARM or INSUFFICIENT_DATA; None where the home Region has no such alarm.

    Where AWS does not let it be read, that is ``unreadable``, with the reason.

    Raises:
        AwsError: An outage, throttling, or credentials that AWS does not accept.
    """
    asked = {"AlarmNames": [arn.split(":", 6)[6]], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    try:
        answer = connection.call("cloudwatch", "DescribeAlarms", asked)
    except _SAYS_NOTHING:
        raise
    except AwsError as error:
        return f"unreadable: {error}"
    found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return next((str(a["StateValue"]) for a in found if a["AlarmArn"] == arn), None)
