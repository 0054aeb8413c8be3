"""The sandbox's own paths on its server, and the client that a second process uses.

``/_sandbox/clock`` (GET: the time; POST ``{"advance": seconds}`` on a virtual clock),
``/_sandbox/calls``, ``/_sandbox/operations?stack_set=NAME``, ``/_sandbox/faults`` (POST an
entry as in the file), ``/_sandbox/environment``, ``/_sandbox/stop``. Answers are JSON.
"""

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlparse

from orgrollout.sandbox.calls import OperationRecord
from orgrollout.sandbox.clock import ScaledClock, VirtualClock
from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults import parse_fault
from orgrollout.sandbox.gateway import Request
from orgrollout.sandbox.moto_bridge import Message
from orgrollout.sandbox.sandbox import Sandbox

CONTROL = "/_sandbox/"


def answer_control(sandbox: Sandbox, path: str, request: Request) -> Message:
    """Answer a request for the sandbox itself."""
    name = path.removeprefix(CONTROL)
    query = dict(parse_qsl(urlparse(request.url).query))
    try:
        given = json.loads(request.body or b"{}")
        with sandbox.world.state.in_place():
            found = _answer(sandbox, name, query, given)
    except (SandboxError, ValueError, KeyError, TypeError) as error:
        return _json(400, {"error": str(error)})
    if found is None:
        return _json(404, {"error": f"there is no {path}"})
    return _json(200, found)


def _answer(sandbox: Sandbox, name: str, query: Mapping[str, str], given: Mapping[str, Any]) -> Any:
    answers: dict[str, Callable[[], Any]] = {
        "clock": lambda: _clock(sandbox, given),
        "calls": lambda: [asdict(call) for call in sandbox.calls],
        "operations": lambda: [_record(each) for each in sandbox.operations(query["stack_set"])],
        "faults": lambda: _add_fault(sandbox, given),
        "environment": sandbox.environment,
        "stop": lambda: {"stopping": True},
    }
    return answers[name]() if name in answers else None


def _record(record: OperationRecord) -> dict[str, Any]:
    reasons = [[*pair, reason] for pair, reason in sorted(record.reasons.items())]
    return {**asdict(record), "reasons": reasons}


def _add_fault(sandbox: Sandbox, given: Mapping[str, Any]) -> dict[str, str]:
    kind, arguments = parse_fault(given, "faults")
    getattr(sandbox, kind)(**arguments)
    return {"added": kind}


def _clock(sandbox: Sandbox, given: Mapping[str, Any]) -> dict[str, Any]:
    clock = sandbox.clock
    if "advance" in given:
        if not isinstance(clock, VirtualClock):
            raise SandboxError("only a virtual clock can be advanced")
        clock.advance(timedelta(seconds=given["advance"]))
        sandbox.settle()
    speed = clock.speed if isinstance(clock, ScaledClock) else None
    return {"now": clock.now().isoformat(), "speed": speed}


def _json(status: int, value: Any) -> Message:
    body = json.dumps(value, default=_plain).encode()
    return Message(status, {"Content-Type": "application/json"}, body)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


class SandboxClient:
    """Asks a sandbox server in another process about itself.

    Raises:
        SandboxError: From every method, if there is no sandbox at the endpoint.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint.rstrip("/")

    def clock(self) -> "RemoteClock":
        """Return a clock that agrees with the server's."""
        answer = self._ask("clock")
        return RemoteClock(self, datetime.fromisoformat(answer["now"]), answer["speed"])

    def now(self) -> datetime:
        """Return the sandbox's time."""
        return datetime.fromisoformat(self._ask("clock")["now"])

    def advance(self, duration: timedelta) -> None:
        """Advance a virtual clock."""
        self._ask("clock", {"advance": duration.total_seconds()})

    def calls(self) -> list[dict[str, Any]]:
        """Return every API call in order."""
        return list(self._ask("calls"))

    def operations(self, stack_set_name: str) -> list[dict[str, Any]]:
        """Return the operations of a stack set, oldest first."""
        return list(self._ask(f"operations?stack_set={quote(stack_set_name)}"))

    def add_fault(self, entry: Mapping[str, Any]) -> None:
        """Add a fault, written as in the organization file."""
        self._ask("faults", entry)

    def environment(self) -> dict[str, str]:
        """Return environment variables that point any AWS tool at the server."""
        return {**self._ask("environment"), "AWS_ENDPOINT_URL": self.endpoint}

    def stop(self) -> None:
        """Stop the server."""
        self._ask("stop", {})

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}{CONTROL}{path}", data=data)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.loads(answer.read())
        except OSError as error:
            raise SandboxError(f"no sandbox answers at {self.endpoint}: {error}") from error


class RemoteClock:
    """The clock of a sandbox server: a scaled one runs along, a virtual one is advanced."""

    def __init__(self, client: SandboxClient, now: datetime, speed: float | None) -> None:
        self._client = client
        self._scaled = ScaledClock(speed, now) if speed else None

    def now(self) -> datetime:
        """Return the moment, UTC-aware."""
        return self._scaled.now() if self._scaled else self._client.now()

    def sleep(self, duration: timedelta) -> None:
        """Really sleep a scaled time, or advance a virtual clock."""
        if self._scaled:
            self._scaled.sleep(duration)
        else:
            self._client.advance(max(duration, timedelta()))
