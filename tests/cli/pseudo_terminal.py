"""The program on a pseudo-terminal: its output, and the input of a person."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PROGRAM = (sys.executable, "-W", "error", "-m", "orgrollout")


@contextmanager
def begun(command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """Begin a program; it is ended after the test in every case."""
    with subprocess.Popen(command, text=True, **options) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


@dataclass
class Terminal:
    """One command on a pseudo-terminal of 160 columns."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    seen: str = ""

    def __post_init__(self) -> None:
        self._own, theirs = pty.openpty()
        self.process = subprocess.Popen(  # noqa: S603
            [*PROGRAM, *self.arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", **self.environment},
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._own, f"{text}\n".encode())

    def until(self, is_there: Callable[[str], bool], limit: float = 90) -> str:
        """Return the output so far once ``is_there``, or once the command has ended."""
        deadline = time.monotonic() + limit
        while not is_there(self.seen) and self._read(0.1):
            assert time.monotonic() < deadline, f"not seen in {limit} s: {self.seen[-2000:]}"
        return self.seen

    def end(self) -> int:
        """Return the exit code, after everything was seen."""
        self.until(lambda _: False)
        os.close(self._own)
        return self.process.wait(timeout=60)

    def _read(self, timeout: float) -> bool:
        ready, _, _ = select.select([self._own], [], [], timeout)
        if not ready:
            return True
        try:
            more = os.read(self._own, 65536)
        except OSError:  # Linux: the other end was closed
            return False
        self.seen += more.decode(errors="replace")
        return bool(more)
