"""The sandbox on a port of 127.0.0.1, for any AWS tool.

The same gateway answers as in process. ``/_sandbox/`` is the sandbox's own: its clock,
its calls, its operations, its faults, and a way to stop it (see ``control``).
"""

import socket
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, Timer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlparse

from orgrollout.sandbox.clock import Clock, ScaledClock
from orgrollout.sandbox.control import CONTROL, answer_control
from orgrollout.sandbox.errors import LostResponseError, SandboxError
from orgrollout.sandbox.gateway import Request, credential
from orgrollout.sandbox.moto_bridge import Message
from orgrollout.sandbox.sandbox import Sandbox, Source
from orgrollout.sandbox.settings import Settings

HOST = "127.0.0.1"
IDLE = timedelta(minutes=30)
_CHECK_SECONDS = 0.2


class SandboxServer:
    """A running server; stops when it is idle for long, when told to, or on leaving it."""

    def __init__(self, sandbox: Sandbox, port: int, idle: timedelta) -> None:
        self.sandbox = sandbox
        self._idle = idle
        self._stopped = Event()
        self._last_request = time.monotonic()
        self._http = _Server((HOST, port), _Handler)
        self._http.owner = self
        self._thread = Thread(target=self._http.serve_forever, args=(_CHECK_SECONDS,), daemon=True)
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
        self.sandbox.world.state.forget()

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

    def answer(self, request: Request) -> Message:
        """Answer a request for AWS or for the sandbox itself."""
        self._last_request = time.monotonic()
        path = urlparse(request.url).path
        if path.startswith(CONTROL):
            if path == f"{CONTROL}stop":
                # Later, so that the answer to this request still arrives.
                Timer(_CHECK_SECONDS, self.stop).start()
            return answer_control(self.sandbox, path, request)
        return self.sandbox.world.gateway.handle(request)

    def _stop_when_idle(self) -> None:
        while not self._stopped.wait(_CHECK_SECONDS):
            if time.monotonic() - self._last_request > self._idle.total_seconds():
                self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    owner: SandboxServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away in the middle; it may do so."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, gives it the host name it would have at AWS, and sends the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # heads and bodies are small and follow each other
    server: _Server

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {key: value for key, value in self.headers.items() if key.lower() != "host"}
        request = Request(self.command, self.path, headers, body)
        try:
            answer = self.server.owner.answer(_at_aws(request))
        except LostResponseError:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        except SandboxError as error:
            answer = Message(501, {"Content-Type": "text/plain"}, str(error).encode())
        self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _handle  # noqa: N815

    def _send(self, answer: Message) -> None:
        self.send_response(answer.status)
        left_out = ("content-length", "connection", "date", "server", "transfer-encoding")
        for key, value in answer.headers.items():
            if key.lower() not in left_out:
                self.send_header(key, value)
        length = answer.headers.get("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the calls are on record."""


def _at_aws(request: Request) -> Request:
    path = request.url
    if path.startswith(CONTROL):
        return request
    _, region, service = credential(request)
    if service in ("iam", "organizations") or not service:
        host = f"{service or 's3'}.amazonaws.com"
        host = f"{service}.us-east-1.amazonaws.com" if service == "organizations" else host
    else:
        host = f"{service}.{region}.amazonaws.com"
    return Request(request.method, f"https://{host}{path}", request.headers, request.body)


def serve(
    organization: Source,
    *,
    port: int = 0,
    clock: Clock | None = None,
    faults: Sequence[Mapping[str, Any]] | None = None,
    settings: Settings | None = None,
    idle: timedelta = IDLE,
    operator: str | None = None,
) -> SandboxServer:
    """Start a server and return it while it runs; port 0 picks a free one.

    Raises:
        SandboxFileError: The organization file is wrong.
        OSError: The port is taken.
    """
    sandbox = Sandbox.start(
        organization,
        clock=clock or ScaledClock(60),
        faults=faults,
        settings=settings,
        operator=operator,
    )
    return SandboxServer(sandbox, port, idle).run()
