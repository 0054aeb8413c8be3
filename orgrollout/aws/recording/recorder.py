"""Writes down what clients send and what is answered, as botocore sees it.

The request is written right before it is sent, and the answer when it has been read, so that a
record of a process that was killed tells what was under way. What goes wrong with the record never
stops the command: the record ends there, and a warning says so.
"""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orgrollout.aws.recording.pseudonyms import Pseudonyms
from orgrollout.aws.recording.public_words import public_words
from orgrollout.aws.recording.record_file import RecordFile
from orgrollout.aws.recording.templates import Templates
from orgrollout.aws.recording.values import Values
from orgrollout.exchange_record import Answer, Header, Line, Request

_CREDENTIAL = re.compile(r"Credential=([^/]+)/")
_CODE = re.compile(r"[A-Za-z0-9.:_-]{1,100}")
_GOOD = 300
_KEY = "orgrollout_recorded"  # in what botocore hands from event to event of one call


@dataclass(slots=True, eq=False)
class _Call:
    """A call, and the number of its request once that was sent."""

    asked: Any
    model: Any
    number: int = 0


class _Calls(threading.local):
    """The calls that are under way in this thread: signing one may need a role, by another."""

    def __init__(self) -> None:
        self.under_way: list[_Call] = []

    def end(self, call: _Call) -> bool:
        """Forget a call, with those that broke off within it; return whether it was sent."""
        if call in self.under_way:
            del self.under_way[self.under_way.index(call) :]
        return call.number > 0


class Recorder:
    """Records the requests of one command. Clients and threads share it."""

    def __init__(
        self, path: Path, *, templates: Iterable[str], warn: Callable[[str], None]
    ) -> None:
        """Create the file; ``templates`` are texts that everyone can read.

        Raises:
            FileExistsError: Something has that name; it was left alone.
            OSError: It cannot be created.
        """
        public = tuple(templates)
        self._file = RecordFile(path)
        self._path, self._warn = path, warn
        self._names = Pseudonyms(public_words(public))
        self._values = Values(self._names, Templates(public, self._names), self._write)
        self._lock = threading.RLock()
        self._calls = _Calls()
        self._now: Callable[[], datetime] | None = None
        self._started: datetime | None = None
        self._failed = False
        self.requests = 0

    def begin(self, now: Callable[[], datetime], home_region: str) -> None:
        """Write how the record begins; the time is that of ``now`` from here on."""
        if self._now is None:
            self._now, self._started = now, now()
            said = {"home_region": home_region, "started": self._started.isoformat()}
            self._safely(lambda: self._write(Header(version=version("orgrollout"), **said)))

    def watch(self, client: Any) -> None:
        """Record what ``client`` sends from now on."""
        events, region = client.meta.events, client.meta.region_name
        events.register("before-parameter-build.*.*", self._note)
        # Last: what a handler refuses or answers is not sent.
        events.register_last("before-call.*.*", self._begin)
        # First: a handler that answers in the place of AWS keeps those behind it from being asked.
        events.register_first("before-send.*.*", partial(self._send, region=region))
        events.register("after-call.*.*", self._receive)
        events.register("after-call-error.*.*", self._break)

    def close(self) -> None:
        """End the record; a file without a request is taken away."""
        with self._lock:
            self._failed = True
            self._file.close(keep=self.requests > 0)

    def _note(self, params: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        context[_KEY] = _Call(params, model)

    def _begin(self, context: dict[str, Any], **_: Any) -> None:
        if _KEY in context:
            self._calls.under_way.append(context[_KEY])

    def _send(self, request: Any, *, region: str, **_: Any) -> None:
        """Write a request, once also where botocore sends it again by itself."""
        call = self._calls.under_way[-1] if self._calls.under_way else None
        if call is not None and not call.number:
            self._safely(lambda: self._write_request(call, request, region))

    def _write_request(self, call: "_Call", request: Any, region: str) -> None:
        model = call.model
        with self._lock:
            parameters = self._recorded(model, model.input_shape, call.asked)
            self.requests += 1
            call.number = self.requests
            self._write(
                Request(
                    number=self.requests,
                    at=self._at(),
                    caller=self._names.caller(_access_key(request)),
                    service=model.service_model.service_name,
                    operation=model.name,
                    region=region,
                    parameters=parameters,
                )
            )

    def _receive(
        self, http_response: Any, parsed: Any, model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        status = int(http_response.status_code)

        def answer(number: int) -> Answer:
            if status < _GOOD:
                result = self._recorded(model, model.output_shape, parsed)
                return Answer(number=number, at=self._at(), status=status, result=result)
            code = str(parsed.get("Error", {}).get("Code", ""))
            told = code if _CODE.fullmatch(code) else "(a code of another form)"
            return Answer(number=number, at=self._at(), status=status, error=told)

        self._write_answer(context, answer)

    def _break(self, exception: BaseException, context: dict[str, Any], **_: Any) -> None:
        broken = type(exception).__name__
        self._write_answer(
            context, lambda number: Answer(number=number, at=self._at(), broken=broken)
        )

    def _write_answer(self, context: dict[str, Any], made: Callable[[int], Answer]) -> None:
        call = context.pop(_KEY, None)
        if call is not None and self._calls.end(call):
            self._safely(lambda: self._write(made(call.number)))

    def _recorded(self, model: Any, shape: Any, value: Any) -> dict[str, Any]:
        service = model.service_model.service_name
        return self._values.of(service, shape, value) if shape is not None else {}

    def _at(self) -> float:
        if self._now is None or self._started is None:
            return 0.0
        return round((self._now() - self._started).total_seconds(), 6)

    def _write(self, line: Line) -> None:
        self._file.add(line)

    def _safely(self, do: Callable[[], None]) -> None:
        with self._lock:
            if self._failed:
                return
            try:
                do()
            except Exception as error:  # noqa: BLE001 - a rollout must not end for its record
                self._failed = True
                reason = getattr(error, "strerror", None) or type(error).__name__
                self._warn(
                    f"warning: the record {self._path} ends here: {reason}. The command goes on."
                )


def _access_key(request: Any) -> str:
    """Return by which access key a request is signed; nothing where it is not."""
    given = request.headers.get("Authorization", "")
    text = given.decode() if isinstance(given, bytes) else str(given)
    found = _CREDENTIAL.search(text)
    return found[1] if found else ""
