"""Every request is sent by one function: repeated where that helps, counted, and logged."""

import logging
from collections import Counter
from datetime import timedelta

import pytest

from orgrollout.aws.transport.calls import half_at_random
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import (
    AccessDeniedError,
    AwsError,
    InvalidRequestError,
    ThrottledError,
    UnreachableError,
)
from tests.aws.conftest import Serve
from tests.aws.wire import Answer, FakeClock, ok, refused
from tests.faulty import SECRET

THROTTLED = refused("Throttling", "Rate exceeded")
DESCRIBED = ok(
    "DescribeStackSet",
    "<StackSet><StackSetName>base</StackSetName><StackSetId>base:1</StackSetId>"
    "<Status>ACTIVE</Status><TemplateBody>{}</TemplateBody></StackSet>",
)


def describe(connection: Connection) -> str:
    answer = connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "base"})
    return str(answer["StackSet"]["StackSetName"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [
        THROTTLED,
        refused("ValidationError", "Rate exceeded"),
        refused("ThrottlingException", "Slow down"),
        refused("TooManyRequestsException", "Too many", 429),
        refused("RequestLimitExceeded", "Too many", 503),
        refused("InternalFailure", "We are sorry", 500),
        refused("StaleRequestException", "Another operation has been performed", 409),
        Answer(502, "<html>bad gateway</html>"),
        Answer(200, "cut sho"),
        Answer(None),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[-110:-60]}",
)
def test_a_transient_error_is_retried_and_counted(
    serve: Serve, connection: Connection, trouble: Answer
) -> None:
    """CloudFormation throttles with HTTP 400, which no SDK retries by its status."""
    endpoint = serve(trouble, trouble, DESCRIBED)

    assert describe(connection) == "base"

    assert len(endpoint.received) == 3
    assert connection.calls == Counter({"DescribeStackSet": 3})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused("AccessDenied", "not authorized", 403), AccessDeniedError),
        (refused("Oddity", "Never seen before"), AwsError),
        (refused("NotImplemented", "Not here", 501), AwsError),
    ],
)
def test_a_permanent_error_is_not_retried(
    serve: Serve, connection: Connection, answer: Answer, error: type[AwsError]
) -> None:
    endpoint = serve(answer)

    with pytest.raises(error):
        describe(connection)

    assert len(endpoint.received) == 1


def test_a_call_whose_response_was_lost_is_repeated_with_the_same_operation_id(
    serve: Serve, connection: Connection
) -> None:
    endpoint = serve(Answer(None), ok("CreateStackInstances", "<OperationId>or-1</OperationId>"))
    connection.call(
        "cloudformation",
        "CreateStackInstances",
        {"StackSetName": "base", "OperationId": "or-1", "Regions": ["us-east-1"]},
    )
    assert [received["OperationId"] for received in endpoint.received] == ["or-1", "or-1"]


def test_pauses_double_up_to_a_limit(
    serve: Serve, connection: Connection, clock: FakeClock
) -> None:
    serve(THROTTLED)

    with pytest.raises(ThrottledError, match=r"DescribeStackSet for base was throttled.*few min"):
        describe(connection)

    assert [p.total_seconds() for p in clock.slept] == [1, 2, 4, 8, 16, 20, 20, 20, 20]
    assert connection.calls["DescribeStackSet"] == 10


def test_no_call_takes_longer_than_five_minutes(
    serve: Serve, connection: Connection, clock: FakeClock
) -> None:
    serve(THROTTLED)
    connection._caller._jitter = lambda _: timedelta(minutes=2)

    with pytest.raises(ThrottledError):
        describe(connection)

    assert sum(clock.slept, timedelta()) == timedelta(minutes=6)
    assert connection.calls["DescribeStackSet"] == 4


def test_jitter_is_between_half_and_all_of_a_pause() -> None:
    pause = timedelta(seconds=8)
    pauses = {half_at_random(pause) for _ in range(100)}
    assert len(pauses) > 50
    assert all(pause / 2 <= p <= pause for p in pauses)


def test_an_endpoint_that_never_answered_is_abandoned_soon(
    monkeypatch: pytest.MonkeyPatch, connection: Connection, clock: FakeClock
) -> None:
    """A mistyped AWS_ENDPOINT_URL must not look like a program that hangs."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(UnreachableError, match=r"127.0.0.1:9.*AWS_ENDPOINT_URL.*repeating is safe"):
        describe(connection)

    assert sum(clock.slept, timedelta()) <= timedelta(seconds=5)


def test_invalid_parameters_are_named_without_their_values(
    serve: Serve, connection: Connection
) -> None:
    endpoint = serve(DESCRIBED)
    parameters = {
        "StackSetName": "base",
        "Parameters": [{"ParameterKey": "Secret", "ParameterValue": 4711}],
    }
    with pytest.raises(InvalidRequestError) as caught:
        connection.call("cloudformation", "UpdateStackSet", parameters)

    assert "Parameters[0].ParameterValue" in str(caught.value)
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert endpoint.received == []
    assert connection.calls == Counter()


def test_every_attempt_is_logged_without_parameters(
    serve: Serve, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Repetitions are logged at level info, every attempt at level debug."""
    caplog.set_level(logging.DEBUG, logger="orgrollout")
    serve(THROTTLED, Answer(None), DESCRIBED)
    describe(connection)

    lines = [(r.levelname, {**vars(r)}) for r in caplog.records]
    assert [
        (f["operation"], f["attempt"], f["request_id"], f["error"])
        for level, f in lines
        if level == "DEBUG"
    ] == [
        ("DescribeStackSet", 1, "req-2", "Throttling"),
        ("DescribeStackSet", 2, "", "ConnectionClosedError"),
        ("DescribeStackSet", 3, "req-1", ""),
    ]
    assert [(f["attempt"], f["error"]) for level, f in lines if level == "INFO"] == [
        (1, "Throttling"),
        (2, "ConnectionClosedError"),
    ]
    assert {f["stack_set"] for _, f in lines} == {"base"}, "what it is about, and nothing else"
    assert "CallAs" not in caplog.text


def test_an_invalid_response_is_a_warning_that_quotes_nothing(
    serve: Serve, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="orgrollout")
    serve(Answer(200, f"<html>{SECRET}</html>"), DESCRIBED)
    describe(connection)

    warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(warned) == 1
    assert warned[0].startswith("the response of cloudformation:DescribeStackSet is of no use: ")
    assert SECRET not in caplog.text
