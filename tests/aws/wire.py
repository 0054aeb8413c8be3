"""An endpoint that answers what a test scripted, and a clock that never really waits."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class FakeClock:
    """Jumps instead of waiting, and remembers how far. Threads may share it."""

    time: datetime = datetime(2026, 1, 5, tzinfo=UTC)
    slept: list[timedelta] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        return self.time

    def sleep(self, duration: timedelta, /) -> None:
        with self._lock:
            self.slept.append(duration)
            self.time += duration


@dataclass(frozen=True)
class Answer:
    """A response over the wire; without a status, the connection just ends.

    ``{Action}`` in the body is the operation that was asked for, ``{Session}`` the ARN of a session
    of the role that is to be assumed.
    """

    status: int | None = 200
    body: str = ""


def ok(operation: str, inner: str = "") -> Answer:
    """Return a successful answer of CloudFormation."""
    return Answer(
        200,
        f'<{operation}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<{operation}Result>{inner}</{operation}Result>"
        f"<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></{operation}Response>",
    )


def refused(code: str, message: str, status: int = 400) -> Answer:
    """Return an error of CloudFormation."""
    return Answer(
        status,
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error>'
        f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>req-2</RequestId></ErrorResponse>",
    )


def filled(answer: Answer, received: Mapping[str, str]) -> Answer:
    """Return the answer with the fields that it repeats from the request."""
    account, _, role = received.get("RoleArn", "").partition(":role/")
    session = f"{account.replace(':iam:', ':sts:')}:assumed-role/{role.split('/')[-1]}/orgrollout"
    body = answer.body.replace("{Action}", received.get("Action", ""))
    return replace(answer, body=body.replace("{Session}", session))


class Endpoint:
    """Answers requests from a script, the last answer for ever, and keeps the requests."""

    def __init__(self, script: list[Answer]) -> None:
        self.script = script
        self.received: list[dict[str, str]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                fields = parse_qs(body, keep_blank_values=True)
                received = {k: v[0] for k, v in fields.items()}
                endpoint.received.append(received)
                answer = filled(endpoint.next(), received)
                if answer.status is None:
                    self.connection.close()
                    return
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.body.encode())))
                self.end_headers()
                self.wfile.write(answer.body.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def next(self) -> Answer:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def endpoint(*script: Answer) -> Iterator[Endpoint]:
    """Serve ``script`` on a port of this machine."""
    served = Endpoint(list(script))
    thread = threading.Thread(target=served.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.server.shutdown()
        thread.join()
        served.server.server_close()
