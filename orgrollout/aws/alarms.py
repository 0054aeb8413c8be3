"""CloudWatch alarms that a rollout keeps an eye on."""

from orgrollout.aws.connection import Connection

QUIET = "OK"


def alarm_state(connection: Connection, arn: str) -> str | None:
    """Return OK, ALARM or INSUFFICIENT_DATA; None where the home Region has no such alarm.

    Raises:
        AwsError: It cannot be read.
    """
    answer = connection.call(
        "cloudwatch",
        "DescribeAlarms",
        {"AlarmNames": [arn.split(":", 6)[6]], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
    )
    found = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return next((str(a["StateValue"]) for a in found if a["AlarmArn"] == arn), None)
