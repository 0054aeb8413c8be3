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


def test_the_rate_is_a_tenth_below_the_refused_one_ten_calls_after_a_refusal() -> None:
    adapted = rate()
    adapted.refuse()
    times(9, adapted.accept)
    assert adapted.per_second == 4
    adapted.accept()
    assert adapted.per_second == pytest.approx(7.2)


def test_the_rate_is_then_raised_by_a_tenth_in_two_hundred_calls() -> None:
    adapted = rate()
    adapted.refuse()
    times(210, adapted.accept)
    assert adapted.per_second == pytest.approx(8)


def test_the_rate_is_doubled_once_a_limit_is_gone() -> None:
    adapted = rate()
    adapted.refuse()
    times(500, adapted.accept)
    assert adapted.per_second == 100


def test_the_rate_without_bounds_never_exceeds_the_initial_one() -> None:
    """Others who work in the account need room, too."""
    adapted = Bounds().adaptive(2)
    times(1_000, adapted.accept)
    assert adapted.per_second == 2


def test_calls_under_way_at_a_halving_do_not_halve_the_rate_again() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(8, 8)})
    times(8, lambda: limits.wait("service", "ListX", clock))
    times(5, lambda: limits.refused("service", "ListX", clock))
    before = clock.now()
    times(5, lambda: limits.wait("service", "ListX", clock))
    assert (clock.now() - before) == timedelta(seconds=5 / 4)


def test_a_throttled_api_does_not_slow_down_others() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(8, 1)})
    limits.refused("service", "ListX", clock)
    times(9, lambda: limits.wait("service", "ListY", clock))
    assert sum(clock.slept, timedelta()) == timedelta(seconds=1)


@pytest.mark.parametrize(("least", "most"), [(0, 1), (-1, None), (3, 2)])
def test_bounds_that_allow_no_call_are_refused(least: float, most: float | None) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Bounds(least=least, most=most)


class HiddenLimit:
    """A service that takes so many calls a second, and a second's worth at once."""

    def __init__(self, per_second: float, clock: FakeClock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left = self._most = max(per_second, 1.0)
        self._looked = clock.now()

    def takes(self) -> bool:
        """Return whether a call is answered, and not throttled."""
        now = self._clock.now()
        self._left += (now - self._looked).total_seconds() * self._per_second
        self._left, self._looked = min(self._left, self._most), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@pytest.mark.parametrize("limit", [1, 2, 5, 20])
def test_the_rule_alone_is_within_a_fifth_of_the_best_under_any_limit(limit: float) -> None:
    """2,000 calls, each repeated a second later where it is throttled."""
    clock, began, refused = FakeClock(), FakeClock().now(), 0
    hidden = HiddenLimit(limit, clock)
    limits = RateLimits({"service": Rate(2, 2)}, bounds={"service": WIDE})
    for _ in range(2_000):
        while True:
            waited = limits.wait("service", "ListX", clock)
            if hidden.takes():
                break
            refused += 1
            limits.refused("service", "ListX", clock)
            clock.sleep(timedelta(seconds=1))
        if waited:
            limits.accepted("service", "ListX", clock)
    spent = (clock.now() - began).total_seconds()
    assert spent <= SLOWEST * 2_000 / limit
    assert refused <= MOST_THROTTLED * (2_000 + refused)


@pytest.mark.parametrize("limit", [1, 5])
def test_the_rate_approaches_a_hidden_limit_with_little_throttling(limit: float) -> None:
    time, throttled = measure(limit, WIDE, calls=600)
    assert time <= SLOWEST
    assert throttled <= MOST_THROTTLED
