"""The SQLite file that a journal is in: made, recognised, and opened.

Not in WAL mode: that maps a file into memory, and where the file is cut short while it is mapped,
the process dies of SIGBUS instead of saying what is wrong.
"""

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from orgrollout.journal.errors import (
    JournalCorruptError,
    JournalForeignError,
    JournalReadOnlyError,
    JournalVersionError,
)
from orgrollout.journal.sqlite_errors import is_busy, translated_errors

SCHEMA_VERSION = 1
_APPLICATION = 0x6F72676A  # "orgj": tells a journal from any other SQLite file
_SCHEMA = (
    "CREATE TABLE schema (version INTEGER NOT NULL)",
    "CREATE TABLE documents (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL)",
    "CREATE TABLE entries (stream TEXT NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (stream, position))",
    f"PRAGMA application_id = {_APPLICATION}",
)


def open_database(path: Path, patience: timedelta) -> sqlite3.Connection:
    """Return the journal at ``path``, or begin one there. Only its owner can read the file.

    Raises:
        JournalReadOnlyError: The file or its folder cannot be written.
        JournalForeignError: It is something else, or no file at all. It was left alone.
        JournalVersionError: A newer orgrollout wrote it.
        JournalBusyError: Another process held it for longer than ``patience``.
    """
    _make_private(path)
    with translated_errors(path):
        db = sqlite3.connect(
            path, timeout=patience.total_seconds(), isolation_level=None, check_same_thread=False
        )
    try:
        with translated_errors(path):
            _prepare(db, path, patience)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Do the body in one transaction, which is on disk at the end, or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, for want of space for one.
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _make_private(path: Path) -> None:
    """Create file and folder for the owner alone; SQLite gives its own files the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            _refuse_other_than_file(path)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise JournalReadOnlyError(path, error.strerror or str(error)) from error


def _refuse_other_than_file(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    raise JournalForeignError(path, f"it is {kinds.get(stat.S_IFMT(mode), 'a device')}")


def _prepare(db: sqlite3.Connection, path: Path, patience: timedelta) -> None:
    _check(db, path)  # before anything is changed: what is not ours stays as it is
    with suppress(PermissionError):  # another user's file, which we may use
        path.chmod(0o600)
    _use_rollback_journal(db, patience)
    db.execute("PRAGMA synchronous = FULL")
    if _is_empty(db):
        _begin_journal(db)


def _begin_journal(db: sqlite3.Connection) -> None:
    with transaction(db):
        if _is_empty(db):  # still, and no other process can begin it now
            for statement in _SCHEMA:
                db.execute(statement)
            db.execute("INSERT INTO schema VALUES (?)", (SCHEMA_VERSION,))


def _check(db: sqlite3.Connection, path: Path) -> None:
    if _is_empty(db):
        return
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION:
        raise JournalForeignError(path, "it belongs to another program")
    row = db.execute("SELECT version FROM schema").fetchone()
    version = row[0] if row else None
    if not isinstance(version, int):
        raise JournalCorruptError(path, "the table schema does not tell its version")
    if version > SCHEMA_VERSION:
        said = f"schema {version}, and this one knows {SCHEMA_VERSION}"
        raise JournalVersionError(path, said)


def _is_empty(db: sqlite3.Connection) -> bool:
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables


def _use_rollback_journal(db: sqlite3.Connection, patience: timedelta) -> None:
    # Leaving WAL, which earlier versions used, does not wait as other statements do.
    deadline = time.monotonic() + patience.total_seconds()
    while True:
        try:
            db.execute("PRAGMA journal_mode = TRUNCATE")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
