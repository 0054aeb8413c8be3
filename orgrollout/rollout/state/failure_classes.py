"""The classes of failures: which are tried again, how soon, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class FailureClass(StrEnum):
    """What kind of failure it is."""

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    POLICY = "blocked by policy"
    CONFIGURATION = "configuration"
    PERMANENT = "permanent"
    SKIPPED = "skipped"  # suspended: nothing was tried, and nothing counts as failed
    CANCELLED = "cancelled"  # never begun, because others failed or it was stopped
    BLOCKED = "blocked"  # what it depends on failed in the same account
    UNPROVEN = "unproven"  # reported as done, but not found that way afterwards
    REFUSED = "refused"  # a change set that would do more than it should; left for a person
    CAME_BACK = "came back"  # it was repaired, and the repair was undone

    @property
    def is_retried(self) -> bool:
        """Return whether trying again without changing anything may help."""
        return self in BACKOFFS

    @property
    def weighs(self) -> bool:
        """Return whether the account counts as failed: others may fail for the same reason."""
        return self not in {
            FailureClass.BLOCKED,
            FailureClass.CAME_BACK,
            FailureClass.REFUSED,
            FailureClass.SKIPPED,
        }

    @property
    def is_root_cause(self) -> bool:
        """Return whether it failed for a reason of its own."""
        return self not in {FailureClass.CANCELLED, FailureClass.BLOCKED, FailureClass.SKIPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long a class of failures is left alone before the next try; doubled after each."""

    first: timedelta
    longest: timedelta

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after so many tries."""
        doubled: int = 1 << min(max(attempts - 1, 0), 10)
        return min(self.first * doubled, self.longest)


BACKOFFS: Mapping[FailureClass, Backoff] = {
    # Others use the same API, so it takes longer than a passing fault.
    FailureClass.THROTTLED: Backoff(first=timedelta(seconds=30), longest=timedelta(minutes=15)),
    FailureClass.TRANSIENT: Backoff(first=timedelta(seconds=15), longest=timedelta(minutes=15)),
    # It did nothing wrong, and goes at once.
    FailureClass.CANCELLED: Backoff(first=timedelta(), longest=timedelta()),
}
# For what is tried again although its class is not: a role that was just made takes minutes.
SETTLING = Backoff(first=timedelta(minutes=2), longest=timedelta(minutes=15))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reason means."""

    kind: FailureClass
    advice: str = ""
    attempts: int | None = None  # instead of what the class has, the first one included

    def budget(self, attempts: int) -> int:
        """Return how often it is tried; ``attempts`` is what the plan gives to retried classes."""
        if self.attempts is not None:
            return self.attempts
        return attempts if self.kind.is_retried else 1

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after so many tries."""
        return BACKOFFS.get(self.kind, SETTLING).pause(attempts)
