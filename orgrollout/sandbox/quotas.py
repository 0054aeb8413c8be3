"""The documented formulas for the speed of an operation and for its end.

All numbers are accounts in one Region. Sources: StackSetOperationPreferences in the API
reference, and the user guide's page on the concurrency mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one operation in one Region."""

    maximum: int
    tolerance: int
    soft: bool

    def concurrency(self, failed: int) -> int:
        """Return how many stack instances may run after ``failed`` of them failed.

        Strict: never more than could fail without passing the tolerance by more than
        one, so 6, then 5 after one failure, 3 after three (tolerance 5, maximum 10).
        Soft: always the maximum, until the tolerance is exceeded.
        """
        if self.is_exceeded(failed):
            return 0
        return self.maximum if self.soft else min(self.maximum, self.tolerance + 1 - failed)

    def is_exceeded(self, failed: int) -> bool:
        """Return whether the operation fails."""
        return failed > self.tolerance


def limits_for(preferences: Mapping[str, Any], accounts: int) -> Limits:
    """Return the limits in a Region with ``accounts`` targets; percentages round down."""
    tolerance = preferences.get("FailureToleranceCount")
    if tolerance is None:
        tolerance = preferences.get("FailureTolerancePercentage", 0) * accounts // 100
    maximum = preferences.get("MaxConcurrentCount")
    if maximum is None:
        percentage = preferences.get("MaxConcurrentPercentage")
        maximum = 1 if percentage is None else max(1, percentage * accounts // 100)
    soft = preferences.get("ConcurrencyMode") == "SOFT_FAILURE_TOLERANCE"
    return Limits(maximum=maximum, tolerance=tolerance, soft=soft)
