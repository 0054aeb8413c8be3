"""Who may act on a rollout right now: one process at a time, for as long as its lease lasts.

A lease is taken together with the intents of a tick, in one commit, and given back when they are
sent. It keeps `stop` from looking before the last request is out. That no operation happens twice
does not rest on it, but on ids and on the version of the document: clocks may be wrong.

A lease may be taken over when it has expired by the clock of the taker, with room for clocks
that differ, or when that process has itself watched it, unchanged, for as long as a lease lasts.
The holder counts from before it asked, by the wall clock and by the processor's, whichever has gone
further: the first runs on while a laptop is suspended, the second while the time is set back.
"""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orgrollout.aws.transport.clock import Clock
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_record import Lease, Record

SPAN = timedelta(seconds=90)
CLOCKS_DIFFER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, by two clocks."""

    wall: datetime
    steady: float

    @classmethod
    def now(cls, clock: Clock) -> "Moment":
        """Return the present."""
        return cls(clock.now(), time.monotonic())

    def elapsed(self, clock: Clock) -> timedelta:
        """Return how much time has gone by since, by the clock on which it was more."""
        steady = timedelta(seconds=time.monotonic() - self.steady)
        return max(clock.now() - self.wall, steady)


@dataclass(slots=True)
class LeaseWatch:
    """Since when this process has seen others' leases unchanged."""

    _seen: dict[RolloutId, tuple[Lease, Moment]] = field(default_factory=dict)

    def left(self, record: Record, holder: str, clock: Clock) -> timedelta:
        """Return how long another process may still act on the rollout; zero: none does."""
        lease, rollout = record.lease, record.state.id
        if lease is None or lease.holder == holder:
            return timedelta()
        known = self._seen.get(rollout)
        if known is None or known[0] != lease:
            known = self._seen[rollout] = lease, Moment.now(clock)
        watched = SPAN - known[1].elapsed(clock)
        by_its_word = lease.until + CLOCKS_DIFFER - clock.now()
        return max(min(watched, by_its_word), timedelta())


def with_lease(record: Record, holder: str, taken: Moment, *, new: bool) -> Record:
    """Return the record with the lease of ``holder``, under a fence of its own if ``new``."""
    fence = record.fence + 1 if new else record.fence
    lease = Lease(holder=holder, fence=fence, until=taken.wall + SPAN)
    return replace(record, fence=fence, lease=lease)
