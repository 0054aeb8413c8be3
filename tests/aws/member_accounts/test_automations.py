"""Messages of Systems Manager on a failed runbook are shown with those of AWS Config."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from orgrollout.aws.member_accounts.automations import explained
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import InvalidCredentialsError
from orgrollout.model.remediation import Execution
from tests.aws.conftest import stub

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ID = "7e9e1a4c-0000-4000-8000-00000000000{}"
FAILED = [{"Key": "ExecutionStatus", "Values": ["Failed", "TimedOut", "Cancelled"]}]


@pytest.fixture
def ssm(connection: Connection) -> Iterator[Stubber]:
    with stub(connection, "ssm") as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def failed(resource: str, error: str = "") -> Execution:
    return Execution(resource=resource, state="FAILED", invoked=NOW, error=error)


def lists(ssm: Stubber, *started: datetime) -> None:
    rows = [
        {"AutomationExecutionId": ID.format(n), "ExecutionStartTime": moment}
        for n, moment in enumerate(started)
    ]
    asked = {"Filters": FAILED, "MaxResults": 50}
    response = {"AutomationExecutionMetadataList": rows}
    ssm.add_response("describe_automation_executions", response, asked)


def describes(ssm: Stubber, number: int, resource: str, whole: str, *steps: str) -> None:
    execution: Any = {
        "AutomationExecutionId": ID.format(number),
        "AutomationExecutionStatus": "Failed",
        "Parameters": {"VpcId": [resource], "AutomationAssumeRole": ["arn:aws:iam::1:role/x"]},
        "FailureMessage": whole,
        "StepExecutions": [{"StepName": "s", "FailureMessage": step} for step in steps],
    }
    asked = {"AutomationExecutionId": ID.format(number)}
    ssm.add_response("get_automation_execution", {"AutomationExecution": execution}, asked)


def test_each_resource_gets_the_messages_of_its_own_run(
    ssm: Stubber, connection: Connection
) -> None:
    """AWS Config may give none, or a part; a text that another contains is not repeated."""
    lists(ssm, NOW, NOW + timedelta(seconds=30), NOW - timedelta(hours=5))
    describes(ssm, 0, "vpc-1", "Step fails: no such\n role", "no such role")
    describes(ssm, 1, "vpc-2", "", "Rate exceeded", "")

    found = explained(connection, [failed("vpc-1", "no such role"), failed("vpc-2"), failed("x")])

    errors = {resource: each.error for resource, each in found.items()}
    assert errors == {"vpc-1": "Step fails: no such role", "vpc-2": "Rate exceeded", "x": ""}


def test_the_message_of_aws_config_is_shown_alone_without_the_permission(
    ssm: Stubber, connection: Connection
) -> None:
    ssm.add_client_error("describe_automation_executions", "AccessDeniedException", "no")
    known = failed("vpc-1", "Throttled")
    assert explained(connection, [known]) == {"vpc-1": known}


def test_expired_credentials_are_raised(ssm: Stubber, connection: Connection) -> None:
    ssm.add_client_error("describe_automation_executions", "ExpiredToken", "expired")
    with pytest.raises(InvalidCredentialsError):
        explained(connection, [failed("vpc-1")])
