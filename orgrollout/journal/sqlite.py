"""The journal in one SQLite file: standard library, and on disk before a call returns."""

import json
import secrets
import shutil
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from orgrollout.journal.errors import (
    JournalConflictError,
    JournalCorruptError,
    JournalFullError,
)
from orgrollout.journal.port import Document, Entry, Version, to_text
from orgrollout.journal.sqlite_errors import translated_errors
from orgrollout.journal.sqlite_file import open_database, transaction

_BATCH = 500
_FIRST = 2**48  # a version below it is drawn, so that no document gets one of a removed document


class SqliteJournal:
    """A journal in a file of this machine. Threads share it; processes open it each for itself.

    The file is readable by its owner only: states name accounts and what failed in them.
    """

    def __init__(self, path: Path, *, patience: timedelta = timedelta(seconds=10)) -> None:
        """Open the journal at ``path``, or begin one there.

        Raises:
            JournalReadOnlyError: The file or its folder cannot be written.
            JournalForeignError: It is something else, or no file at all.
            JournalVersionError: A newer orgrollout wrote it.
            JournalBusyError: Another process held it for longer than ``patience``.
        """
        self.path = path
        self._lock = threading.RLock()
        self._db = open_database(path, patience)

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

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Do the body in one transaction, which is on disk at the end, or not at all."""
        with self._lock, translated_errors(self.path), transaction(self._db):
            yield

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
