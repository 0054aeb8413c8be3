"""Connections that never wait for real, and an endpoint to answer them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from botocore.stub import Stubber

from orgrollout.aws.transport.connection import Connection, connect
from tests.aws.wire import Answer, Endpoint, FakeClock, endpoint

Serve = Callable[..., Endpoint]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def connection(clock: FakeClock) -> Connection:
    return connect(clock=clock, jitter=lambda pause: pause)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Return a function that has connections answered by a script over HTTP."""
    with ExitStack() as stack:

        def start(*script: Answer) -> Endpoint:
            served = stack.enter_context(endpoint(*script))
            monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
            return served

        yield start


def stub(connection: Connection, service: str) -> Stubber:
    """Return botocore's stub on the connection's client: it checks each request and answer."""
    return Stubber(connection._clients.get(service, read_only=connection.read_only))


@pytest.fixture
def cloudformation(connection: Connection) -> Iterator[Stubber]:
    with stub(connection, "cloudformation") as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def organizations(connection: Connection) -> Iterator[Stubber]:
    with stub(connection, "organizations") as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
