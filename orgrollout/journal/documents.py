"""One kind of document of the journal: where it is kept, how it is read, and how it changes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from orgrollout.journal.conflicts import unless_overtaken, until_written
from orgrollout.journal.errors import JournalVersionError
from orgrollout.journal.port import Document, Journal, Version
from orgrollout.journal.reading import as_mapping, reading

T = TypeVar("T")
Migration = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[T]):
    """A document as it was read, and the version that a write on top of it names."""

    value: T
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents(Generic[T]):
    """All documents of one kind. ``prefix`` is the whole key where there is only one of them."""

    prefix: str
    read: Callable[[Document], T]
    """Returns the value. What it raises for damage becomes a JournalDocumentError."""
    dump: Callable[[T], Any]

    def key(self, name: str = "") -> str:
        """Return the key of one document."""
        return f"{self.prefix}{name}"

    def get(self, journal: Journal, name: str = "") -> Kept[T] | None:
        """Return one document, or None where there is none.

        Raises:
            JournalDocumentError: It is damaged.
            JournalVersionError: A newer version wrote it.
        """
        document = journal.get(self.key(name))
        return None if document is None else self._kept(document)

    def all(self, journal: Journal) -> Iterator[tuple[str, Kept[T]]]:
        """Yield every document with its name, in the order of the names."""
        for name in self.names(journal):
            if (kept := self.get(journal, name)) is not None:  # or it was removed meanwhile
                yield name, kept

    def names(self, journal: Journal) -> tuple[str, ...]:
        """Return the names of all documents of this kind."""
        return tuple(key.removeprefix(self.prefix) for key in journal.keys(self.prefix))

    def versions(self, journal: Journal) -> Mapping[str, Version]:
        """Return the versions of all documents of this kind by their names; none is read."""
        found = journal.versions(self.prefix)
        return {key.removeprefix(self.prefix): version for key, version in found.items()}

    def put(self, journal: Journal, name: str, value: T, expected: Version | None) -> Version:
        """Write a document on top of the version that was read; None: there is none yet.

        Raises:
            JournalConflictError: Another process wrote it. Nothing was written.
        """
        return journal.put(self.key(name), self.dump(value), expected=expected)

    def offer(
        self, journal: Journal, name: str, value: T, expected: Version | None
    ) -> Version | None:
        """Write a document; None: another process wrote it first, and its copy stays."""
        return unless_overtaken(lambda: self.put(journal, name, value, expected))

    def remove(self, journal: Journal, name: str, expected: Version) -> bool:
        """Remove a document; False: another process has written it since, and it stays."""

        def delete() -> bool:
            journal.delete(self.key(name), expected=expected)
            return True

        return bool(unless_overtaken(delete))

    def change(
        self,
        journal: Journal,
        name: str,
        change: Callable[[T | None], T | None],
        *,
        tries: int | None = None,
    ) -> T | None:
        """Write what ``change`` makes of a document, on top of what other processes write.

        ``change`` is called again after a conflict, so it only computes. Where it returns an equal
        value, nothing is written; where it returns None, the document is removed.

        Raises:
            JournalContendedError: Other processes kept writing, ``tries`` times.
        """

        def attempt() -> T | None:
            kept = self.get(journal, name)
            before = kept.value if kept else None
            after = change(before)
            if after is not None and after != before:
                self.put(journal, name, after, kept.version if kept else None)
            elif after is None and kept is not None:
                journal.delete(self.key(name), expected=kept.version)
            return after

        return until_written(attempt, tries=tries)

    def _kept(self, document: Document) -> Kept[T]:
        with reading(document.key):
            return Kept(value=self.read(document), version=document.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """Which version of a kind of document this program writes, and how it reads older ones."""

    current: int
    key: str = "format_version"
    migrations: Mapping[int, Migration] = field(default_factory=dict)  # from a version to the next

    def bring_up_to_date(self, document: Document) -> Mapping[str, Any]:
        """Return the document as this program writes it.

        Raises:
            JournalVersionError: A newer version wrote it, or one that no migration leads from.
        """
        value = as_mapping(document.key, document.value)
        version = value.get(self.key)
        while version != self.current:
            migration = self.migrations.get(version) if type(version) is int else None
            if migration is None:
                raise JournalVersionError(document.key, "its format is not known here")
            value = migration(value)
            version = value[self.key]
        return value


def by_adapter(adapter: TypeAdapter[T], format_: Format | None = None) -> Callable[[Document], T]:
    """Return a reader for documents that pydantic can check."""

    def read(document: Document) -> T:
        if format_ is None:
            return adapter.validate_python(as_mapping(document.key, document.value))
        return adapter.validate_python(format_.bring_up_to_date(document))

    return read
