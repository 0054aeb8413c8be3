"""JSON in pieces is the JSON that it would be as a whole, byte by byte."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgrollout.report.layout.json_text import Rows, json_pieces

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SIMPLE = st.none() | st.booleans() | st.integers() | TEXTS
NESTED = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXTS, SIMPLE, min_size=1, max_size=4), max_size=4)


def whole(document: dict[str, Any]) -> str:
    """Return what Python's own encoder makes of it, and what is not printed escaped."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)


def pieces(document: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    return "".join(json_pieces({**document, "rows": Rows(lambda: iter(rows)), "last": 1}))


@settings(max_examples=100, deadline=None)
@given(document=st.dictionaries(TEXTS, NESTED, max_size=4), rows=ROWS)
def test_pieces_are_the_whole_document(
    document: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    document = {key: value for key, value in document.items() if key not in {"rows", "last"}}

    assert pieces(document, rows) == whole({**document, "rows": rows, "last": 1})
    assert "".join(json_pieces(document)) == whole(document)


@pytest.mark.parametrize("row", [{}, {"a": [{"b": 1}, {"c": [2]}]}, {"}": "},\n      {"}])
def test_rows_that_are_not_flat_are_right_all_the_same(row: dict[str, Any]) -> None:
    rows = [row, {"number": 1}, row, row]

    assert json.loads(pieces({}, rows)) == {"rows": rows, "last": 1}


def test_more_rows_than_one_piece_holds_are_all_there() -> None:
    rows = [{"number": n, "name": "größe\x1b"} for n in range(1_234)]

    assert pieces({}, rows) == whole({"rows": rows, "last": 1})


def test_rows_are_made_as_they_are_written_and_not_before() -> None:
    made = []

    def rows() -> Iterator[dict[str, Any]]:
        for n in range(10_000):
            made.append(n)
            yield {"number": n}

    found = json_pieces({"first": 1, "rows": Rows(rows)})
    for _ in range(5):
        next(found)

    assert 0 < len(made) < 2_000


def test_a_document_that_fails_in_the_middle_is_no_json() -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from ({"number": n} for n in range(2_000))
        raise RuntimeError("the third piece")

    found: list[str] = []
    with pytest.raises(RuntimeError, match="the third piece"):
        found.extend(json_pieces({"rows": Rows(rows)}))
    with pytest.raises(ValueError, match="Expecting"):
        json.loads("".join(found))
