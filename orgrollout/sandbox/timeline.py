"""Things that will happen: a queue of moments, carried out when the clock has passed them."""

import heapq
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from orgrollout.sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Failure:
    """An error inside the sandbox: what was done, the exception's kind, and where it was raised."""

    call: str
    kind: str
    place: str


def failure_of(call: str, error: Exception) -> Failure:
    """Return the record of an exception; its text is not in it."""
    frame = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f"{each.filename}:{each.lineno}" for each in frame)
    return Failure(call, type(error).__name__, place)


class Timeline:
    """Carries out what is due, in order of time; equal moments in order of entry."""

    def __init__(self, clock: Clock) -> None:
        self.failures: list[Failure] = []
        """Errors of requests and of due actions, oldest first."""
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

    def record(self, call: str, error: Exception) -> None:
        """Add an error inside the sandbox to ``failures``."""
        self.failures.append(failure_of(call, error))

    def settle(self) -> list[Exception]:
        """Carry out everything that is due by now, and return the errors of actions.

        An action that fails is recorded in ``failures`` and stops no other: the request that
        happens to come next has nothing to do with it.
        """
        errors: list[Exception] = []
        if self._moment is not None:
            return errors
        until = self._clock.now()
        try:
            while self._queue and self._queue[0][0] <= until:
                self._moment, _, action = heapq.heappop(self._queue)
                try:
                    action()
                except Exception as error:  # noqa: BLE001 - the others are carried out
                    errors.append(error)
                    self.record("timeline", error)
        finally:
            self._moment = None
        return errors

    @property
    def next_moment(self) -> datetime | None:
        """When something happens next; None if nothing is planned."""
        return self._queue[0][0] if self._queue else None
