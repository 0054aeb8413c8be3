"""Responses that were recorded, given again in any form to one call at a time."""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

from orgrollout.aws.transport.calls import Caller, Patience
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.errors import AwsError, BrokenResponseError, UnavailableError
from orgrollout.sandbox.errors import LostResponseError
from orgrollout.sandbox.moto.bridge import Message
from tests.aws.wire import FakeClock
from tests.faulty import KINDS
from tests.matrix.house import House
from tests.matrix.spoiling import parts
from tests.stage import new_session

Asked = dict[str, tuple[str, Mapping[str, Any]]]  # by operation: its service, and its parameters


@dataclass
class Replay:
    """Answers the next request of a connection with a response that was recorded."""

    connection: Connection = field(
        default_factory=lambda: connect(session=new_session(), clock=FakeClock())
    )
    message: Message = Message(200, {}, b"")  # noqa: RUF009 - never changed itself
    _watched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.connection._caller._patience = Patience(attempts=1)

    def call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Make a call, which is sent once."""
        if service not in self._watched:
            self._watched.add(service)
            client = self.connection._clients.get(service, read_only=False)
            client.meta.events.register_first("before-send.*.*", self._answer)
        self.connection.call(service, operation, parameters)

    def refusal(
        self, service: str, operation: str, parameters: Mapping[str, Any], secrets: set[str]
    ) -> str:
        """Return how the transport refuses the response, or nothing if it takes it for one.

        Nothing of it is quoted, however it is shown.
        """
        refused = self._refused(service, operation, parameters)
        if refused is None:
            return ""
        said = "".join(traceback.format_exception(refused)).encode()
        assert isinstance(refused, BrokenResponseError | UnavailableError), said
        assert not [s for s in secrets if any(p in said for p in parts(s))], operation
        return type(refused).__name__

    def _refused(
        self, service: str, operation: str, parameters: Mapping[str, Any]
    ) -> AwsError | None:
        try:
            self.call(service, operation, parameters)
        except AwsError as error:
            return error
        return None

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        headers = HTTPHeaders()
        for name, value in self.message.headers.items():
            if name.lower() != "content-length":
                headers[name] = value
        raw = MockRawResponse(self.message.body)
        return AWSResponse(request.url, self.message.status, headers, raw)


@contextmanager
def asked() -> Iterator[Asked]:
    """Yield the last request of each operation, as given to boto3."""
    last: Asked = {}
    send = Caller._send

    def noted(self: Caller, request: Any, *rest: Any) -> Any:
        last[request.operation] = (request.service, dict(request.parameters))
        return send(self, request, *rest)

    with patch.object(Caller, "_send", noted):
        yield last


def recorded(house: House, last: Asked) -> Iterator[tuple[str, str, Mapping[str, Any], Message]]:
    """Yield the longest response to each operation that has one, with its request."""
    for operation, (service, parameters) in sorted(last.items()):
        messages = [m for m in house.faulty.seen.get(operation, ()) if m.status == 200]
        if messages:
            longest = max(messages, key=lambda message: len(message.body))
            if longest.body:
                yield service, operation, parameters, longest


def refused_kinds(house: House, folder: Path, command: str) -> set[tuple[str, str]]:
    """Return the operations and kinds that the transport takes for a broken response.

    Meant for a copy.
    """
    house.move(folder)
    with asked() as last:
        house.command(command)
    replay, secrets, refused = Replay(), house.secrets(), set()
    for service, operation, parameters, whole in recorded(house, last):
        for kind, spoil in KINDS.items():
            try:
                replay.message = spoil([whole, whole])
            except LostResponseError:
                continue  # no response is no broken one, and waited for otherwise
            said = replay.refusal(service, operation, parameters, secrets)
            assert kind != "cut" or said, (operation, kind)
            if said == BrokenResponseError.__name__:
                refused.add((operation, kind))
    return refused
