"""What grows with the accounts of an organization, and how fast."""

import math

import pytest

from benchmarks.growth import COUNTS, allowed, counted, exponent, too_steep

SIZES = (100, 400)


@pytest.mark.slow
def test_calls_and_the_journal_grow_no_faster_than_n_log_n() -> None:
    found = [counted(n) for n in SIZES]
    for name in COUNTS:
        values = [each[name] for each in found]
        assert not too_steep(name, SIZES, values), (name, values)


def test_a_figure_that_grows_with_the_square_is_too_steep() -> None:
    assert exponent(SIZES, [n**2 for n in SIZES]) == pytest.approx(2)
    assert too_steep("calls of a plan", SIZES, [n**2 for n in SIZES])
    assert too_steep("memory", SIZES, [n**1.5 for n in SIZES])
    assert not too_steep("journal", SIZES, [n * math.log(n) for n in SIZES])
    assert 1 < allowed(SIZES) < 1.3
