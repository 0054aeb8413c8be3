"""Clocks of a simulated organization: one that tests move, one that runs ahead of real time.

A clock is anything with ``now()`` (UTC-aware) and ``sleep(timedelta)``.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class Clock(Protocol):
    """The interface of a clock."""

    def now(self) -> datetime:
        """Return the moment, UTC-aware."""

    def sleep(self, duration: timedelta) -> None:
        """Return when ``duration`` of this clock's time has passed."""


class VirtualClock:
    """Time stands still until it is slept on or advanced; nothing really waits."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the moment, UTC-aware."""
        return self._now

    def sleep(self, duration: timedelta) -> None:
        """Jump ahead by ``duration``; a negative one counts as zero."""
        self.advance(max(duration, timedelta()))

    def advance(self, duration: timedelta) -> None:
        """Jump ahead by ``duration``.

        Raises:
            ValueError: ``duration`` is negative.
        """
        if duration < timedelta():
            raise ValueError(f"time does not run backwards: {duration}")
        with self._lock:
            self._now += duration


class ScaledClock:
    """Runs ``speed`` times as fast as real time, beginning at ``start`` (default: now)."""

    def __init__(
        self,
        speed: float = 60,
        start: datetime | None = None,
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be positive: {speed}")
        self.speed = speed
        self._real = real
        self._origin = real()
        self._start = start if start is not None else datetime.now(UTC)

    def now(self) -> datetime:
        """Return the moment, UTC-aware."""
        return self._start + timedelta(seconds=(self._real() - self._origin) * self.speed)

    def sleep(self, duration: timedelta) -> None:
        """Really sleep for ``duration / speed``."""
        time.sleep(max(duration.total_seconds(), 0.0) / self.speed)


def session_time(clock: Clock) -> Callable[[], datetime]:
    """Return the time by which sessions end.

    A clock that runs ahead of real time would end an hour within seconds, while the tools that hold
    the session go by the machine's clock. A virtual clock is the only time that there is.
    """
    return (lambda: datetime.now(UTC)) if isinstance(clock, ScaledClock) else clock.now
