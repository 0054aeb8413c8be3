"""Things that will happen: a queue of moments, carried out when the clock has passed them."""

import heapq
from collections.abc import Callable
from datetime import datetime

from orgrollout.sandbox.clock import Clock


class Timeline:
    """Carries out what is due, in order of time; equal moments in order of entry."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """Return the moment of what is being carried out, or else the clock's."""
        return self._moment if self._moment is not None else self._clock.now()

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Carry out ``action`` once the clock has reached ``moment``."""
        self._count += 1
        heapq.heappush(self._queue, (moment, self._count, action))

    def settle(self) -> None:
        """Carry out everything that is due by now."""
        if self._moment is not None:
            return
        until = self._clock.now()
        try:
            while self._queue and self._queue[0][0] <= until:
                self._moment, _, action = heapq.heappop(self._queue)
                action()
        finally:
            self._moment = None

    @property
    def next_moment(self) -> datetime | None:
        """When something happens next; None if nothing is planned."""
        return self._queue[0][0] if self._queue else None
