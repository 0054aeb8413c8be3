"""What a journal is: documents that survive, changed only by the process that read them last.

Two kinds of things are kept. A *document* has a key and a version, and is replaced as a whole, if
its version is still the one that was read. A *stream* is appended to and never changed. Values are
whatever JSON holds. Nothing here knows what a rollout is.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NewType, Protocol

from orgrollout.journal.conflicts import unless_overtaken
from orgrollout.journal.errors import JournalCorruptError
from orgrollout.model.ids import Digest, digest_of

Version = NewType("Version", str)  # opaque; equal versions mean an equal document


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it was read."""

    key: str
    version: Version
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a stream."""

    position: int  # from 1, without gaps
    value: Any


class Journal(Protocol):
    """Keeps documents and streams. What a method returned from is on disk.

    Threads and processes may use one journal at the same time. Every method may raise
    ``JournalError``, and, where the journal is in AWS, ``AwsError``.
    """

    def get(self, key: str) -> Document | None:
        """Return the document, or None where there is none."""
        ...

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        """Write the document if its version is ``expected``; None: if there is none yet.

        Raises:
            JournalConflictError: Another process wrote it. Nothing was written.
        """
        ...

    def delete(self, key: str, *, expected: Version) -> None:
        """Remove the document if its version is ``expected``; one that is gone is fine.

        Raises:
            JournalConflictError: Another process wrote it. It was left alone.
        """
        ...

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """Return the keys of all documents that begin with ``prefix``, in order."""
        ...

    def versions(self, prefix: str = "") -> Mapping[str, Version]:
        """Return the versions of all documents that begin with ``prefix``, by their keys, in order.

        No document is read: it takes one request per thousand of them.
        """
        ...

    def append(self, stream: str, value: Any) -> int:
        """Add an entry to the end of a stream and return its position."""
        ...

    def read(self, stream: str, *, after: int = 0) -> Iterator[Entry]:
        """Return the entries behind position ``after``, oldest first."""
        ...

    def streams(self, prefix: str = "") -> tuple[str, ...]:
        """Return the names of all streams that begin with ``prefix``, in order."""
        ...

    def drop(self, stream: str) -> None:
        """Remove a stream with all its entries."""
        ...

    def close(self) -> None:
        """Release whatever is held open."""
        ...


def to_text(value: Any) -> str:
    """Return a value as JSON.

    Raises:
        TypeError, ValueError: JSON does not hold it.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def put_artifact(journal: Journal, content: str) -> Digest:
    """Keep a text under its own digest, once, and return the digest.

    Templates and plans are large and many states refer to them, so states carry the digest only.
    """
    digest = digest_of(content)
    key = _artifact(digest)
    if unless_overtaken(lambda: journal.put(key, content, expected=None)) is None:
        get_artifact(journal, digest)  # there already: see that it is sound
    return digest


def get_artifact(journal: Journal, digest: Digest) -> str:
    """Return the text kept under ``digest``.

    Raises:
        JournalCorruptError: It is missing, or no longer what it was.
    """
    found = journal.get(_artifact(digest))
    if found is None:
        raise JournalCorruptError(_artifact(digest), "it is missing")
    content = found.value
    if not isinstance(content, str) or digest_of(content) != digest:
        raise JournalCorruptError(_artifact(digest), "it is not what its digest says")
    return content


def drop_artifact(journal: Journal, digest: Digest) -> str | None:
    """Remove the text kept under ``digest`` and return it; None where there is none."""
    found = journal.get(_artifact(digest))
    if found is None:
        return None
    journal.delete(found.key, expected=found.version)
    return str(found.value)


def _artifact(digest: Digest) -> str:
    return f"artifacts/{digest}"
