"""All that a journal keeps, as one JSON document: to look at, to hand on, to put away."""

import json
from collections.abc import Iterable, Iterator
from functools import partial

from orgrollout.journal.port import Document, Journal

FORMAT_VERSION = 1
_text = json.JSONEncoder(ensure_ascii=False).encode


def export_journal(journal: Journal) -> Iterator[str]:
    """Yield every document by its key, and the entries of every stream, oldest first, as JSON.

    A line holds a document, or an entry, as it was when it was read; a rollout that goes on
    meanwhile may be ahead of its history. At no time is more than one document in memory.
    """
    yield f'{{\n "format_version": {FORMAT_VERSION},\n "documents": {{'
    found = filter(None, map(journal.get, journal.keys("")))
    yield from _separated("  ", map(_member, found))
    yield '\n },\n "streams": {'
    yield from _separated("  ", map(partial(_stream, journal), journal.streams()))
    yield "\n }\n}\n"


def _member(document: Document) -> str:
    return f"{_text(document.key)}: {_text(document.value)}"


def _stream(journal: Journal, name: str) -> str:
    entries = (_text(entry.value) for entry in journal.read(name))
    return f"{_text(name)}: [{''.join(_separated('   ', entries))}\n  ]"


def _separated(margin: str, entries: Iterable[str]) -> Iterator[str]:
    """Yield entries, each on a line of its own, with commas between them."""
    before = f"\n{margin}"
    for entry in entries:
        yield f"{before}{entry}"
        before = f",\n{margin}"
