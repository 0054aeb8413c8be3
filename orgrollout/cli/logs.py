"""Where log lines go, and how they look: text for people, JSON lines for programs.

Without an option, a variable or a default of the file, nothing is logged: what a command has to say
stands on stdout and stderr anyway. Only loggers of this package are listened to: those of botocore
write bodies and credentials at level debug.
"""

import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from orgrollout.cli.errors import WrongUsageError
from orgrollout.model.logs import FIELDS, ROOT
from orgrollout.model.shown import visible

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]
_OURS = "orgrollout's own"


class Lines(logging.Formatter):
    """A line of text: time, level, words, and fields as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; nothing in it begins a line of its own."""
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        return visible(f"{when(record)} {record.levelname:<7} {record.getMessage()}{fields}")


class JsonLines(logging.Formatter):
    """A JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object, with the fields that are known."""
        said = {
            "time": when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        return json.dumps(said, default=str)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line carries besides its words, as far as it is known."""
    found = {name: getattr(record, name, None) for name in FIELDS}
    return {name: value for name, value in found.items() if value not in {None, ""}}


def when(record: logging.LogRecord) -> str:
    """Return when a line was written, by this machine's clock, in UTC."""
    at = datetime.fromtimestamp(record.created, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


class _Handler(logging.StreamHandler[Any]):
    """Writes lines; where that fails, it says so once, and the command goes on."""

    def __init__(self, stream: Any, place: str, *, is_file: bool) -> None:
        super().__init__(stream)
        self.name = _OURS
        self._place, self._is_file, self._failed = place, is_file, False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's own
        """Say once why lines are missing."""
        if not self._failed:
            self._failed = True
            with suppress(OSError, ValueError):
                why = sys.exc_info()[1]
                reason = getattr(why, "strerror", None) or type(why).__name__
                sys.stderr.write(
                    f"warning: {self._place} cannot be written: {reason}. Lines are missing there; "
                    "the command goes on.\n"
                )

    def close(self) -> None:
        """Close the file, if it is one."""
        super().close()
        if self._is_file:
            with suppress(OSError, ValueError):
                self.stream.close()


def begin_logs(level: LogLevel | None, format_: LogFormat | None, file: Path | None) -> None:
    """Log from now on, if anything of it was asked for. What was set up before is ended.

    Raises:
        WrongUsageError: The file cannot be written. Nothing was done.
    """
    end_logs()
    if level is None and format_ is None and file is None:
        return
    stream = sys.stderr if file is None else _opened(file)
    place = "the log" if file is None else f"the log {file}"
    handler = _Handler(stream, place, is_file=file is not None)
    handler.setFormatter(JsonLines() if format_ == "json" else Lines())
    ours = logging.getLogger(ROOT)
    ours.addHandler(handler)
    ours.setLevel((level or "info").upper())


def end_logs() -> None:
    """Log no more, and close the file."""
    ours = logging.getLogger(ROOT)
    for handler in [each for each in ours.handlers if each.name == _OURS]:
        ours.removeHandler(handler)
        handler.close()
        ours.setLevel(logging.NOTSET)


def _opened(file: Path) -> Any:
    """Return a file to add lines to; a new one is for its owner alone."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")
    except OSError as error:
        raise WrongUsageError(
            f"--log-file {file}: it cannot be written: {error.strerror}. Nothing was done. Name a "
            "file in a folder that exists."
        ) from error
