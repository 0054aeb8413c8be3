"""CloudWatch alarms that a rollout keeps an eye on."""

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, CredentialsError, PassingError


def alarm_state(connection: Connection, arn: str) -> str | None:
    """Return OK, ALARM or INSUFFICIENT_DATA; None where the home Region has no such alarm.

    Where AWS does not let it be read, that is ``unreadable``, with the reason.

    Raises:
        AwsError: An outage, throttling, or credentials that AWS does not accept.
    """
    asked = {"AlarmNames": [arn.split(":", 6)[6]], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    try:
        answer = connection.call("cloudwatch", "DescribeAlarms", asked)
    except (CredentialsError, PassingError):  # says nothing of the alarm: it is asked for again
        raise
    except AwsError as error:
        return f"unreadable: {error}"
    found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return next((str(a["StateValue"]) for a in found if a["AlarmArn"] == arn), None)
