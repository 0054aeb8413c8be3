"""AWS's time: the clock of this machine, put right by the Date that each answer carries.

A wrong clock would end a soak early, or open a freeze. So whatever goes by the clock goes by AWS's,
where the two differ by more than a minute. The Date of one answer proves nothing (a proxy may have
kept it, or this machine slept between the answer and its reading): two have to agree.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from orgrollout.aws.transport.clock import Clock

TOLERATED = timedelta(minutes=1)
LATELY = timedelta(minutes=5)
NONE = timedelta()

Told = Callable[[timedelta], None]


class AwsClock:
    """Tells AWS's time. Safe to share between threads.

    ``told`` learns by how much the clock of this machine is ahead, as often as that changes by
    more than a minute.
    """

    def __init__(
        self,
        machine: Clock,
        told: Told | None = None,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine
        self._told = told
        self._steady = steady
        self._lock = threading.Lock()
        self._behind = NONE  # what is added to the clock of this machine
        self._doubt: timedelta | None = None  # what one answer said, and no other so far
        self._compared: tuple[datetime, float] | None = None  # by this machine's two clocks

    def now(self) -> datetime:
        """Return the present moment, UTC-aware."""
        return self._machine.now() + self._behind

    def sleep(self, duration: timedelta, /) -> None:
        """Return when ``duration`` has passed."""
        self._machine.sleep(duration)

    def is_sure(self) -> bool:
        """Return whether it was compared lately, and neither was set nor stood still since."""
        with self._lock:
            if self._compared is None or self._doubt is not None:
                return False
            wall, steady = self._compared
            passed = timedelta(seconds=self._steady() - steady)
            by_wall = self._machine.now() - wall
            return passed <= LATELY and abs(by_wall - passed) <= TOLERATED

    def heard(self, date: str, *, refused: bool = False) -> None:
        """Compare with the Date of an answer; ``refused``: AWS itself calls this clock wrong."""
        moment = _moment(date)
        if moment is None:
            return
        with self._lock:
            changed = self._compare(moment - self._machine.now(), refused=refused)
        if changed and self._told is not None:
            self._told(-self._behind)

    def _compare(self, behind: timedelta, *, refused: bool) -> bool:
        """Return whether another time is told from now on."""
        agrees = self._doubt is not None and abs(behind - self._doubt) <= TOLERATED
        differs = abs(behind - self._behind) > TOLERATED
        if differs and not (agrees or refused):
            self._doubt = behind
            return False
        self._doubt = None
        self._compared = (self._machine.now(), self._steady())
        if differs:
            self._behind = behind if abs(behind) > TOLERATED else NONE
        return differs


def _moment(date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
