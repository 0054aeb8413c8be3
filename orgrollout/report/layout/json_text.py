"""JSON as `json.dumps(indent=2)` writes it, piece by piece: long lists are never held as text."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

_AT_A_TIME = 500  # entries of a list that are made into one piece
_UNSEEN = re.compile(r"[^\x20-\x7e\n]")  # perhaps: other alphabets are seen
_DELETE = "\x7f"  # of what ASCII has and does not print, JSON escapes all but this
_FLAT = json.JSONEncoder(ensure_ascii=False, separators=(",\n      ", ": "))
_BETWEEN = "},\n      {"  # no line breaks inside a string of JSON, so this is no part of one


class Rows:
    """A long list of a document, made while it is written, and again for each look.

    Its entries are flat: one that is empty, or holds lists or mappings, would be set otherwise.
    """

    def __init__(self, make: Callable[[], Iterator[dict[str, Any]]]) -> None:
        """``make`` yields the entries."""
        self._make = make

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the entries."""
        return self._make()


def json_pieces(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a document in pieces of a size. A person can look at it: what is not seen is escaped.

    Values of the document may be ``Rows``.
    """
    return map(_visible, _pieces(document))


def _pieces(document: Mapping[str, Any]) -> Iterator[str]:
    before = "{\n  "
    for key, value in document.items():
        yield f"{before}{json.dumps(key, ensure_ascii=False)}: "
        yield from _list(value) if isinstance(value, Rows) else (_shifted(value, "  "),)
        before = ",\n  "
    yield "\n}" if document else "{}"


def _list(rows: Rows) -> Iterator[str]:
    left = iter(rows)
    before = "["
    while some := list(islice(left, _AT_A_TIME)):
        yield f"{before}\n    {{\n      {_entries(some)}\n    }}"
        before = ","
    yield "[]" if before == "[" else "\n  ]"


def _entries(some: list[dict[str, Any]]) -> str:
    # Python's encoder that indents is not the fast one. With this separator the fast one writes
    # the lines of an entry as they are to be; only those between two entries are set apart here.
    return _FLAT.encode(some)[2:-2].replace(_BETWEEN, "\n    },\n    {\n      ")


def _shifted(value: Any, margin: str) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text.replace("\n", f"\n{margin}")  # a line never breaks inside a string of JSON


def _visible(text: str) -> str:
    if text.isascii() and _DELETE not in text:
        return text
    return _UNSEEN.sub(lambda c: c[0] if c[0].isprintable() else json.dumps(c[0])[1:-1], text)
