"""A rate is halved when AWS throttles, and raised again slowly; shown against a hidden limit."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from benchmarks.rates import MOST_THROTTLED, SLOWEST, WIDE, measure
from orgrollout.aws.transport.adaptive_rate import AdaptiveRate
from orgrollout.aws.transport.rate_limits import Bounds, Rate, RateLimits
from tests.aws.wire import FakeClock


def rate(least: float = 0.25, most: float = 100) -> AdaptiveRate:
    return AdaptiveRate(per_second=8, least=least, most=most)


def times(count: int, do: Callable[[], object]) -> None:
    for _ in range(count):
        do()


def test_a_refusal_halves_the_rate() -> None:
    adapted = rate()
    adapted.refuse()
    assert adapted.per_second == 4


def test_a_rate_is_never_below_the_least_nor_above_the_most() -> None:
    adapted = rate(least=1, most=12)
    times(10, adapted.refuse)
    assert adapted.per_second == 1
    times(2_000, adapted.accept)
    assert adapted.per_second == 12


def test_ten_calls_after_a_refusal_it_is_a_tenth_below_what_was_refused() -> None:
    adapted = rate()
    adapted.refuse()
    times(9, adapted.accept)
    assert adapted.per_second == 4
    adapted.accept()
    assert adapted.per_second == pytest.approx(7.2)


def test_then_it_is_raised_by_a_tenth_in_two_hundred_calls() -> None:
    adapted = rate()
    adapted.refuse()
    times(210, adapted.accept)
    assert adapted.per_second == pytest.approx(8)


def test_a_limit_that_is_gone_is_found_out_by_doubling() -> None:
    adapted = rate()
    adapted.refuse()
    times(500, adapted.accept)
    assert adapted.per_second == 100


def test_without_bounds_no_api_is_called_more_often_than_from_the_start() -> None:
    """Others who work in the account need room, too."""
    adapted = Bounds().adaptive(2)
    times(1_000, adapted.accept)
    assert adapted.per_second == 2


def test_calls_under_way_when_the_rate_is_halved_do_not_halve_it_again() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(8, 8)})
    times(8, lambda: limits.wait("service", "ListX", clock))
    times(5, lambda: limits.refused("service", "ListX", clock))
    before = clock.now()
    times(5, lambda: limits.wait("service", "ListX", clock))
    assert (clock.now() - before) == timedelta(seconds=5 / 4)


def test_one_api_that_is_throttled_slows_down_no_other() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(8, 1)})
    limits.refused("service", "ListX", clock)
    times(9, lambda: limits.wait("service", "ListY", clock))
    assert sum(clock.slept, timedelta()) == timedelta(seconds=1)


@pytest.mark.parametrize(("least", "most"), [(0, 1), (-1, None), (3, 2)])
def test_bounds_that_let_nothing_through_are_refused(least: float, most: float | None) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Bounds(least=least, most=most)


@pytest.mark.parametrize("limit", [1, 5])
def test_the_rate_comes_close_to_a_hidden_limit_and_little_is_throttled(limit: float) -> None:
    time, throttled = measure(limit, WIDE, calls=600)
    assert time <= SLOWEST
    assert throttled <= MOST_THROTTLED
