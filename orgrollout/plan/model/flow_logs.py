"""What the runbooks that a plan brings would make, by wave. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.posture.flow_log_counts import FlowLogCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPair:
    """A stack that the plan creates or updates, and what was counted there."""

    stack_set: StackSetKey
    pair: Pair
    wave: int
    starts: str = ""  # automatic, manual or runbook-only: how its runbook is started
    counts: FlowLogCounts | None = None  # None: unknown
    reason: str = ""  # why it is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The stacks of a stack set in one wave whose runbooks are started alike."""

    stack_set: StackSetKey
    wave: int
    starts: str
    counted: int  # stacks
    unknown: int
    total: FlowLogCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLogForecast:
    """All that was counted. Empty: the plan brings no such runbook."""

    pairs: tuple[CountedPair, ...] = ()

    @property
    def unknown(self) -> tuple[CountedPair, ...]:
        """Return where it could not be counted."""
        return tuple(each for each in self.pairs if each.counts is None)

    @property
    def total(self) -> FlowLogCounts:
        """Return the sums of all that was counted."""
        return _total(self.pairs)

    def rings(self) -> Iterator[Ring]:
        """Yield what was counted for each stack set and wave, in the order of the waves."""

        def alike(each: CountedPair) -> tuple[int, StackSetKey, str]:
            return each.wave, each.stack_set, each.starts

        for (wave, key, starts), found in groupby(sorted(self.pairs, key=alike), key=alike):
            here = list(found)
            unknown = sum(1 for each in here if each.counts is None)
            yield Ring(
                stack_set=key,
                wave=wave,
                starts=starts,
                counted=len(here) - unknown,
                unknown=unknown,
                total=_total(here),
            )


def _total(pairs: tuple[CountedPair, ...] | list[CountedPair]) -> FlowLogCounts:
    return sum((each.counts for each in pairs if each.counts is not None), FlowLogCounts())
