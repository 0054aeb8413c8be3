"""The journal in one SQLite file: standard library, and on disk before a call returns.

Not in WAL mode: that maps a file into memory, and where the file is cut short while it is mapped,
the process dies of SIGBUS instead of saying what is wrong.
"""

import json
import os
import secrets
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from orgrollout.journal.errors import (
    JournalConflictError,
    JournalCorruptError,
    JournalForeignError,
    JournalFullError,
    JournalReadOnlyError,
    JournalVersionError,
)
from orgrollout.journal.port import Document, Entry, Version, to_text
from orgrollout.journal.sqlite_errors import is_busy, translated_errors

SCHEMA_VERSION = 1
_APPLICATION = 0x6F72676A  # "orgj": tells a journal from any other SQLite file
_BATCH = 500
_FIRST = 2**48  # a version below it is drawn, so that no document gets one of a removed document
_SCHEMA = (
    "CREATE TABLE schema (version INTEGER NOT NULL)",
    "CREATE TABLE documents (key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL)",
    "CREATE TABLE entries (stream TEXT NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (stream, position))",
    f"PRAGMA application_id = {_APPLICATION}",
)


class SqliteJournal:
    """A journal in a file of this machine. Threads share it; processes open it each for itself.

    The file is readable by its owner only: states name accounts and what failed in them.
    """

    def __init__(self, path: Path, *, patience: timedelta = timedelta(seconds=10)) -> None:
        """Open the journal at ``path``, or begin one there.

        Raises:
            JournalReadOnlyError: The file or its folder cannot be written.
            JournalForeignError: The file is something else.
            JournalVersionError: A newer orgrollout wrote it.
            JournalBusyError: Another process held it for longer than ``patience``.
        """
        self.path = path
        self._lock = threading.RLock()
        self._patience = patience
        _make_private(path)
        with translated_errors(self.path):
            self._db = sqlite3.connect(
                path,
                timeout=patience.total_seconds(),
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            with translated_errors(self.path):
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def get(self, key: str) -> Document | None:
        """Return the document, or None where there is none."""
        with self._lock, translated_errors(self.path):
            row = self._db.execute(
                "SELECT version, value FROM documents WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        version = self._version(key, row[0])
        return Document(key=key, version=version, value=self._value(key, row[1]))

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        """Write the document if its version is ``expected``; None: if there is none yet.

        Raises:
            JournalConflictError: Another process wrote it. Nothing was written.
        """
        text = to_text(value)
        first = secrets.randbelow(_FIRST)
        with self._writing():
            if expected is None:
                changed = self._db.execute(
                    "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (key, first, text),
                )
            else:
                changed = self._db.execute(
                    "UPDATE documents SET version = version + 1, value = ?"
                    " WHERE key = ? AND CAST(version AS TEXT) = ?",
                    (text, key, expected),
                )
        if changed.rowcount != 1:
            raise JournalConflictError(key)
        return Version(str(first if expected is None else int(expected) + 1))

    def delete(self, key: str, *, expected: Version) -> None:
        """Remove the document if its version is ``expected``; one that is gone is fine.

        Raises:
            JournalConflictError: Another process wrote it. It was left alone.
        """
        with self._writing():
            changed = self._db.execute(
                "DELETE FROM documents WHERE key = ? AND CAST(version AS TEXT) = ?",
                (key, expected),
            )
        if changed.rowcount != 1 and self.get(key) is not None:
            raise JournalConflictError(key)

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """Return the keys of all documents that begin with ``prefix``, in order."""
        return tuple(self.versions(prefix))

    def versions(self, prefix: str = "") -> Mapping[str, Version]:
        """Return the versions of all documents that begin with ``prefix``, by their keys."""
        with self._lock, translated_errors(self.path):
            rows = self._db.execute(
                "SELECT key, version FROM documents WHERE key >= ? AND key < ? ORDER BY key",
                (prefix, prefix + chr(sys.maxunicode)),
            ).fetchall()
        names = self._names((key,) for key, _ in rows)
        return dict(zip(names, (self._version(*row) for row in rows), strict=True))

    def append(self, stream: str, value: Any) -> int:
        """Add an entry to the end of a stream and return its position."""
        text = to_text(value)
        with self._writing():
            (last,) = self._db.execute(
                "SELECT coalesce(max(position), 0) FROM entries WHERE stream = ?", (stream,)
            ).fetchone()
            position = int(last) + 1
            self._db.execute("INSERT INTO entries VALUES (?, ?, ?)", (stream, position, text))
        return position

    def read(self, stream: str, *, after: int = 0) -> Iterator[Entry]:
        """Return the entries behind position ``after``, oldest first."""
        while True:
            with self._lock, translated_errors(self.path):
                rows = self._db.execute(
                    "SELECT position, value FROM entries WHERE stream = ? AND position > ?"
                    " ORDER BY position LIMIT ?",
                    (stream, after, _BATCH),
                ).fetchall()
            for position, text in rows:
                if not isinstance(position, int):
                    raise JournalCorruptError(self.path, f"{stream} has an entry without a number")
                yield Entry(position=position, value=self._value(stream, text))
            if len(rows) < _BATCH:
                return
            after = rows[-1][0]

    def streams(self, prefix: str = "") -> tuple[str, ...]:
        """Return the names of all streams that begin with ``prefix``, in order."""
        with self._lock, translated_errors(self.path):
            rows = self._db.execute(
                "SELECT DISTINCT stream FROM entries WHERE substr(stream, 1, ?) = ?"
                " ORDER BY stream",
                (len(prefix), prefix),
            ).fetchall()
        return self._names(rows)

    def drop(self, stream: str) -> None:
        """Remove a stream with all its entries."""
        with self._writing():
            self._db.execute("DELETE FROM entries WHERE stream = ?", (stream,))

    def shrink(self) -> int:
        """Give back the disk that what was removed took, and return how many bytes that are.

        Raises:
            JournalFullError: There is no room for the copy that this takes; nothing was changed.
            JournalBusyError: Another process uses the journal; nothing was changed.
        """
        before = self.path.stat().st_size
        if shutil.disk_usage(self.path.parent).free < before:
            raise JournalFullError(self.path)
        with self._lock, translated_errors(self.path):
            self._db.execute("VACUUM")
        return before - self.path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        self._check()  # before anything is changed: what is not ours stays as it is
        with suppress(PermissionError):  # another user's file, which we may use
            self.path.chmod(0o600)
        self._use_rollback_journal()
        self._db.execute("PRAGMA synchronous = FULL")
        if self._is_empty():
            self._begin_journal()

    def _begin_journal(self) -> None:
        with self._writing():
            if self._is_empty():  # still, and no other process can begin it now
                for statement in _SCHEMA:
                    self._db.execute(statement)
                self._db.execute("INSERT INTO schema VALUES (?)", (SCHEMA_VERSION,))

    def _check(self) -> None:
        if self._is_empty():
            return
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        if application != _APPLICATION:
            raise JournalForeignError(self.path, "it belongs to another program")
        row = self._db.execute("SELECT version FROM schema").fetchone()
        version = row[0] if row else None
        if not isinstance(version, int):
            raise JournalCorruptError(self.path, "the table schema does not tell its version")
        if version > SCHEMA_VERSION:
            said = f"schema {version}, and this one knows {SCHEMA_VERSION}"
            raise JournalVersionError(self.path, said)

    def _is_empty(self) -> bool:
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return not tables

    def _use_rollback_journal(self) -> None:
        # Leaving WAL, which earlier versions used, does not wait as other statements do.
        deadline = time.monotonic() + self._patience.total_seconds()
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = TRUNCATE")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Do the body in one transaction, which is on disk at the end, or not at all."""
        with self._lock, translated_errors(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # SQLite may have rolled back by itself, for want of space for one.
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def _names(self, rows: Iterable[tuple[Any]]) -> tuple[str, ...]:
        names = tuple(row[0] for row in rows)
        if not all(isinstance(name, str) for name in names):
            raise JournalCorruptError(self.path, "a name in it is no text")
        return names

    def _version(self, key: str, number: Any) -> Version:
        if not isinstance(number, int):
            raise JournalCorruptError(self.path, f"the version of {key} is no number")
        return Version(str(number))

    def _value(self, key: str, text: Any) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise JournalCorruptError(self.path, f"{key} is not JSON") from error


def _make_private(path: Path) -> None:
    """Create file and folder for the owner alone; SQLite gives its own files the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise JournalReadOnlyError(path, error.strerror or str(error)) from error
