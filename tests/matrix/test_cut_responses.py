"""Every response of every command, cut at every tenth byte: no cut is an answer, none is quoted."""

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

from orgrollout.aws.transport.calls import Patience
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.errors import AwsError, BrokenResponseError, InvalidRequestError, UnavailableError
from orgrollout.sandbox.moto.bridge import Message
from tests.aws.wire import FakeClock
from tests.matrix.test_broken_responses import COMMANDS, House, a_house
from tests.stage import new_session

SAMPLE = {"AssumeRole", "GetCallerIdentity", "ListAccounts", "DescribeStackSetOperation"}


class Replay:
    """Answers the next request of a connection with a response that was recorded."""

    def __init__(self) -> None:
        self.connection: Connection = connect(session=new_session(), clock=FakeClock())
        self.connection._caller._patience = Patience(attempts=1)
        self.message = Message(200, {}, b"")
        self._watched: set[str] = set()

    def call(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        if service not in self._watched:
            self._watched.add(service)
            client = self.connection._clients.get(service, read_only=False)
            client.meta.events.register_first("before-send.*.*", self._answer)
        self.connection.call(service, operation, parameters)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        headers = HTTPHeaders()
        for name, value in self.message.headers.items():
            if name.lower() != "content-length":
                headers[name] = value
        raw = MockRawResponse(self.message.body)
        return AWSResponse(request.url, self.message.status, headers, raw)


def recorded(house: House, only: set[str] | None) -> Iterator[tuple[str, str, Any, Message]]:
    """Yield the longest response to each operation, with what was asked."""
    for operation, messages in sorted(house.faulty.seen.items()):
        service, asked = house.faulty.asked.get(operation, ("", {}))
        longest = max(messages, key=lambda message: len(message.body))
        if service and longest.body and (only is None or operation in only):
            yield service, operation, asked, longest


def cut_everywhere(house: House, only: set[str] | None) -> int:
    """Cut what was recorded at every tenth byte, and return how many cuts there were."""
    replay, cuts = Replay(), 0
    secrets = house.secrets()
    for service, operation, asked, whole in recorded(house, only):
        parameters = json.loads(json.dumps(asked, default=str))
        for end in range(0, len(whole.body.rstrip()), 10):
            replay.message = Message(whole.status, whole.headers, whole.body[:end])
            with pytest.raises(AwsError) as caught:
                replay.call(service, operation, parameters)
            if isinstance(caught.value, InvalidRequestError):
                break  # how the sandbox reads the request is not how boto3 is asked
            said = "".join(traceback.format_exception(caught.value))
            assert isinstance(caught.value, BrokenResponseError | UnavailableError), said
            assert not [s for s in secrets if s in said], (operation, end)
            cuts += 1
    return cuts


def commands(house: House) -> None:
    for name in COMMANDS:
        house.command(name)
        house.put_right()


def test_a_sample_of_responses_cut_at_every_tenth_byte(tmp_path: Path) -> None:
    with a_house(tmp_path) as house:
        house.command("resync")
        assert len(house.secrets()) > 1
        assert cut_everywhere(house, SAMPLE) > 100


@pytest.mark.exhaustive
@pytest.mark.slow
def test_every_response_cut_at_every_tenth_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_house(tmp_path) as house:
        commands(house)
        cuts = cut_everywhere(house, None)
    with capsys.disabled():
        print(f"\n{cuts} cuts of responses")
    assert cuts > 1000
