"""Carries one operation out: Region by Region, as many at a time as its limits allow.

What happens in an account and Region is ``effects``' business; when, and whether at all,
is decided here.
"""

import math
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from statistics import NormalDist
from typing import Protocol

from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.quotas import Limits, limits_for
from orgrollout.sandbox.records import Operation, Pair, Result, StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.timeline import Timeline

EXCEEDED = "Cancelled since failure tolerance has exceeded"
_BASE = 36
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Attempt:
    """The course of one attempt at a stack instance."""

    skipped: bool = False
    stuck: bool = False
    delay: timedelta = timedelta()


class Effects(Protocol):
    """The effects of the runner in accounts and Regions."""

    def begin(self, stack_set: StackSet, operation: Operation, result: Result) -> Attempt:
        """Mark the instance as being worked on."""

    def finish(self, stack_set: StackSet, operation: Operation, result: Result) -> bool:
        """Do the work; tell whether it succeeded, and leave the reason in ``result``."""

    def cancel(self, stack_set: StackSet, operation: Operation, pair: Pair, reason: str) -> None:
        """Mark the instance as left out."""


class Slots:
    """The number of stack instances that run: in a Region, and of one stack set."""

    def __init__(self, maximum: int, of_one_stack_set: int | None) -> None:
        self._maximum = maximum
        self._of_one = of_one_stack_set
        self._running: Counter[tuple[str, str]] = Counter()  # by administrator and Region
        self._by_set: Counter[str] = Counter()
        self._waiting: dict[Callable[[], None], None] = {}  # a set that keeps its order

    def take(self, stack_set: StackSet, region: str, wake: Callable[[], None]) -> bool:
        """Take a slot, or ask to be woken when one is free."""
        crowded = self._of_one is not None and self._by_set[stack_set.id] >= self._of_one
        if crowded or self._running[stack_set.owner, region] >= self._maximum:
            self._waiting[wake] = None
            return False
        self._running[stack_set.owner, region] += 1
        self._by_set[stack_set.id] += 1
        return True

    def give_back(self, stack_set: StackSet, region: str) -> None:
        """Free a slot and wake who waits."""
        self._running[stack_set.owner, region] -= 1
        self._by_set[stack_set.id] -= 1
        waiting, self._waiting = self._waiting, {}
        for wake in waiting:
            wake()


@dataclass(slots=True)
class _RegionWork:
    region: str
    pending: deque[Result]
    limits: Limits
    running: int = 0
    failed: int = 0
    opened: bool = field(default=False)

    @property
    def is_done(self) -> bool:
        return not self.pending and not self.running


