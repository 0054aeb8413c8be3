"""Python's collector, told that a large organization is no garbage, and no schemas of cfn-lint."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 500_000  # between two looks for cycles; by default it is 700


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let the collector look for cycles rarely, since pairs and accounts are in none.

    Each look goes through all that was made: with 170,000 pairs more than half of the time, with
    the rules and schemas of cfn-lint an eighth.
    """
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
