"""Something between the product and AWS that changes responses: a proxy, as tests need one.

It sits at the wire: every response of the sandbox passes through it as bytes, before botocore.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.api.addressing import Request, address
from orgrollout.sandbox.errors import LostResponseError
from orgrollout.sandbox.moto.bridge import Message

Change = Callable[[bytes], bytes]
Whole = Callable[[str, Message], Message]  # of an operation


@dataclass
class Faulty:
    """Changes responses on their way, and keeps which operations were answered."""

    answered: list[str] = field(default_factory=list)
    changes: list[Whole] = field(default_factory=list)
    asked: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # last: service, how
    seen: dict[str, list[Message]] = field(default_factory=dict)  # by operation, as AWS gave them

    def change(self, operation: str, change: Change, *, times: int | None = None) -> None:
        """Change the body of the next responses to an operation, or of all from now on."""
        left = [times]

        def apply(name: str, message: Message) -> Message:
            if name != operation or left[0] == 0:
                return message
            if left[0] is not None:
                left[0] -= 1
            return Message(message.status, message.headers, change(message.body))

        self.changes.append(apply)

    def refuse(self, operation: str, body: bytes) -> None:
        """Answer an operation with an error from now on."""

        def apply(name: str, message: Message) -> Message:
            return Message(400, message.headers, body) if name == operation else message

        self.changes.append(apply)

    def spoil(self, operation: str, kind: str, *, times: int | None = None, after: int = 0) -> None:
        """Spoil the next responses to an operation, or all from now on; first let some pass."""
        left, whole = [times], [after]
        seen = self.seen.setdefault(operation, [])

        def apply(name: str, message: Message) -> Message:
            if name != operation or left[0] == 0 or not message.body:
                return message
            if whole[0] > 0:
                whole[0] -= 1
                return message
            if left[0] is not None:
                left[0] -= 1
            return KINDS[kind]([*seen, message])

        self.changes.append(apply)

    def passed(self, operation: str, message: Message) -> Message:
        """Return a response as it comes out at the other side."""
        self.answered.append(operation)
        whole = message
        for change in self.changes:
            message = change(operation, message)
        self.seen.setdefault(operation, []).append(whole)
        return message


@contextmanager
def between(sandbox: Sandbox) -> Iterator[Faulty]:
    """Put it before a sandbox."""
    gateway, made = sandbox.simulation.gateway, Faulty()
    plain = gateway.handle

    def handle(request: Request) -> Message:
        addressed = address(request)
        made.asked[addressed.operation] = (addressed.service, dict(addressed.params))
        return made.passed(addressed.operation, plain(request))

    gateway.handle = handle  # type: ignore[method-assign]
    try:
        yield made
    finally:
        gateway.handle = plain  # type: ignore[method-assign]


def json_of(body: bytes) -> Any:
    """Return what a body holds."""
    return json.loads(body)


def as_json(value: Any) -> bytes:
    """Return a body."""
    return json.dumps(value).encode()


SECRET = "PLANTED-wJalrXUtnFEMI-bPxRfiCY"
HTML = f"<html><head><title>Sign in</title></head><body>{SECRET}</body></html>".encode()
OTHER = as_json({"message": SECRET, "token": SECRET})
Spoil = Callable[[list[Message]], Message]  # the responses to an operation so far, this one last


def _with(change: Change) -> Spoil:
    return lambda seen: Message(seen[-1].status, seen[-1].headers, change(seen[-1].body))


def _lost(seen: list[Message]) -> Message:
    raise LostResponseError(seen[-1].status)


# Cut: its second half is missing. Late: the client no longer listens. Doubled: it comes twice in
# one. Stale: the one before comes again, as a cache gives it out.
KINDS: dict[str, Spoil] = {
    "cut": _with(lambda body: body[: len(body) // 2]),
    "empty": _with(lambda _: b""),
    "html": _with(lambda _: HTML),
    "wrong json": _with(lambda _: b"{}"),
    "other": _with(lambda _: OTHER),
    "late": _lost,
    "doubled": _with(lambda body: body + body),
    "stale": lambda seen: seen[-2] if len(seen) > 1 else seen[-1],
}
