"""Copies of this process: one prepared state is tried in many ways, and stays as it is.

A copy is forked, so it has everything that is in memory: the simulated organization, clients, what
was imported. Files are not copied; a test that writes to some copies them first.
"""

import gc
import os
import pickle
import select
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

import pytest

T = TypeVar("T")
_PATIENCE = 300.0  # seconds of real time; on an idle machine all that is tried takes a few
_CHUNK = 1 << 16


def in_a_copy(what: Callable[[], T], *, name: str = "it", patience: float = _PATIENCE) -> T:
    """Return its result in a copy of this process, which stays unaffected.

    A copy that fails, or does not end in time, fails the test, which then tells its ``name``.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python warns of threads, which a copy lacks: pytest-xdist's own, which is not needed.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reading)
        _give(what, writing)
    os.close(writing)
    try:
        given = _read(reading, time.monotonic() + patience)
    finally:
        os.close(reading)
        if os.waitpid(child, os.WNOHANG) == (0, 0):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if not given:
        pytest.fail(f"{name} did not end within {patience:.0f} s, or died")
    went_well, value = pickle.loads(given)  # noqa: S301 - written by ourselves
    if not went_well:
        pytest.fail(f"{name}: {value}", pytrace=False)
    result: T = value
    return result


def failure_texts(tries: Iterable[Callable[[], object]]) -> list[str]:
    """Try everything, also after a failure, and return the texts of the failures."""
    failures: list[str] = []
    for attempt in tries:
        try:
            attempt()
        except pytest.fail.Exception as error:
            failures.append(str(error))
    return failures


def _give(what: Callable[[], Any], writing: int) -> NoReturn:
    """Write its result, and end this process, which is the copy."""
    gc.disable()  # it would copy all memory, and the process ends soon
    try:
        try:
            given = pickle.dumps((True, what()))
        except BaseException:  # noqa: BLE001 - also what ends a test, or a process
            given = pickle.dumps((False, traceback.format_exc()))
        with os.fdopen(writing, "wb") as out:
            out.write(given)
    finally:
        os._exit(0)


def _read(reading: int, until: float) -> bytes:
    """Return all that a copy writes; nothing, if it does not end in time."""
    chunks: list[bytes] = []
    while select.select([reading], [], [], max(until - time.monotonic(), 0))[0]:
        chunk = os.read(reading, _CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return b""
