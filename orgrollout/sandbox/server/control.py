"""The sandbox's own paths on its server (``client`` asks for them from a second process).

Answers are JSON. What changes something is a POST or a DELETE; who may send it tells
``control_access``.

- GET ``/_sandbox/clock``; POST ``{"advance": seconds}`` moves a virtual one
- GET ``/_sandbox/calls``, ``/_sandbox/operations?stack_set=NAME``, ``/_sandbox/environment``,
  ``/_sandbox/unprovisioned`` (what exists only as a record, or could not be done),
  ``/_sandbox/failures`` (what broke inside of the sandbox)
- GET ``/_sandbox/faults``; POST an entry as in the organization file gives ``{"id": ...}``;
  DELETE ``/_sandbox/faults/ID`` takes it back
- POST ``/_sandbox/stop``
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlparse

from orgrollout.sandbox.api.addressing import Request
from orgrollout.sandbox.call_log import OperationRecord
from orgrollout.sandbox.clock import ScaledClock, VirtualClock
from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.moto.bridge import Message
from orgrollout.sandbox.sandbox import Sandbox
from orgrollout.sandbox.server.client import CONTROL

Answer = Callable[[], Any]


def answer_control(sandbox: Sandbox, path: str, request: Request) -> Message:
    """Answer a request for the sandbox itself; its sender is known to be allowed."""
    name = path.removeprefix(CONTROL)
    try:
        answers = _answers(sandbox, name, request)
        if not answers:
            return refused(404, f"there is no {path}")
        if request.method not in answers:
            allowed = ", ".join(answers)
            made = refused(405, f"{request.method} {path} is not allowed; allowed is {allowed}")
            return Message(405, {**made.headers, "Allow": allowed}, made.body)
        with sandbox.simulation.state.in_place():
            return _json(200, answers[request.method]())
    except _NotFoundError as error:
        return refused(404, str(error))
    except (SandboxError, ValueError, KeyError, TypeError, OverflowError) as error:
        return refused(400, str(error))


class _NotFoundError(SandboxError):
    """A path names an object that does not exist."""


def _answers(sandbox: Sandbox, name: str, request: Request) -> dict[str, Answer]:
    """Return what each method of a path does; nothing for a path that there is not."""
    query = dict(parse_qsl(urlparse(request.url).query))
    kind, _, rest = name.partition("/")
    if rest and kind == "faults":
        return {"DELETE": lambda: _take_back(sandbox, rest)}
    found: dict[str, dict[str, Answer]] = {
        "clock": {"GET": lambda: _clock(sandbox), "POST": lambda: _advance(sandbox, request)},
        "calls": {"GET": lambda: [asdict(call) for call in sandbox.calls]},
        "operations": {"GET": lambda: _operations(sandbox, query)},
        "faults": {"GET": sandbox.book.listed, "POST": lambda: _add_fault(sandbox, request)},
        "environment": {"GET": sandbox.environment},
        "unprovisioned": {"GET": lambda: _unprovisioned(sandbox)},
        "failures": {"GET": lambda: [asdict(each) for each in sandbox.simulation.gateway.failures]},
        "stop": {"POST": lambda: {"stopping": True}},
    }
    return found.get(name, {})


def refused(status: int, reason: str) -> Message:
    """Return the answer to a request that is not carried out."""
    return _json(status, {"error": reason})


def _given(request: Request) -> Mapping[str, Any]:
    try:
        given = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise SandboxError("the body must be a JSON object")
    return given


def _operations(sandbox: Sandbox, query: Mapping[str, str]) -> list[dict[str, Any]]:
    if "stack_set" not in query:
        raise SandboxError("name a stack set: operations?stack_set=NAME")
    return [_record(each) for each in sandbox.operations(query["stack_set"])]


def _record(record: OperationRecord) -> dict[str, Any]:
    reasons = [[*pair, reason] for pair, reason in sorted(record.reasons.items())]
    return {**asdict(record), "reasons": reasons}


def _unprovisioned(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [{**asdict(each), "is_record": each.is_record} for each in sandbox.unprovisioned]


def _add_fault(sandbox: Sandbox, request: Request) -> dict[str, str]:
    given = _given(request)
    identifier = sandbox.add_fault(given)
    return {"added": next(iter(given)), "id": identifier}


def _take_back(sandbox: Sandbox, identifier: str) -> dict[str, Any]:
    try:
        was_active = sandbox.take_back(identifier)
    except SandboxError as error:
        raise _NotFoundError(str(error)) from error
    return {"taken_back": identifier, "was_active": was_active}


def _clock(sandbox: Sandbox) -> dict[str, Any]:
    clock = sandbox.clock
    speed = clock.speed if isinstance(clock, ScaledClock) else None
    return {"now": clock.now().isoformat(), "speed": speed}


def _advance(sandbox: Sandbox, request: Request) -> dict[str, Any]:
    clock, given = sandbox.clock, _given(request)
    if not isinstance(clock, VirtualClock):
        raise SandboxError("only a virtual clock can be advanced")
    clock.advance(timedelta(seconds=given["advance"]))
    sandbox.settle()
    return _clock(sandbox)


def _json(status: int, value: Any) -> Message:
    body = json.dumps(value, default=_plain).encode()
    return Message(status, {"Content-Type": "application/json"}, body)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
