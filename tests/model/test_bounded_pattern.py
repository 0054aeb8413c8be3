"""A pattern of a manifest that would never end costs a second, once, and not the rollout."""

import time

import pytest

from orgrollout.model.bounded_pattern import BoundedPattern, PatternError, bounded
from orgrollout.model.operation import ResultStatus
from orgrollout.plan.model.plan import FailureRule
from orgrollout.rollout.failures.classify_failure import read
from orgrollout.rollout.state.failure_classes import FailureClass

REASON = f"Resource handler returned message: {'a' * 5_000}! (AccessDenied)"


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_may_never_end_is_told_from_others(pattern: str) -> None:
    assert BoundedPattern(pattern).is_slow()


@pytest.mark.parametrize(
    "pattern",
    [r"VPC quota .* warming up", r"(\w+\.)+amazonaws", r".*a.*b.*c.*d", r"(?i)x{2,9}", r"(?<=a)b"],
)
def test_a_pattern_that_ends_is_not_slow(pattern: str) -> None:
    """What is repeated twice may still end at once, as a host name is found."""
    assert not BoundedPattern(pattern).is_slow()


def test_a_pattern_of_a_megabyte_is_refused_before_it_is_read() -> None:
    """It took half a minute to compile."""
    before = time.process_time()
    with pytest.raises(PatternError, match="it has 1,000,002 characters, and 1,000 are the most"):
        BoundedPattern("(ab|b)*" * 142_857 + "abc")
    assert time.process_time() - before < 5


def test_a_saved_plan_with_such_a_pattern_still_ends() -> None:
    """It was written when such patterns were taken. Every failure is read on every tick."""
    rule = FailureRule(kind="transient", pattern="(a+)+$", advice="", attempts=None)
    before = time.monotonic()
    for _ in range(20):
        found = read(ResultStatus.FAILED, REASON, [rule])
        assert found.kind is not FailureClass.TRANSIENT, "AWS's words decide"
    assert time.monotonic() - before < 20, "not a second for each"


def test_upper_and_lower_case_are_the_same() -> None:
    assert bounded("accessdenied").is_in(REASON)
    assert not bounded("throttl").is_in(REASON)


@pytest.mark.parametrize("pattern", ["(", "a{2", "[", "(?P<x", "*"])
def test_what_is_no_pattern_is_told(pattern: str) -> None:
    if pattern == "a{2":  # literal, as in Python's own
        assert bounded(pattern).is_in("a{2")
        return
    with pytest.raises(PatternError):
        bounded(pattern)
