"""One rate per API for the whole process: AWS throttles accounts, not connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from orgrollout.aws.transport.connection import connect
from orgrollout.aws.transport.rate_limits import OF_THIS_PROCESS, Rate, RateLimits
from tests.aws.wire import FakeClock


def spent(limits: RateLimits, clock: FakeClock, calls: int, operation: str = "ListX") -> float:
    before = clock.now()
    for _ in range(calls):
        limits.wait("service", operation, clock)
    return (clock.now() - before).total_seconds()


@pytest.mark.parametrize(("rate", "seconds"), [(Rate(2, 2), 4), (Rate(5, 8), 0.4), (Rate(1, 1), 9)])
def test_calls_beyond_the_burst_are_sent_at_the_rate(rate: Rate, seconds: float) -> None:
    clock = FakeClock()
    assert spent(RateLimits({"service": rate}), clock, 10) == pytest.approx(seconds)


def test_a_pause_allows_one_burst_only() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(2, 4)})
    spent(limits, clock, 20)
    clock.time += timedelta(hours=1)
    assert spent(limits, clock, 4) == 0
    assert spent(limits, clock, 1) == pytest.approx(0.5)


def test_each_api_has_a_rate_of_its_own() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(1, 1), "service:Fast": Rate(10, 1)})
    assert spent(limits, clock, 1, "A") == spent(limits, clock, 1, "B") == 0
    assert spent(limits, clock, 11, "Fast") == pytest.approx(1)


def test_threads_share_the_rate() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(2, 2)})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: limits.wait("service", "ListX", clock), range(22)))
    # Each sleeper moves the shared clock, so together they sleep no longer than the rate asks.
    assert 0 < sum(clock.slept, timedelta()).total_seconds() <= 110
    assert spent(limits, clock, 1) <= 0.5


def test_a_clock_that_is_set_back_does_not_stop_the_calls() -> None:
    clock, limits = FakeClock(), RateLimits({"service": Rate(2, 2)})
    spent(limits, clock, 10)
    clock.time -= timedelta(days=1)
    assert spent(limits, clock, 2) <= 1


def test_speed_multiplies_every_rate() -> None:
    clock = FakeClock()
    assert spent(RateLimits({"service": Rate(2, 2)}, speed=60), clock, 122) == pytest.approx(
        1, rel=1e-3
    )


def test_a_rate_that_allows_no_call_is_refused() -> None:
    with pytest.raises(ValueError, match="lets calls through"):
        Rate(0, 1)


def test_stack_set_calls_are_sent_twice_a_second_at_most() -> None:
    """The only number AWS ever gave; 2 calls a second leave no room for other callers."""
    clock, limits = FakeClock(), RateLimits()
    for _ in range(11):
        limits.wait("cloudformation", "DescribeStackSetOperation", clock)
    assert (clock.now() - FakeClock().now()).total_seconds() == pytest.approx(4.5)


@pytest.mark.parametrize(
    "operation", ["DescribeStackSet", "ListStackInstances", "DescribeStackInstance"]
)
def test_a_read_of_a_dozen_stack_sets_does_not_wait_and_a_long_listing_does(
    operation: str,
) -> None:
    clock, limits = FakeClock(), RateLimits()
    for _ in range(12):
        limits.wait("cloudformation", operation, clock)
    assert clock.now() == FakeClock().now()
    for _ in range(10):
        limits.wait("cloudformation", operation, clock)
    assert (clock.now() - FakeClock().now()).total_seconds() == pytest.approx(5)


def test_connections_of_one_process_share_their_rates_on_the_machines_clock() -> None:
    assert connect()._caller._limits is connect()._caller._limits is OF_THIS_PROCESS
    assert connect(clock=FakeClock())._caller._limits is not OF_THIS_PROCESS
