"""A call without an answer is told of after a few seconds, and again from time to time.

The caller waits in another thread, often for minutes: an endpoint that does not answer, a proxy, a
server that is frozen. So a thread of its own looks at what waits, by the real clock: simulated time
says nothing of how long a person has been waiting.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from orgrollout.model.logs import known_fields, log_of

_LOG = log_of(__name__)

FIRST = timedelta(seconds=5)
_SOON, _LATER = timedelta(seconds=10), timedelta(minutes=1)
_A_WHILE = timedelta(minutes=1)
_LOOK = 0.5  # seconds between looks, only while something waits
_IDLE = 10.0  # seconds without a call, after which the thread ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A call that has no answer yet."""

    what: str  # the service and the call, or another thing that is waited for
    where: str  # the Region, and the account if it is another one
    waited: timedelta
    attempt: int
    attempts: int  # how many there may be; 0: not known
    error: str  # what became of the attempt before; empty: there was none
    others: int  # calls that have waited as long as that, too


@dataclass(slots=True)
class Wait:
    """One call, as it goes on. It counts as waiting from its first request on."""

    what: str
    where: str
    since: float | None = None
    attempt: int = 1
    attempts: int = 0
    error: str = ""
    about: Mapping[str, Any] = field(default_factory=known_fields)  # for the log

    def sends(self, attempt: int, attempts: int) -> None:
        """Note that a request goes out."""
        if self.since is None:
            self.since = time.monotonic()
        self.attempt, self.attempts = attempt, attempts

    def waited(self, now: float) -> timedelta:
        """Return for how long there has been no answer."""
        return timedelta(seconds=0 if self.since is None else now - self.since)


class Waits:
    """What waits for an answer in this process. Safe to share between threads."""

    def __init__(
        self, tell: Callable[[Waiting], None] | None = None, *, first: timedelta = FIRST
    ) -> None:
        """``tell`` is called in a thread of its own; without it, no thread is started."""
        self._tell = tell
        self._first = first
        self._open: list[Wait] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._told: Wait | None = None
        self._told_at = float("-inf")

    @contextmanager
    def on(self, what: str, where: str = "", *, at_once: bool = False) -> Iterator[Wait]:
        """Tell of what happens inside the block where it takes long.

        ``at_once``: it waits from now on, and not from the first request on.
        """
        wait = Wait(what, where)
        if at_once:
            wait.sends(1, 0)
        with self._changed:
            self._open.append(wait)
            self._wake()
        try:
            yield wait
        finally:
            with self._changed:
                self._open.remove(wait)

    def _wake(self) -> None:
        if self._tell is None:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="waiting", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                if not self._open and not self._changed.wait(_IDLE) and not self._open:
                    self._thread = None
                    return
                due = self._due(time.monotonic())
            if due is not None and self._tell is not None:
                self._tell(due)
                _log(due, self._told)
            time.sleep(_LOOK)

    def _due(self, now: float) -> Waiting | None:
        """Return what is to be told now: of the call that has waited longest."""
        long = [w for w in self._open if w.waited(now) >= self._first]
        if not long:
            return None
        oldest = max(long, key=lambda wait: wait.waited(now))
        waited = oldest.waited(now)
        pause = _SOON if waited < _A_WHILE else _LATER
        if oldest is not self._told:
            pause = min(self._first, pause)
        if now - self._told_at < pause.total_seconds():
            return None
        self._told, self._told_at = oldest, now
        return Waiting(
            what=oldest.what,
            where=oldest.where,
            waited=waited,
            attempt=oldest.attempt,
            attempts=oldest.attempts,
            error=oldest.error,
            others=len(long) - 1,
        )


def _log(waiting: Waiting, wait: Wait | None) -> None:
    _LOG.info(
        "no response from %s for %d s (%s)",
        waiting.what,
        waiting.waited.total_seconds(),
        waiting.where or "this machine",
        extra={**(wait.about if wait else {}), "attempt": waiting.attempt, "error": waiting.error},
    )
