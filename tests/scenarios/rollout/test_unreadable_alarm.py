"""An alarm that may not be read is not quiet; a transient error does not mean that it fired."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.drivers.local import drive
from orgrollout.errors import AwsError, InvalidCredentialsError, ThrottledError, UnavailableError
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from orgrollout.rollout.state.state import Outcome, Phase
from tests.scenarios.manifests import with_waves
from tests.stage import Stage, new_session

pytestmark = pytest.mark.slow

ARN = "arn:aws:cloudwatch:us-east-1:999999999999:alarm:errors"
SAID = "User: x is not authorized to perform: cloudwatch:DescribeAlarms"


def soaking(stage: Stage) -> RolloutId:
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "2h", "alarm": ARN}}
    rollout = stage.begin(with_waves(wave))
    while stage.load(rollout).state.phase is not Phase.SOAKING:
        stage.step(rollout)
    return rollout


def answered(stage: Stage, status: int, code: str) -> Context:
    """Return the context of a process that gets one fixed answer from CloudWatch."""
    session = new_session()

    def answer(**_: Any) -> Any:
        metadata = {"HTTPStatusCode": status}
        said = {"Error": {"Code": code, "Message": SAID}, "ResponseMetadata": metadata}
        return AWSResponse("", status, HTTPHeaders(), None), said

    session.events.register_first("before-call.cloudwatch.DescribeAlarms", answer)
    connection = connect(session=session, clock=stage.sandbox.clock)
    return replace(stage.context(), connection=connection, stack_sets=StackSets(connection))


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (400, "InvalidParameterValue")]
)
def test_an_alarm_that_cannot_be_read_halts_and_says_why(
    stage: Stage, status: int, code: str
) -> None:
    """A role that lost a permission must not leave a bad wave soaking for hours."""
    rollout = soaking(stage)

    halted = drive(rollout, answered(stage, status, code), lambda _: None)

    assert halted.state.outcome is Outcome.HALTED
    assert "alarm errors is unreadable: cloudwatch:DescribeAlarms" in halted.state.note
    assert SAID in halted.state.note


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "ExpiredToken", InvalidCredentialsError),
        (400, "Throttling", ThrottledError),
        (503, "ServiceUnavailable", UnavailableError),
    ],
)
def test_a_transient_error_says_nothing_of_the_alarm(
    stage: Stage, status: int, code: str, error: type[AwsError]
) -> None:
    rollout = soaking(stage)

    with pytest.raises(error):
        drive(rollout, answered(stage, status, code), lambda _: None)

    assert stage.load(rollout).state.phase is Phase.SOAKING
