from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orgrollout.sandbox import Clock, ScaledClock, VirtualClock, serve
from tests.cli.support import Program
from tests.stage import organization


@pytest.fixture
def program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    """The program, with an organization on a port whose time flies."""
    with _program(ScaledClock(3000), tmp_path, capsys) as made:
        yield made


@pytest.fixture
def patient(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    """The same, with time that passes only while a process waits."""
    with _program(VirtualClock(), tmp_path, capsys) as made:
        yield made


@contextmanager
def _program(clock: Clock, folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    with serve(organization(), clock=clock) as server:
        yield Program(server, folder, capsys)
