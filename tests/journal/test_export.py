"""The export holds all that a journal keeps, and is no JSON where something cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgrollout.journal.errors import JournalCorruptError
from orgrollout.journal.export import export_journal
from orgrollout.journal.port import Document, Journal
from orgrollout.journal.sqlite import SqliteJournal

DOCUMENTS: dict[str, Any] = {
    "a": {"größe": [1, {"b": None}], "empty": {}},
    "b": 'text\n"quoted"',
    "c/d": [],
}
STREAMS: dict[str, Any] = {"history/one": [{"n": n} for n in range(3)], "history/two": ["x"]}


@pytest.fixture
def filled(journal: Journal) -> Journal:
    for key, value in DOCUMENTS.items():
        journal.put(key, value, expected=None)
    for stream, entries in STREAMS.items():
        for entry in entries:
            journal.append(stream, entry)
    return journal


def test_every_document_and_every_stream_is_exported(filled: Journal) -> None:
    text = "".join(export_journal(filled))

    assert json.loads(text) == {"format_version": 1, "documents": DOCUMENTS, "streams": STREAMS}
    assert text.endswith("}\n")


def test_an_empty_journal_is_exported(journal: Journal) -> None:
    found = json.loads("".join(export_journal(journal)))

    assert found == {"format_version": 1, "documents": {}, "streams": {}}


def test_a_document_is_read_when_its_turn_comes(filled: Journal) -> None:
    """A journal may be larger than memory; no two of its documents are held at a time."""
    read: list[str] = []

    class Noting:
        def __getattr__(self, name: str) -> Any:
            return getattr(filled, name)

        def get(self, key: str) -> Document | None:
            read.append(key)
            return filled.get(key)

    pieces: Any = export_journal(Noting())
    next(pieces)
    next(pieces)

    assert read == ["a"]


def test_an_export_that_meets_damage_is_no_json(tmp_path: Path) -> None:
    found: list[str] = []
    with SqliteJournal(tmp_path / "j.sqlite") as journal:
        for key, value in DOCUMENTS.items():
            journal.put(key, value, expected=None)
        journal._db.execute("UPDATE documents SET value = '{' WHERE key = 'b'")
        with pytest.raises(JournalCorruptError, match="b is not JSON"):
            found.extend(export_journal(journal))

    assert '"a"' in "".join(found)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads("".join(found))
