"""The format of a record: what a command sent to AWS and what was answered, as JSON lines.

The product writes records (`aws/recording/`), the sandbox replays them. A line is one of four:

- ``{"record": "orgrollout", "format": 1, ...}``, the first one: version, home Region, start
- ``{"text": ID, "body": TEXT}``: a template, before the first line that names it
- ``{"request": N, "at": SECONDS, "as": KEY, "service", "operation", "region", "parameters"}``
- ``{"answer": N, "at": SECONDS, "status", ...}`` with ``result``, ``error`` (a code), or
  ``broken`` (the kind of failure where no answer came)

A value that JSON does not have, or that is not recorded, is an object with one key, see ``Mark``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

NAME = "orgrollout"
FORMAT = 1
LONGEST_LINE = 16 << 20  # bytes; templates have at most 1 MiB
LONGEST = 366 * 86400.0  # seconds that a command may take


class Mark(StrEnum):
    """What stands in the place of a value."""

    TIME = "$time"  # a moment, in ISO 8601
    BYTES = "$bytes"  # how many; they are not recorded
    TEXT = "$text"  # the id of a text
    SECRET = "$secret"  # noqa: S105 - true: the value is not recorded


class DamagedRecordError(ValueError):
    """A file is no record, or a line of it is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """How a record begins."""

    version: str  # of the program that wrote it
    home_region: str
    started: str  # a moment, in ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``caller`` names credentials: the same name for the same ones."""

    number: int
    at: float
    caller: str
    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered: a result, the code of an error, or nothing that could be read."""

    number: int
    at: float
    status: int = 0
    result: Mapping[str, Any] | None = None
    error: str = ""
    broken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that others name."""

    name: str
    body: str


Line = Header | Request | Answer | Text


def written(line: Line) -> bytes:
    """Return a line as it is written, with its end."""
    return json.dumps(_document(line), separators=(",", ":")).encode() + b"\n"


def read_record(path: Path) -> Iterator[Line]:
    """Yield what a record has, from its header on.

    A last line without its end was cut off when the process was killed, and is left out.

    Raises:
        OSError: The file cannot be read.
        DamagedRecordError: It is no record, or a line of it is damaged.
    """
    with path.open("rb") as file:
        number = 0
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
            if len(line) > LONGEST_LINE:
                raise DamagedRecordError(f"{path}:{number}: longer than {LONGEST_LINE:,} bytes")
            if not line.endswith(b"\n"):
                break
            found = _parsed(line, f"{path}:{number}")
            if (number == 1) != isinstance(found, Header):
                raise DamagedRecordError(f"{path}:{number}: {_NOT_FIRST}")
            yield found
    if not number:
        raise DamagedRecordError(f"{path}: it is empty")


_NOT_FIRST = "a record begins with the line that says what it is, and has it once"


def _document(line: Line) -> dict[str, Any]:
    match line:
        case Header():
            said = {"version": line.version, "home_region": line.home_region}
            return {"record": NAME, "format": FORMAT, **said, "started": line.started}
        case Text():
            return {"text": line.name, "body": line.body}
        case Request():
            return {
                "request": line.number,
                "at": line.at,
                "as": line.caller,
                "service": line.service,
                "operation": line.operation,
                "region": line.region,
                "parameters": line.parameters,
            }
        case Answer():
            told = {"error": line.error, "broken": line.broken, "result": line.result}
            kept = {key: value for key, value in told.items() if value or value == {}}
            return {"answer": line.number, "at": line.at, "status": line.status, **kept}


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _parsed(line: bytes, place: str) -> Line:
    try:
        document = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DamagedRecordError(f"{place}: not a line of JSON") from error
    if not isinstance(document, dict):
        raise DamagedRecordError(f"{place}: not a JSON object")
    return _Fields(document, place).line()


class _Fields:
    """The members of one line, each looked at."""

    def __init__(self, document: Mapping[str, Any], place: str) -> None:
        self._document = document
        self._place = place

    def line(self) -> Line:
        for key, read in (
            ("record", self._header),
            ("request", self._request),
            ("answer", self._answer),
            ("text", self._text),
        ):
            if key in self._document:
                return read()
        raise DamagedRecordError(
            f"{self._place}: it has none of record, text, request and answer; is it a record that "
            "`--record FILE` wrote?"
        )

    def _header(self) -> Line:
        if self._document["record"] != NAME or self._document.get("format") != FORMAT:
            raise DamagedRecordError(
                f"{self._place}: not a record of format {FORMAT}; another version of the program "
                "may have written it"
            )
        texts = ("version", "home_region", "started")
        version, home, started = (self._of(key, str) for key in texts)
        return Header(version=version, home_region=home, started=started)

    def _request(self) -> Line:
        return Request(
            number=self._of("request", int),
            at=self._at(),
            caller=self._of("as", str),
            service=self._of("service", str),
            operation=self._of("operation", str),
            region=self._of("region", str),
            parameters=self._of("parameters", dict),
        )

    def _answer(self) -> Line:
        given = self._document
        return Answer(
            number=self._of("answer", int),
            at=self._at(),
            status=self._of("status", int),
            result=self._of("result", dict) if "result" in given else None,
            error=self._of("error", str) if "error" in given else "",
            broken=self._of("broken", str) if "broken" in given else "",
        )

    def _at(self) -> float:
        at = self._of("at", (int, float))
        if not 0 <= at <= LONGEST:
            number = self._document.get("request", self._document.get("answer"))
            raise DamagedRecordError(
                f"{self._place}: damaged record, request {number}: at is no number of seconds "
                "between 0 and a year"
            )
        return float(at)

    def _text(self) -> Line:
        return Text(name=self._of("text", str), body=self._of("body", str))

    def _of(self, key: str, kind: type | tuple[type, ...]) -> Any:
        value = self._document.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DamagedRecordError(f"{self._place}: {key} is missing, or of another kind")
        return value
