"""The sandbox on a port of 127.0.0.1, for any AWS tool.

The same gateway answers as in process. ``/_sandbox/`` is the sandbox's own: its clock,
its calls, its operations, its faults, and a way to stop it (see ``control``).
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from threading import Event, Thread, Timer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlparse

from orgrollout.sandbox.api.addressing import Request
from orgrollout.sandbox.clock import Clock, ScaledClock
from orgrollout.sandbox.moto.bridge import Message
from orgrollout.sandbox.sandbox import Sandbox, Source
from orgrollout.sandbox.server.client import CONTROL, IDLE, SandboxClient
from orgrollout.sandbox.server.control import answer_control, refused
from orgrollout.sandbox.server.control_access import from_elsewhere, refusal
from orgrollout.sandbox.server.http_listener import Listener, at_aws
from orgrollout.sandbox.settings import Settings

HOST = "127.0.0.1"
_CHECK_SECONDS = 0.2
_POLL_SECONDS = 0.02  # as long as stopping takes
_OK = 200


class SandboxServer:
    """A running server; stops when it is idle for long, when told to, or on leaving it."""

    def __init__(
        self, sandbox: Sandbox, port: int, idle: timedelta, token: str | None = None
    ) -> None:
        """Serve ``sandbox``; with a ``token``, every change by a control path needs it."""
        self.sandbox = sandbox
        self.token = token or secrets.token_urlsafe(24)
        self._always = token is not None
        self._idle = idle
        self._stopped = Event()
        self._last_request = time.monotonic()
        self._http = Listener((HOST, port), self)
        self._thread = Thread(target=self._http.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self._watch = Thread(target=self._stop_when_idle, daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL that tools are pointed at."""
        return f"http://{HOST}:{self._http.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """Return environment variables that point any AWS tool at this server."""
        return {**self.sandbox.environment(), "AWS_ENDPOINT_URL": self.endpoint}

    def run(self) -> Self:
        """Begin to answer; returns at once."""
        self._thread.start()
        self._watch.start()
        return self

    def stop(self) -> None:
        """Stop answering; returns when the port is free again."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self.sandbox.simulation.state.forget()

    def wait(self) -> None:
        """Return when the server has stopped, however that came about."""
        self._stopped.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def client(self) -> SandboxClient:
        """Return a way to ask this server about itself, and to tell it things."""
        return SandboxClient(self.endpoint, self.token)

    def answer(self, request: Request) -> Message:
        """Answer a request for AWS or for the sandbox itself."""
        self._last_request = time.monotonic()
        path = urlparse(request.url).path
        if path.startswith(CONTROL):
            return self._control(path, request)
        if from_elsewhere(request.headers):
            return refused(403, "the request comes from a page of another site")
        return self.sandbox.simulation.gateway.handle(at_aws(request))

    def _control(self, path: str, request: Request) -> Message:
        why = refusal(request.method, request.headers, self.token, always=self._always)
        if why is not None:
            return refused(why.status, why.reason)
        answer = answer_control(self.sandbox, path, request)
        if path == f"{CONTROL}stop" and answer.status == _OK:
            # Later, so that the answer to this request still arrives.
            Timer(_CHECK_SECONDS, self.stop).start()
        return answer

    def _stop_when_idle(self) -> None:
        while not self._stopped.wait(_CHECK_SECONDS):
            if time.monotonic() - self._last_request > self._idle.total_seconds():
                self.stop()


def serve(
    organization: Source,
    *,
    port: int = 0,
    clock: Clock | None = None,
    faults: Sequence[Mapping[str, Any]] | None = None,
    settings: Settings | None = None,
    behaviour: Mapping[str, Any] | None = None,
    idle: timedelta = IDLE,
    operator: str | None = None,
    token: str | None = None,
) -> SandboxServer:
    """Start a server and return it while it runs; port 0 picks a free one.

    With a ``token``, every change by a control path needs it (see ``control_access``).

    Raises:
        SandboxFileError: The organization file is wrong.
        OSError: The port is taken.
    """
    sandbox = Sandbox.start(
        organization,
        clock=clock or ScaledClock(60),
        faults=faults,
        settings=settings,
        behaviour=behaviour,
        operator=operator,
    )
    return SandboxServer(sandbox, port, idle, token).run()
