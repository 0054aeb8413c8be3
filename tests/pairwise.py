"""Combinations of what AWS leaves undocumented, for tests of what must hold whatever it does."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from orgrollout.sandbox import Note, Settings

UNDOCUMENTED = list(Settings.undocumented())


def pairwise(settings: Sequence[Note] = UNDOCUMENTED) -> Iterator[dict[str, Any]]:
    """Yield few combinations in which every two values of two settings meet."""
    missing = {
        ((one.name, a), (two.name, b))
        for one, two in combinations(settings, 2)
        for a in one.choices
        for b in two.choices
    }
    while missing:
        chosen: dict[str, Any] = dict(next(iter(sorted(missing, key=str))))
        for note in settings:
            if note.name not in chosen:
                chosen[note.name] = max(
                    note.choices,
                    key=lambda value, name=note.name: sum(  # type: ignore[misc]
                        (pair in missing)
                        for other in chosen.items()
                        for pair in (((name, value), other), (other, (name, value)))
                    ),
                )
        missing = {
            (one, two)
            for one, two in missing
            if chosen[one[0]] != one[1] or chosen[two[0]] != two[1]
        }
        yield chosen
