"""How often each API is called: one token bucket per API, shared by the whole process.

AWS counts calls per account and Region, so what is called in other accounts has buckets there.

The rates are AWS's where AWS publishes them. Organizations does (quotas of AWS Organizations, "API
throttling limits"); CloudFormation does not, and 2 calls a second for StackSets is what its own
resource handler was told. When AWS throttles all the same, the rate of that API is halved, and
raised again step by step (``adaptive_rate``).
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.aws.transport.adaptive_rate import AdaptiveRate
from orgrollout.aws.transport.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a second for as long as it lasts, and so many at once."""

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1:
            raise ValueError(f"a rate lets calls through: {self}")


STACK_SETS = Rate(2, 2)
# A look at one account takes one of each per stack set, and no person should wait for that. Whether
# AWS's buckets hold as many is not published; what it throttles is repeated.
LOOKS = Rate(STACK_SETS.per_second, 12)
OTHERS = Rate(10, 20)
RATES: Mapping[str, Rate] = {
    "cloudformation": STACK_SETS,
    "cloudformation:DescribeStackSet": LOOKS,
    "cloudformation:ListStackInstances": LOOKS,
    "cloudformation:DescribeStackInstance": LOOKS,
    "cloudtrail:LookupEvents": Rate(2, 2),  # per account and Region (its API reference)
    "organizations": Rate(5, 8),
    "sts": Rate(50, 50),  # of 600 a second (request rates, IAM and STS quotas)
    "s3": Rate(100, 100),  # far below the 3,500 writes a second that a prefix takes
    "organizations:ListAccounts": Rate(8, 12),
    "organizations:ListChildren": Rate(6, 10),
    "organizations:ListRoots": Rate(1, 2),
    "organizations:DescribeAccount": Rate(20, 30),
    "organizations:DescribeOrganization": Rate(1, 2),
    "organizations:ListTagsForResource": Rate(10, 15),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far rates adapt: down to ``least`` calls a second, and up to ``most``.

    Without ``most`` no API is called more often than the rate that it has from the start: others
    who work in the account need room, too.
    """

    least: float = 0.25
    most: float | None = None

    def __post_init__(self) -> None:
        if self.least <= 0 or (self.most is not None and self.most < self.least):
            raise ValueError(
                f"bounds let calls through, and the least is not above the most: {self}"
            )

    def adaptive(self, rate: float) -> AdaptiveRate:
        """Return a rate that starts as given, as far as the bounds allow."""
        most = rate if self.most is None else self.most
        least = min(self.least, most)
        return AdaptiveRate(per_second=min(max(rate, least), most), least=least, most=most)


_MANY_BUCKETS = 5_000


class _Bucket:
    """Calls under one rate. Each caller reserves the next free moment and waits for it."""

    def __init__(self, rate: AdaptiveRate, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._next: datetime | None = None
        self._seen: datetime | None = None
        self._cut: datetime | None = None  # when the rate was halved last

    @property
    def _interval(self) -> timedelta:
        return timedelta(seconds=1 / self._rate.per_second)

    @property
    def _slack(self) -> timedelta:
        return self._interval * (self._burst - 1)

    def refuse(self, now: datetime) -> None:
        """Halve the rate; calls that were sent before that tell nothing new when they are refused.

        There is no burst any more: what AWS lets through at once is not known.
        """
        if self._cut is not None and now - self._cut < self._interval:
            return
        self._rate.refuse()
        self._burst = 1
        self._cut = now
        self._next = max(self._next or now, now + self._interval)

    def accept(self) -> None:
        """Raise the rate a little."""
        self._rate.accept()

    def reserve(self, now: datetime) -> timedelta:
        """Return how long to wait before the call."""
        if self._seen is not None and now < self._seen:
            self._next = None  # the clock was set back; what was reserved means nothing now
        self._seen = now
        earliest = now - self._slack
        moment = earliest if self._next is None else max(self._next, earliest)
        self._next = moment + self._interval
        return max(moment - now, timedelta())

    def is_idle(self, now: datetime) -> bool:
        """Return whether it is as good as new."""
        return self._next is None or self._next <= now - self._slack


class RateLimits:
    """One rate per API. Safe to share between threads and connections."""

    def __init__(
        self,
        rates: Mapping[str, Rate] = RATES,
        *,
        speed: float = 1,
        bounds: Mapping[str, Bounds] | None = None,
    ) -> None:
        """Keep to ``rates``, by ``service:Operation`` or service; ``speed`` multiplies them all.

        ``bounds`` are those of a service.
        """
        self._rates = rates
        self._speed = speed
        self.bounds = dict(bounds or {})
        self._buckets: dict[str, _Bucket] = {}
        self._next_check = _MANY_BUCKETS
        self._lock = threading.Lock()

    def wait(self, service: str, operation: str, clock: Clock, place: str = "") -> bool:
        """Return when the API may be called again, and whether that took waiting.

        ``place`` is another account, and a Region of it, that answers.
        """
        with self._lock:
            pause = self._bucket(service, operation, clock, place).reserve(clock.now())
        if pause:
            clock.sleep(pause)
        return bool(pause)

    def bind(self, service: str, bounds: Bounds) -> None:
        """Keep to other bounds from now on, for one service called from home."""
        with self._lock:
            if self.bounds.get(service) == bounds:
                return
            self.bounds[service] = bounds
            stale = [key for key in self._buckets if key.startswith(f"{service}:")]
            for key in stale:
                del self._buckets[key]

    def refused(self, service: str, operation: str, clock: Clock, place: str = "") -> None:
        """Slow down: AWS throttled a call."""
        with self._lock:
            self._bucket(service, operation, clock, place).refuse(clock.now())

    def accepted(self, service: str, operation: str, clock: Clock, place: str = "") -> None:
        """Speed up a little: AWS took a call that had waited for its turn."""
        with self._lock:
            self._bucket(service, operation, clock, place).accept()

    def _bucket(self, service: str, operation: str, clock: Clock, place: str) -> _Bucket:
        api = f"{service}:{operation}"
        key = f"{place} {api}" if place else api
        if key not in self._buckets:
            self._forget_idle(clock.now())
            # The rate of a service is that of what is called from home, e.g. of StackSets.
            usual = OTHERS if place else self._rates.get(service, OTHERS)
            rate = self._rates.get(api, usual)
            bounds = self.bounds.get(service, Bounds())
            self._buckets[key] = _Bucket(bounds.adaptive(rate.per_second * self._speed), rate.burst)
        return self._buckets[key]

    def _forget_idle(self, now: datetime) -> None:
        """Keep no bucket for each of a hundred thousand places that were called once."""
        if len(self._buckets) >= self._next_check:
            kept = {key: b for key, b in self._buckets.items() if not b.is_idle(now)}
            self._buckets = kept
            self._next_check = len(kept) + _MANY_BUCKETS


OF_THIS_PROCESS = RateLimits()
