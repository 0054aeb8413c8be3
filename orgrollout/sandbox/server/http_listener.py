"""HTTP on a port: reads requests, and answers each, however it was formed.

No request ends the connection without an answer, but for an answer that a fault loses. Nothing is
written to the console.
"""

import socket
from datetime import datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

from orgrollout.sandbox.api.addressing import Request, address, credential
from orgrollout.sandbox.api.formats import query_protocol
from orgrollout.sandbox.api.gateway import error_answer
from orgrollout.sandbox.errors import ApiError, LostResponseError
from orgrollout.sandbox.moto.bridge import Message
from orgrollout.sandbox.partitions import domain_of
from orgrollout.sandbox.server.http_body import PATIENCE_SECONDS, read_body

_NOT_SENT = ("content-length", "connection", "date", "server", "transfer-encoding")
_NOT_READ = ("transfer-encoding", "content-length", "expect", "connection")
_CODES = {400: "BadRequest", 414: "RequestURITooLong", 431: "RequestHeaderTooLarge"}


class _Clock(Protocol):
    def now(self) -> datetime:
        """Return the moment."""


class _Owner(Protocol):
    @property
    def sandbox(self) -> Any:
        """The sandbox that answers."""

    def answer(self, request: Request) -> Message:
        """Answer a request."""


class Listener(ThreadingHTTPServer):
    """Listens for the owner, which answers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], owner: _Owner) -> None:
        self.owner = owner
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away in the middle; it may do so."""


class _Handler(BaseHTTPRequestHandler):
    """Reads a request and sends the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # heads and bodies are small and follow each other
    server: Listener
    command: str = ""

    def _handle(self) -> None:
        headers = self._given()
        request = Request(self.command, _path_of(self.path), headers, b"")
        try:
            self.connection.settimeout(PATIENCE_SECONDS)
            try:
                body = read_body(self.rfile, request.headers)
            finally:
                self.connection.settimeout(None)
            request = Request(request.method, request.url, _plain(headers, body), body)
            answer = self.server.owner.answer(request)
        except LostResponseError:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        except ApiError as error:  # what follows in the stream is of no known meaning
            self.close_connection = True
            answer = _error(request, error)
        except Exception as error:  # noqa: BLE001 - there is an answer in every case
            kind = type(error).__name__
            answer = _error(request, ApiError("InternalFailure", f"The sandbox broke: {kind}", 500))
        self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _handle  # noqa: N815

    def _given(self) -> dict[str, str]:
        """Return the headers by their names in lower case; one that comes twice is joined."""
        found: dict[str, str] = {}
        for key, value in self.headers.items():
            name = key.lower()
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def _send(self, answer: Message) -> None:
        self.send_response(answer.status)
        for key, value in answer.headers.items():
            if key.lower() not in _NOT_SENT:
                self.send_header(key, _in_one_line(value))
        if self.close_connection:
            self.send_header("Connection", "close")
        length = answer.headers.get("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is not HTTP, or a method that there is not, as AWS words errors."""
        self.close_connection = True
        self.request_version = self.protocol_version
        name = _CODES.get(code, "NotImplemented")
        body = query_protocol.render_rest_error(name, explain or message or "Bad request", "0" * 32)
        self._send(Message(code, query_protocol.XML, body))

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the sandbox: it is the one of all that it answers."""
        moment = self.server.owner.sandbox.clock.now().timestamp()
        return formatdate(moment if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the calls are on record."""


def _error(request: Request, error: ApiError) -> Message:
    return error_answer(address(at_aws(request)), error)


def _plain(headers: dict[str, str], body: bytes) -> dict[str, str]:
    """Return the headers of a request whose body has been read."""
    kept = {key: value for key, value in headers.items() if key not in _NOT_READ}
    return {**kept, "content-length": str(len(body))}


def _path_of(target: str) -> str:
    """Return path and query of a request's target, which may be a whole URL."""
    if target.startswith("/"):
        return "/" + target.lstrip("/")
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    query = f"?{parts.query}" if parts.query else ""
    return f"/{parts.path.lstrip('/*')}{query}"


def _in_one_line(value: str) -> str:
    return "".join(value.splitlines()).encode("latin-1", "replace").decode("latin-1")


def at_aws(request: Request) -> Request:
    """Return the request with the host name that it would have at AWS."""
    _, region, service = credential(request)
    if not service:
        return request
    host = f"{service}.{region}.{domain_of(region)}"
    headers = {key: value for key, value in request.headers.items() if key.lower() != "host"}
    return Request(request.method, f"https://{host}{request.url}", headers, request.body)
