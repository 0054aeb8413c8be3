"""Few settings of the sandbox that cover every pair of values AWS leaves undocumented."""

from itertools import combinations
from typing import Any

from orgrollout.sandbox import Settings

Row = dict[str, Any]


def pairwise() -> list[Row]:
    """Return rows in which any two settings take any two of their values together."""
    choices = {note.name: note.choices for note in Settings.undocumented()}
    open_pairs = {
        ((one, a), (two, b))
        for one, two in combinations(choices, 2)
        for a in choices[one]
        for b in choices[two]
    }
    rows: list[Row] = []
    while open_pairs:
        row: Row = {}
        first = min(open_pairs, key=repr)
        row.update(dict(first))
        for name, values in choices.items():
            if name not in row:
                row[name] = max(values, key=lambda value: _covers(open_pairs, row, name, value))
        rows.append(row)
        open_pairs = {pair for pair in open_pairs if not all(row[n] == v for n, v in pair)}
    return rows


def _covers(open_pairs: set[Any], row: Row, name: str, value: object) -> int:
    tried = {**row, name: value}
    return sum(
        all(n in tried and tried[n] == v for n, v in pair) and any(n == name for n, _ in pair)
        for pair in open_pairs
    )
