"""A sample of many alike cases is quick; `make test-all` runs the others."""

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int = 4) -> list[Any]:
    """Return the cases as parameters, the first and then each ``every``-th of them not slow."""
    return [
        case if n % every == 0 else pytest.param(*_values(case), marks=pytest.mark.slow)
        for n, case in enumerate(cases)
    ]


def _values(case: Any) -> Iterable[Any]:
    return case if isinstance(case, list | tuple) else (case,)
