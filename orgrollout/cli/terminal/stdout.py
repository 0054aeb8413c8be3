"""Standard output: a full disk is an error in words, and a closed pipe ends the program quietly."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, cast

from orgrollout.cli.errors import OutputError


class CheckedOutput:
    """An output stream whose failures are errors of ours.

    A pipe that was closed by its reader stays a BrokenPipeError, at which the program ends quietly.
    """

    def __init__(self, stream: IO[str]) -> None:
        """Write to ``stream``."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text and return its length.

        Raises:
            OutputError: The disk is full, for example.
        """
        with _in_words():
            return self._stream.write(text)

    def flush(self) -> None:
        """Write what is still held back.

        Raises:
            OutputError: The disk is full, for example.
        """
        with _in_words():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        """Return anything else from the stream itself."""
        return getattr(self._stream, name)


@contextmanager
def checked_stdout() -> Iterator[None]:
    """Have failures of stdout told in words, until the context ends."""
    stdout = sys.stdout
    sys.stdout = cast("Any", CheckedOutput(stdout))
    try:
        try:
            yield
        except SystemExit:  # so typer ends a command; what it printed may still be held back
            sys.stdout.flush()
            raise
        sys.stdout.flush()
    finally:
        sys.stdout = stdout


def open_or_closed() -> bool:
    """Return whether there is a standard output. A closed standard error is replaced by nothing."""
    if cast("Any", sys.stderr) is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the end
    return cast("Any", sys.stdout) is not None


def drop_what_is_left() -> None:
    """Forget output that cannot be written: Python would complain about it at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"the output cannot be written: {error.strerror or error}. What follows was not "
            "shown. Make room, or send the output elsewhere, and repeat the command."
        ) from error
