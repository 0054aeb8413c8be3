"""The client of a sandbox server in another process. Nothing here imports what a server needs."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from orgrollout.sandbox.clock import ScaledClock
from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.server.control_access import TOKEN_HEADER

CONTROL = "/_sandbox/"
TOKEN_VARIABLE = "ORGROLLOUT_SANDBOX_TOKEN"  # noqa: S105 - the name of a variable
IDLE = timedelta(minutes=30)  # without a request, after which a server ends


class SandboxClient:
    """Asks a sandbox server in another process about itself.

    Raises:
        SandboxError: From every method, if there is no sandbox at the endpoint.
    """

    def __init__(self, endpoint: str, token: str | None = None) -> None:
        """Ask the server at ``endpoint``, with its token (default: ORGROLLOUT_SANDBOX_TOKEN)."""
        self.endpoint = endpoint.rstrip("/")
        self._token = token or os.environ.get(TOKEN_VARIABLE)

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

    def add_fault(self, entry: Mapping[str, Any]) -> str:
        """Add a fault, written as in the organization file, and return its id."""
        return str(self._ask("faults", entry)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that were added and not taken back."""
        return list(self._ask("faults"))

    def take_back(self, identifier: str) -> None:
        """Take a fault back."""
        self._ask(f"faults/{quote(identifier, safe='')}", method="DELETE")

    def unprovisioned(self) -> list[dict[str, Any]]:
        """Return what exists only as a record, or could not be done."""
        return list(self._ask("unprovisioned"))

    def environment(self) -> dict[str, str]:
        """Return environment variables that point any AWS tool at the server."""
        return {**self._ask("environment"), "AWS_ENDPOINT_URL": self.endpoint}

    def stop(self) -> None:
        """Stop the server."""
        self._ask("stop", {})

    def _ask(
        self, path: str, body: Mapping[str, Any] | None = None, method: str | None = None
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        if self._token is not None:
            headers[TOKEN_HEADER] = self._token
        url = f"{self.endpoint}{CONTROL}{path}"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise SandboxError(_said(self.endpoint, error)) from error
        except (OSError, ValueError) as error:
            raise SandboxError(f"no sandbox answers at {self.endpoint}: {error}") from error


def _said(endpoint: str, error: urllib.error.HTTPError) -> str:
    """Return what a server said that refused a request, if a sandbox it is."""
    with error, suppress(OSError, ValueError, KeyError, TypeError):
        return f"the sandbox at {endpoint} refused: {json.loads(error.read())['error']}"
    return f"no sandbox answers at {endpoint}: {error}"


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
