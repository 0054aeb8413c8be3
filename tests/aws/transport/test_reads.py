"""While it plans, orgrollout cannot change anything, even by a mistake in its code."""

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from orgrollout.aws.permissions import WRITES
from orgrollout.aws.transport.connection import connect
from orgrollout.aws.transport.reads import READS
from orgrollout.aws.transport.response_checks import BrokenResponse
from orgrollout.errors import ReadOnlyError
from tests.aws.conftest import Serve
from tests.aws.wire import FakeClock, ok, refused

MODEL = botocore.session.Session()


def test_every_listed_operation_exists_and_has_the_name_of_a_read() -> None:
    reading = ("Describe", "Get", "Head", "List", "Lookup", "Validate", "AssumeRole")
    for service, names in READS.items():
        assert names <= set(MODEL.get_service_model(service).operation_names)
        assert all(name.startswith(reading) for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("service", sorted({*READS, *WRITES, "events", "s3", "sns"}))
def test_only_the_listed_reads_of_all_operations_are_sent(serve: Serve, service: str) -> None:
    serve(refused("Whatever", "the guard is what is tested here"))
    connection = connect(read_only=True, clock=FakeClock())
    client = connection._clients.get(service, read_only=True)
    sent = record_requests(client)
    names = set(MODEL.get_service_model(service).operation_names)
    allowed = READS.get(service, frozenset())

    assert {name for name in names if gets_through(client, name)} == allowed
    assert set(sent) <= allowed


def test_a_refusal_names_the_call_that_would_have_been_sent() -> None:
    connection = connect(clock=FakeClock()).planning()
    with pytest.raises(ReadOnlyError, match=r"cloudformation:DeleteStackSet would write.*not sent"):
        connection.call("cloudformation", "DeleteStackSet", {"StackSetName": "base"})
    assert not connection.calls


def test_a_writing_connection_still_writes_after_a_read_only_one_was_made(
    serve: Serve,
) -> None:
    serve(ok("DeleteStackSet"))
    connection = connect(clock=FakeClock())
    planning = connection.planning()
    sent = record_requests(connection._clients.get("cloudformation", read_only=False))

    with pytest.raises(ReadOnlyError):
        planning.call("cloudformation", "DeleteStackSet", {"StackSetName": "base"})
    connection.call("cloudformation", "DeleteStackSet", {"StackSetName": "base"})

    assert sent == ["DeleteStackSet"]
    assert planning.calls == connection.calls == {"DeleteStackSet": 1}


def gets_through(client: Any, name: str) -> bool:
    """Return whether the guard allows the operation; its result does not matter."""
    try:
        client._make_api_call(name, {})
    except ReadOnlyError:
        return False
    except (ParamValidationError, ClientError, BrokenResponse):
        return True
    return True


def record_requests(client: Any) -> list[str]:
    """Return a list that grows by the name of each operation that is sent."""
    sent: list[str] = []

    def remember(event_name: str, **_: Any) -> None:
        sent.append(event_name.rpartition(".")[2])

    client.meta.events.register("before-send", remember)
    return sent
