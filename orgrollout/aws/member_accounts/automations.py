"""What Systems Manager says of a runbook that AWS Config ran and that failed.

AWS Config passes on the message of a step, and not always. Systems Manager has its own for the
whole execution and for each step (GetAutomationExecution). AWS Config gives no id of the execution:
it is found by its time and by the resource among its parameters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, CredentialsError
from orgrollout.model.remediation import Execution
from orgrollout.posture.remediation import AUTOMATION, AUTOMATIONS

_MOST_LISTED = 200  # failed executions of the account and Region that are gone through
_MOST_READ = 20
# AWS Config notes when it invoked the execution, and Systems Manager when that started.
_APART = timedelta(minutes=2)
_FAILED = ("Failed", "TimedOut", "Cancelled")  # AutomationExecutionStatus


def explained(connection: Connection, failed: Sequence[Execution]) -> Mapping[str, Execution]:
    """Return executions that failed with what Systems Manager says of them, by their resource.

    If that cannot be read, what AWS Config says stands alone.

    Raises:
        CredentialsError: The caller has to sign in again.
    """
    found = {each.resource: each for each in failed}
    try:
        for automation in _automations(connection, failed):
            for resource in _parameters(automation) & found.keys():
                known = found[resource]
                found[resource] = replace(known, error=_joined(known.error, _messages(automation)))
    except CredentialsError:
        raise
    except AwsError:
        return found
    return found


def _automations(connection: Connection, failed: Sequence[Execution]) -> Iterator[dict[str, Any]]:
    """Yield the failed executions that began when those of AWS Config were invoked."""
    moments = [each.invoked for each in failed if each.invoked is not None]
    if not moments:
        return
    asked = {"Filters": [{"Key": "ExecutionStatus", "Values": list(_FAILED)}], "MaxResults": 50}
    listed = connection.pages(AUTOMATIONS.service, AUTOMATIONS.operation, asked, AUTOMATIONS.items)
    near = (
        each["AutomationExecutionId"]
        for each in islice(listed, _MOST_LISTED)
        if any(abs(each["ExecutionStartTime"] - moment) <= _APART for moment in moments)
    )
    for name in islice(near, _MOST_READ):
        which = {"AutomationExecutionId": name}
        answer = connection.call(AUTOMATION.service, AUTOMATION.operation, which)
        yield answer["AutomationExecution"]


def _parameters(automation: Mapping[str, Any]) -> set[str]:
    """Return the values of all parameters: one of them is the resource."""
    return {value for values in (automation.get("Parameters") or {}).values() for value in values}


def _messages(automation: Mapping[str, Any]) -> Iterator[str]:
    yield automation.get("FailureMessage") or ""
    for step in automation.get("StepExecutions") or ():
        yield step.get("FailureMessage") or ""


def _joined(known: str, messages: Iterator[str]) -> str:
    """Return texts in one, without those that another contains."""
    texts = list(dict.fromkeys(" ".join(text.split()) for text in (known, *messages) if text))
    return "; ".join(t for t in texts if not any(t != other and t in other for other in texts))
