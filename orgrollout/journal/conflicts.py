"""What happens when two processes write one document: the only place where that is decided.

A write names the version that was read. If another process wrote since, nothing is written. Then
there are three answers, and each caller takes one:

- Leave it (``unless_overtaken``): the other copy is as good. Caches, and what is removed as old.
- Read again and decide again (``until_written``): claims, orders, histories, whatever must not
  get lost. A process that keeps losing gives up after ``tries``, where the caller sets a limit.
- Let the error out: a lease, and the commit of a tick. The other process acts, so this one may not.
"""

from collections.abc import Callable
from typing import TypeVar

from orgrollout.journal.errors import JournalConflictError, JournalContendedError

T = TypeVar("T")


def unless_overtaken(write: Callable[[], T]) -> T | None:
    """Return the result of a write; None: another process wrote first, and nothing was written."""
    try:
        return write()
    except JournalConflictError:
        return None


def until_written(attempt: Callable[[], T], *, tries: int | None = None) -> T:
    """Return the result of an attempt that reads, decides and writes, once no other interferes.

    Raises:
        JournalContendedError: All ``tries`` were overtaken. Nothing was written.
    """
    made = 0
    while True:
        try:
            return attempt()
        except JournalConflictError as error:
            made += 1
            if made == tries:
                raise JournalContendedError(error.where) from error
