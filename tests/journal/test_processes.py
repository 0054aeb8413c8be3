"""Several processes on one journal, and one that dies in the middle of a write."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from orgrollout.journal.sqlite import SqliteJournal
from tests.paths import ROOT

RACE = """
import sys
from pathlib import Path
from orgrollout.journal.errors import JournalConflictError
from orgrollout.journal.sqlite import SqliteJournal

won = 0
with SqliteJournal(Path(sys.argv[1])) as journal:
    while won < 40:
        found = journal.get("counter")
        try:
            journal.put(
                "counter", (found.value if found else 0) + 1,
                expected=found.version if found else None,
            )
            won += 1
        except JournalConflictError:
            continue
"""

WRITE_FOR_EVER = """
import sys
from pathlib import Path
from orgrollout.journal.sqlite import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]))
version, n = None, 0
while True:
    n += 1
    version = journal.put("state", {"n": n, "padding": "x" * 5000}, expected=version)
    journal.append("events", n)
    print(n, flush=True)
"""


def _run(code: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_two_processes_that_begin_a_journal_together_lose_no_update(tmp_path: Path) -> None:
    """Two drivers of one rollout: each step is committed by exactly one of them."""
    path = tmp_path / "new" / "journal.sqlite"
    racers = [_run(RACE, path) for _ in range(2)]
    for racer in racers:
        racer.communicate(timeout=60)

    assert [racer.returncode for racer in racers] == [0, 0]
    with SqliteJournal(path) as journal:
        found = journal.get("counter")
    assert found is not None
    assert found.value == 80


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    """An operation whose intent was committed must be found by `resume`."""
    path = tmp_path / "journal.sqlite"
    for _ in range(3):
        path.unlink(missing_ok=True)
        for side in ("-wal", "-shm"):
            path.with_name(path.name + side).unlink(missing_ok=True)
        with _run(WRITE_FOR_EVER, path) as writer:
            assert writer.stdout is not None
            acknowledged = 0
            while acknowledged < 50:
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])

        with SqliteJournal(path) as journal:
            state = journal.get("state")
            events = [entry.value for entry in journal.read("events")]
            assert state is not None
            assert state.value["n"] >= acknowledged
            assert events[:acknowledged] == list(range(1, acknowledged + 1))
            journal.put("state", "goes on", expected=state.version)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
