"""Responses of CloudFormation as a test needs them, where the sandbox gives others."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from orgrollout.aws.transport.connection import Connection

Alter = Callable[[str, Mapping[str, Any], dict[str, Any]], dict[str, Any] | None]


def altered(monkeypatch: pytest.MonkeyPatch, alter: Alter) -> None:
    """Let ``alter`` (operation, parameters, body) change bodies, or raise; None: as it was."""
    call = Connection.call

    def altering(self: Connection, service: str, operation: str, *more: Any) -> Any:
        body = call(self, service, operation, *more)
        return alter(operation, more[0] if more else {}, dict(body)) or body

    monkeypatch.setattr(Connection, "call", altering)