class Runner:
    """One operation on its way."""

    def __init__(
        self,
        stack_set: StackSet,
        operation: Operation,
        *,
        effects: Effects,
        timeline: Timeline,
        settings: Settings,
        slots: Slots,
        ended: Callable[[StackSet, Operation], None],
    ) -> None:
        self._set = stack_set
        self._operation = operation
        self._effects = effects
        self._timeline = timeline
        self._settings = settings
        self._slots = slots
        self._ended = ended
        self._work = self._plan()
        self._in_flight: dict[Pair, Result] = {}
        self._exceeded = False

    def start(self) -> None:
        """Begin; everything else happens as time passes."""
        self._operation.status = "RUNNING"
        self._operation.started = self._timeline.now()
        self._advance()

    def stop(self) -> None:
        """Cancel what has not begun, and wait for what has."""
        self._operation.status = "STOPPING"
        for work in self._work:
            self._cancel(work, self._settings.stop_reason)
        # A stop is never over within the call that asks for it.
        self._timeline.at(self._timeline.now() + timedelta(seconds=1), self._advance)

    def release(self, pair: Pair) -> None:
        """End a stuck stack instance now."""
        if pair in self._in_flight:
            self._timeline.at(
                self._timeline.now(), partial(self._done, self._work_of(pair[1]), pair)
            )

    def _plan(self) -> list[_RegionWork]:
        by_region: dict[str, list[Result]] = {region: [] for region in self._operation.region_order}
        for result in self._operation.results.values():
            by_region.setdefault(result.region, []).append(result)
        return [
            _RegionWork(
                region,
                deque(self._ordered(results)),
                limits_for(
                    {} if self._operation.automatic else self._operation.preferences, len(results)
                ),
            )
            for region, results in by_region.items()
            if results
        ]

    def _ordered(self, results: list[Result]) -> list[Result]:
        results.sort(key=lambda result: result.account)
        if self._settings.account_order == "shuffled":
            random.Random(f"{self._settings.seed}{self._operation.number}").shuffle(results)  # noqa: S311
        return results

    def _work_of(self, region: str) -> _RegionWork:
        return next(work for work in self._work if work.region == region)

    def _advance(self) -> None:
        if self._operation.is_final:
            return
        parallel = self._operation.preferences.get("RegionConcurrencyType") == "PARALLEL"
        for work in self._work:
            if not work.is_done:
                self._fill(work)
            if not work.is_done and not parallel:
                break
        if all(work.is_done for work in self._work):
            self._timeline.at(self._timeline.now() + timedelta(seconds=1), self._end)

    def _fill(self, work: _RegionWork) -> None:
        while work.pending and work.running < work.limits.concurrency(work.failed):
            if self._operation.status != "RUNNING":
                return
            if not self._slots.take(self._set, work.region, self._advance):
                return
            self._dispatch(work, work.pending.popleft())

    def _dispatch(self, work: _RegionWork, result: Result) -> None:
        pair = (result.account, result.region)
        attempt = self._effects.begin(self._set, self._operation, result)
        if attempt.skipped:
            self._slots.give_back(self._set, work.region)
            result.started = result.ended = self._timeline.now()
            return
        result.status, result.started = "RUNNING", self._timeline.now()
        work.running += 1
        self._in_flight[pair] = result
        self._count(work)
        if not attempt.stuck:
            moment = self._timeline.now() + self._duration(pair) + attempt.delay
            self._timeline.at(moment, partial(self._done, work, pair))

    def _count(self, work: _RegionWork) -> None:
        operation = self._operation
        operation.peak = max(operation.peak, len(self._in_flight))
        peak = max(operation.peak_by_region.get(work.region, 0), work.running)
        operation.peak_by_region[work.region] = peak

    def _done(self, work: _RegionWork, pair: Pair) -> None:
        result = self._in_flight.pop(pair, None)
        if result is None:
            return
        work.running -= 1
        succeeded = self._effects.finish(self._set, self._operation, result)
        result.status = "SUCCEEDED" if succeeded else "FAILED"
        result.ended = self._timeline.now()
        if not succeeded:
            work.failed += 1
            self._operation.failed += 1
            if work.limits.is_exceeded(work.failed):
                self._give_up(work)
        self._slots.give_back(self._set, work.region)
        self._advance()

    def _give_up(self, failed: _RegionWork) -> None:
        self._exceeded = True
        sequential = self._operation.preferences.get("RegionConcurrencyType") != "PARALLEL"
        everywhere = sequential or self._settings.parallel_cancellation == "cancel_all"
        for work in self._work:
            if everywhere or work is failed:
                self._cancel(work, EXCEEDED)

    def _cancel(self, work: _RegionWork, reason: str) -> None:
        while work.pending:
            result = work.pending.popleft()
            result.status, result.reason = "CANCELLED", reason
            result.ended = self._timeline.now()
            pair = (result.account, result.region)
            self._effects.cancel(self._set, self._operation, pair, reason)

    def _end(self) -> None:
        operation = self._operation
        if operation.is_final:
            return
        if operation.status == "STOPPING":
            operation.status = "STOPPED"
        else:
            operation.status = "FAILED" if self._exceeded else "SUCCEEDED"
        operation.ended = self._timeline.now()
        self._ended(self._set, operation)

    def _duration(self, pair: Pair) -> timedelta:
        number = str(self._operation.number)
        return spread(self._settings, self._settings.median_duration, self._set.name, number, *pair)


def spread(settings: Settings, median: timedelta, *what: str) -> timedelta:
    """Return how long something takes: around ``median``, always the same for the same words."""
    text = derive(8, str(settings.seed), *what)
    share = (int(text, _BASE) + 0.5) / _BASE**8
    return median * math.exp(settings.duration_spread * _NORMAL.inv_cdf(share))
