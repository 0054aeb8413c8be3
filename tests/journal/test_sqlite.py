"""What only the file on this machine can promise, and how it fails."""

import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from orgrollout.journal.errors import (
    JournalBusyError,
    JournalCorruptError,
    JournalDiskError,
    JournalError,
    JournalForeignError,
    JournalFullError,
    JournalGoneError,
    JournalReadOnlyError,
    JournalVersionError,
)
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.journal.sqlite_file import SCHEMA_VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


def test_only_the_owner_may_read_it(path: Path) -> None:
    """States name accounts and the reasons of failures."""
    with SqliteJournal(path) as journal:
        journal.put("k", 1, expected=None)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_journal_that_others_may_read_is_closed_to_them(path: Path) -> None:
    SqliteJournal(path).close()
    path.chmod(0o644)

    SqliteJournal(path).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_commit_is_on_disk_when_put_returns(path: Path) -> None:
    with SqliteJournal(path) as journal:
        settings = [
            journal._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["truncate", 2]  # 2: FULL


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE schema SET version = ?", (SCHEMA_VERSION + 1,))
    before = path.read_bytes()

    with pytest.raises(JournalVersionError, match=r"newer orgrollout.*Upgrade"):
        SqliteJournal(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    path.chmod(0o644)
    before = path.read_bytes()

    with pytest.raises(JournalForeignError, match="belongs to another program"):
        SqliteJournal(path)
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("version: 1\n" * 200)

    with pytest.raises(JournalForeignError, match="is not a journal"):
        SqliteJournal(path)
    assert path.read_text() == "version: 1\n" * 200


def test_what_is_no_file_is_refused_by_kind_and_keeps_its_mode(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o644)
    mode = path.stat().st_mode
    with pytest.raises(JournalForeignError, match=r"it is a pipe\. It was left alone"):
        SqliteJournal(path)
    assert path.stat().st_mode == mode

    with pytest.raises(JournalForeignError, match="it is a folder"):
        SqliteJournal(path.parent)

    device = path.with_name("device.sqlite")
    device.symlink_to(os.devnull)
    mode = device.stat().st_mode
    with pytest.raises(JournalForeignError, match="it is a device"):
        SqliteJournal(device)
    assert device.stat().st_mode == mode


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalReadOnlyError, match=r"file/journal.sqlite.*--journal"):
        SqliteJournal(tmp_path / "file" / "journal.sqlite")


def test_a_file_that_turned_read_only_is_told_apart(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.put("k", 1, expected=None)
        journal._db.execute("PRAGMA query_only = ON")
        with pytest.raises(JournalReadOnlyError, match="Nothing was written"):
            journal.put("l", 1, expected=None)
        assert journal.get("k") is not None


def test_a_limit_on_files_writes_nothing_and_the_journal_goes_on(path: Path) -> None:
    with SqliteJournal(path) as journal:
        version = journal.put("k", "small", expected=None)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        try:
            with pytest.raises(JournalDiskError, match=r"Nothing was written.*resume"):
                journal.put("k", "x", expected=version)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

        found = journal.get("k")
        assert found is not None
        assert (found.value, found.version) == ("small", version)
        journal.put("k", "x", expected=version)


def test_a_full_disk_writes_nothing_and_the_journal_goes_on(path: Path) -> None:
    with SqliteJournal(path) as journal:
        version = journal.put("k", "small", expected=None)
        (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
        journal._db.execute(f"PRAGMA max_page_count = {pages + 1}")

        with pytest.raises(JournalFullError, match="disk is full"):
            journal.put("k", "x" * 100_000, expected=version)

        found = journal.get("k")
        assert found is not None
        assert (found.value, found.version) == ("small", version)
        journal._db.execute("PRAGMA max_page_count = 1000000")
        journal.put("k", "x" * 100_000, expected=version)


def test_a_journal_that_another_holds_is_busy(path: Path) -> None:
    with SqliteJournal(path) as holder, SqliteJournal(path, patience=timedelta()) as other:
        holder._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalBusyError, match="locked by another process"):
            other.put("k", 1, expected=None)
        assert other.get("k") is None
        holder._db.execute("ROLLBACK")
        other.put("k", 1, expected=None)


def test_a_file_that_is_cut_short_in_the_middle_does_not_kill_the_process(path: Path) -> None:
    """In WAL mode a file is mapped into memory: touching what is gone is SIGBUS, not an error."""
    program = f"""
import os, sys
from pathlib import Path
from orgrollout.journal.errors import JournalError
from orgrollout.journal.sqlite import SqliteJournal
path = Path({str(path)!r})
journal = SqliteJournal(path)
for n in range(300):
    journal.put(f"k{{n}}", "x" * 3000, expected=None)
for file in path.parent.iterdir():
    os.truncate(file, 0)
for n in range(300):
    try:
        journal.put(f"l{{n}}", 1, expected=None)
        journal.get(f"k{{n}}")
    except JournalError as error:
        print(type(error).__name__)
        sys.exit(7)
"""
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert (ran.returncode, ran.stderr) == (7, "")
    assert ran.stdout.startswith("Journal")


def test_an_earlier_versions_file_is_taken_over_with_all_it_has(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.put("k", 1, expected=None)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)

    with SqliteJournal(path) as journal:
        assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        found = journal.get("k")

    assert found is not None
    assert found.value == 1


def test_what_was_removed_gives_its_disk_back(path: Path) -> None:
    with SqliteJournal(path) as journal:
        versions = {f"k{n}": journal.put(f"k{n}", "x" * 9000, expected=None) for n in range(100)}
        before = path.stat().st_size
        for key, version in versions.items():
            journal.delete(key, expected=version)
        assert path.stat().st_size == before

        freed = journal.shrink()

        assert freed == before - path.stat().st_size
        assert path.stat().st_size < before / 10
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    SqliteJournal(path).close()


def test_without_room_for_a_copy_nothing_is_shrunk(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteJournal(path) as journal:
        journal.put("k", "x" * 9000, expected=None)
        usage = shutil.disk_usage(path.parent)._replace(free=10)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(JournalFullError):
            journal.shrink()
        assert journal.get("k") is not None


def test_damage_is_reported_as_damage(path: Path) -> None:
    with SqliteJournal(path) as journal:
        for n in range(50):
            journal.put(f"k{n}", "x" * 2000, expected=None)
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)

    with SqliteJournal(path) as journal, pytest.raises(JournalCorruptError, match="Move it aside"):
        journal.keys("k")


def test_a_document_that_is_no_json_is_reported_as_damage(path: Path) -> None:
    with SqliteJournal(path) as journal:
        journal.put("k", 1, expected=None)
        journal._db.execute("UPDATE documents SET value = '{'")
        with pytest.raises(JournalCorruptError, match="k is not JSON"):
            journal.get("k")


def test_any_other_failure_is_a_journal_error(path: Path) -> None:
    journal = SqliteJournal(path)
    journal.close()
    with pytest.raises(JournalError, match="closed database"):
        journal.get("k")


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_journal_that_is_deleted_while_it_is_open_is_told(path: Path, comes_back: bool) -> None:
    """What is written to a file without a name would be gone with the process."""
    with SqliteJournal(path) as journal:
        version = journal.put("k", 1, expected=None)
        shutil.rmtree(path.parent)
        if comes_back:
            SqliteJournal(path).close()
        with pytest.raises(JournalGoneError, match="deleted, moved or replaced"):
            journal.put("k", 2, expected=version)
    assert path.exists() is comes_back
