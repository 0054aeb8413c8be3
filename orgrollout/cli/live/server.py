"""HTTP on a port of this machine that other machines do not reach: the page, and what changes.

It only reads. Who does not know the token gets nothing, and neither does a web page of another
origin that has a name resolved to this machine: the header Host must name this server.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from orgrollout.cli.live.board import Board, Shown

MOST_READERS = 50
_HERE = "127.0.0.1"
_BEAT = 10.0  # seconds without a change after which a reader hears that the server lives
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class LiveServer(ThreadingHTTPServer):
    """Serves a board below a path that is not guessed."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, board: Board) -> None:
        self.board = board
        self.token = secrets.token_urlsafe(24)
        self.readers = 0
        self.told = threading.Condition()  # guards the readers, and hears of each that leaves
        super().__init__((_HERE, 0), _Handler)

    @property
    def address(self) -> str:
        """Return the URL of the page, token included."""
        return f"http://{_HERE}:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> frozenset[str]:
        """Return what the header Host may say."""
        return frozenset(f"{name}:{self.server_port}" for name in (_HERE, "localhost"))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a reader that went away in the middle; it may do so."""

    def wait_for_readers(self, seconds: float) -> None:
        """Return when all that follow have been told how it ended, or when time is up."""
        with self.told:
            self.told.wait_for(lambda: self.readers == 0, seconds)

    @contextmanager
    def reader(self) -> Iterator[bool]:
        """Give whether there is room for one more that follows."""
        with self.told:
            has_room = self.readers < MOST_READERS
            self.readers += has_room
        try:
            yield has_room
        finally:
            with self.told:
                self.readers -= has_room
                self.told.notify_all()


class _Handler(BaseHTTPRequestHandler):
    server: LiveServer
    timeout = 60  # seconds for a request to arrive

    def do_GET(self) -> None:
        """Answer with the page, its document, or what changes from now on."""
        if self.headers.get("Host") not in self.server.hosts:
            self._send(HTTPStatus.FORBIDDEN)
            return
        token, _, name = self.path.lstrip("/").partition("?")[0].partition("/")
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            self._send(HTTPStatus.NOT_FOUND)
            return
        shown = self.server.board.shown
        match name:
            case "":
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", shown.page)
            case "document.json":
                self._send(HTTPStatus.OK, "application/json", shown.document)
            case "events":
                self._follow()
            case _:
                self._send(HTTPStatus.NOT_FOUND)

    def _follow(self) -> None:
        with self.server.reader() as has_room:
            if not has_room:
                self._send(HTTPStatus.SERVICE_UNAVAILABLE)
                return
            self._begin(HTTPStatus.OK, "text/event-stream")
            last = -1
            while True:
                shown = self.server.board.wait(last, _BEAT)
                self.wfile.write(_event(shown, last))
                self.wfile.flush()
                if shown.over:
                    return
                last = shown.number

    def _send(self, status: HTTPStatus, kind: str = "text/plain", body: bytes = b"") -> None:
        self._begin(status, kind, len(body))
        self.wfile.write(body)

    def _begin(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def version_string(self) -> str:
        """Tell nothing of what serves."""
        return "orgrollout"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the path has the token."""


def _event(shown: Shown, last: int) -> bytes:
    """Return what a reader is told: in one line, whatever it says."""
    if shown.over:
        return f"event: over\ndata: {' '.join(shown.over.split())}\n\n".encode()
    if shown.number == last:
        return b": still here\n\n"
    return f"event: changed\ndata: {shown.number}\n\n".encode()


@contextmanager
def serving(board: Board) -> Iterator[LiveServer]:
    """Serve a board until the end of the block."""
    server = LiveServer(board)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2})
    thread.daemon = True
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
