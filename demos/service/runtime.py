"""AWS Lambda on this machine: a process for each function, and the Runtime API that it asks.

The process is AWS's own runtime client (awslambdaric) in a Python that has nothing else than it and
the packaged zip. It asks for events, and posts answers, as in AWS (Lambda Developer Guide, "Using
the Lambda runtime API for custom runtimes").
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

HOST = "127.0.0.1"
SECONDS = 120  # that an invocation may take here
# Without `site`, so that nothing that is installed can be imported.
_BARE = (sys.executable, "-I", "-S", "-c")
_BOOTSTRAP = """
import sys
sys.path[:0] = sys.argv[1:3]
from awslambdaric.__main__ import main
main(["bootstrap", sys.argv[3]])
"""
_VERSION = "/2018-06-01/runtime"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an invocation: what the function returned, or the error that it raised."""

    body: bytes
    failed: bool


@dataclass
class Function:
    """A function of the template, invoked once at a time."""

    name: str
    handler: str
    environment: Mapping[str, str]
    code: Path  # the unpacked zip
    runtime: Path  # where awslambdaric is installed
    log: Path  # its log group
    calls: int = 0
    _events: "Queue[tuple[str, bytes]]" = field(default_factory=Queue)
    _answers: "Queue[Answer]" = field(default_factory=Queue)
    _one_at_a_time: Lock = field(default_factory=Lock)
    _port: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    def invoke(self, event: bytes) -> Answer:
        """Return what the function answers; its process starts with the first event."""
        with self._one_at_a_time:
            self.calls += 1
            if self._process is None:
                self._process = self._start()
            self._events.put((str(uuid4()), event))
            deadline = time.monotonic() + SECONDS
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    return self._answers.get(timeout=0.5)
                except Empty:
                    continue
            said = {"errorType": "Runtime.ExitError", "errorMessage": f"see {self.log}"}
            return Answer(json.dumps(said).encode(), failed=True)

    def call(self, event: Mapping[str, Any]) -> Any:
        """Return what the function answers to an event.

        Raises:
            RuntimeError: It raised an error.
        """
        answer = self.invoke(json.dumps(event).encode())
        if answer.failed:
            raise RuntimeError(f"{self.name} failed: {answer.body.decode()}")
        return json.loads(answer.body)

    def messages(self) -> list[str]:
        """Return the messages of its log, as the filters of the alarms see them."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line).get("message", "") for line in lines if line.startswith("{")]

    @contextmanager
    def served(self) -> Iterator[None]:
        """Answer what its process asks, inside the block; the first invocation starts it."""
        with listening(_runtime_api(self)) as self._port:
            try:
                yield
            finally:
                if self._process is not None:
                    self._process.kill()
                    self._process.wait()

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {
            **self.environment,
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self._port}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
        }
        command = [*_BARE, _BOOTSTRAP, str(self.code), str(self.runtime), self.handler]
        with self.log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - this interpreter, our own arguments
                command, env=environment, stdout=log, stderr=log
            )

    def next_event(self) -> tuple[str, bytes] | None:
        """Return the next invocation; None: the process has ended meanwhile."""
        while self._process is None or self._process.poll() is None:
            try:
                return self._events.get(timeout=0.5)
            except Empty:
                continue
        return None

    def take(self, answer: Answer) -> None:
        """Take the answer of the invocation that is under way."""
        self._answers.put(answer)


class Door(BaseHTTPRequestHandler):
    """What both servers have in common: they answer in JSON and say nothing on the terminal."""

    def content(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _runtime_api(function: Function) -> type[Door]:
    class RuntimeApi(Door):
        def do_GET(self) -> None:
            """Answer `invocation/next`, as soon as there is one."""
            found = function.next_event()
            if found is None:
                return
            request, event = found
            self.answer(
                200,
                event,
                Content_Type="application/json",
                Lambda_Runtime_Aws_Request_Id=request,
                Lambda_Runtime_Deadline_Ms=str(int((time.time() + SECONDS) * 1000)),
                Lambda_Runtime_Invoked_Function_Arn=(
                    f"arn:aws:lambda:us-east-1:999999999999:function:{function.name}"
                ),
            )

        def do_POST(self) -> None:
            """Take `invocation/ID/response`, `invocation/ID/error` and `init/error`."""
            body = self.content()
            function.take(Answer(body, failed=not self.path.endswith("/response")))
            self.answer(202 if self.path.startswith(_VERSION) else 404)

    return RuntimeApi


def invoke_api(functions: Mapping[str, Function]) -> type[Door]:
    """Return Lambda's Invoke for functions by their names (Lambda API reference, Invoke)."""

    class InvokeApi(Door):
        def do_POST(self) -> None:
            """Answer `/2015-03-31/functions/NAME/invocations`."""
            name = self.path.split("/")[3].rpartition("%3A")[2].rpartition(":")[2]
            done = functions[name].invoke(self.content())
            failed = {"X_Amz_Function_Error": "Unhandled"} if done.failed else {}
            self.answer(200, done.body, Content_Type="application/json", **failed)

    return InvokeApi


@contextmanager
def listening(door: type[Door]) -> Iterator[int]:
    """Serve a door on a free port of this machine inside the block, and give the port."""
    with ThreadingHTTPServer((HOST, 0), door) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
