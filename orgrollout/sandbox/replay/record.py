"""A record, read: its requests in the order in which they were sent, each with its answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orgrollout.exchange_record import (
    Answer,
    DamagedRecordError,
    Header,
    Request,
    Text,
    read_record,
)
from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.replay.damage import is_moment, refuse_malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer; none where the process ended before it came."""

    request: Request
    answer: Answer | None

    @property
    def api(self) -> str:
        """Return what was called."""
        return f"{self.request.service}:{self.request.operation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All of a file."""

    header: Header
    texts: Mapping[str, str]
    exchanges: tuple[Exchange, ...]

    @property
    def started(self) -> datetime:
        """Return when the command began."""
        return datetime.fromisoformat(self.header.started)

    def answered(self, *operations: str) -> Iterator[Exchange]:
        """Yield the exchanges of some operations that have a result."""
        for each in self.exchanges:
            known = each.answer is not None and each.answer.result is not None
            if known and each.request.operation in operations:
                yield each


def load_record(path: Path) -> Record:
    """Return the record of a file.

    Raises:
        SandboxError: It cannot be read, is no record, or is damaged.
    """
    try:
        return _loaded(path)
    except OSError as error:
        raise SandboxError(f"{path} cannot be read: {error.strerror or error}") from error
    except DamagedRecordError as error:
        raise SandboxError(str(error)) from error


def _loaded(path: Path) -> Record:
    lines = tuple(read_record(path))
    header = next((line for line in lines if isinstance(line, Header)), None)
    if header is None:
        raise DamagedRecordError(f"{path}: its first line was cut off, so nothing can be read")
    if not is_moment(header.started):
        raise DamagedRecordError(f"{path}:1: started is no moment")
    answers = {line.number: line for line in lines if isinstance(line, Answer)}
    for line in lines:
        if isinstance(line, Request):
            refuse_malformed(line.number, [line.parameters, line.caller, line.operation])
        elif isinstance(line, Answer):
            refuse_malformed(line.number, [line.result, line.error])
    requests = [line for line in lines if isinstance(line, Request)]
    return Record(
        header=header,
        texts={line.name: line.body for line in lines if isinstance(line, Text)},
        exchanges=tuple(
            Exchange(request=request, answer=answers.get(request.number)) for request in requests
        ),
    )
