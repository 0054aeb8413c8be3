"""Errors of SQLite as errors of a journal: what is wrong with the file, and what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orgrollout.journal.errors import (
    JournalBusyError,
    JournalCorruptError,
    JournalDiskError,
    JournalError,
    JournalForeignError,
    JournalFullError,
    JournalGoneError,
    JournalReadOnlyError,
)

_ERRORS: dict[int, type[JournalError]] = {
    sqlite3.SQLITE_BUSY: JournalBusyError,
    sqlite3.SQLITE_LOCKED: JournalBusyError,
    sqlite3.SQLITE_FULL: JournalFullError,
    sqlite3.SQLITE_IOERR: JournalDiskError,
    sqlite3.SQLITE_CORRUPT: JournalCorruptError,
    sqlite3.SQLITE_MISMATCH: JournalCorruptError,
    sqlite3.SQLITE_NOTADB: JournalForeignError,
    sqlite3.SQLITE_READONLY: JournalReadOnlyError,
    sqlite3.SQLITE_CANTOPEN: JournalReadOnlyError,
    sqlite3.SQLITE_PERM: JournalReadOnlyError,
}
# SQLITE_ERROR says no more than that: a table or a column that is not there, a text that is none.
_DAMAGE = ("no such table", "no such column", "has no column", "values were", "decode to UTF-8")


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Do the body, and raise what SQLite says as an error of the journal at ``path``.

    Raises:
        JournalError: One of its kinds, by SQLite's result code and words.
    """
    try:
        yield
    except sqlite3.Error as error:
        kind = _ERRORS.get(_primary(error), JournalError)
        if any(words in str(error) for words in _DAMAGE):
            kind = JournalCorruptError
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
            kind = JournalGoneError
        raise kind(path, str(error)) from error


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another process holds the file just now."""
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _primary(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code: the low byte of the extended one."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
