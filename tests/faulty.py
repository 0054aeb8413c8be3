"""Something between the product and AWS that changes responses: a proxy, as tests need one.

It sits at the wire: every response of the sandbox passes through it as bytes, before botocore.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.addressing import Request, address
from orgrollout.sandbox.moto_bridge import Message

Change = Callable[[bytes], bytes]
Whole = Callable[[str, Message], Message]  # of an operation


@dataclass
class Faulty:
    """Changes responses on their way, and keeps which operations were answered."""

    answered: list[str] = field(default_factory=list)
    changes: list[Whole] = field(default_factory=list)

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

    def passed(self, operation: str, message: Message) -> Message:
        """Return a response as it comes out at the other side."""
        self.answered.append(operation)
        for change in self.changes:
            message = change(operation, message)
        return message


@contextmanager
def between(sandbox: Sandbox) -> Iterator[Faulty]:
    """Put it before a sandbox."""
    gateway, made = sandbox.world.gateway, Faulty()
    plain = gateway.handle

    def handle(request: Request) -> Message:
        return made.passed(request.operation or address(request).operation, plain(request))

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
