"""How far operations under way have come, in a line for each stack set of a wave."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.model.ids import OperationId
from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.words import span
from orgrollout.rollout.state.counted import Counted
from orgrollout.rollout.state.state import InFlightOperation

_SHORT = timedelta(minutes=2)  # below, seconds matter


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """The operations of one stack set and wave that do the same, as one."""

    wave: int
    stack_set: str
    action: str  # with the attempt, if it is not the first
    what: str  # the action, and how many stack instances it is for
    how_far: str  # done, failed, rate and time left, as far as they are known
    age: timedelta


def under_way(
    plan: Plan,
    operations: Iterable[InFlightOperation],
    counted: Mapping[OperationId, Counted],
    now: datetime,
) -> Iterator[UnderWay]:
    """Yield what is under way, in the order in which it began."""
    alike: dict[tuple[int, str, str, int], list[InFlightOperation]] = defaultdict(list)
    for in_flight in operations:
        planned = plan.operations[in_flight.pending.planned]
        attempt = in_flight.pending.attempt
        alike[planned.wave, planned.stack_set, planned.action.value, attempt].append(in_flight)
    for (wave, stack_set, action, attempt), mine in alike.items():
        again = f", attempt {attempt}" if attempt > 1 else ""
        total = sum(len(each.pending.pairs) for each in mine)
        known = [counted[each.id] for each in mine if each.id in counted]
        yield UnderWay(
            wave=wave,
            stack_set=stack_set,
            action=f"{action}{again}",
            what=f"{action} {total:,}{again}",
            how_far=how_far(known, total, now),
            age=now - min(each.committed for each in mine),
        )


def how_far(known: Sequence[Counted], total: int, now: datetime) -> str:
    """Return what is done and failed of a total, and rate and time left where some is left."""
    if not known:
        return ""
    failed = sum(each.failed for each in known)
    parts = [f"{sum(each.done for each in known):,}/{total:,} done"]
    if failed:
        parts.append(f"{failed:,} failed")
    rest = total - sum(each.done + each.failed for each in known)
    return ", ".join([*parts, *pace(known, rest, now)])


def pace(known: Sequence[Counted], rest: int, now: datetime) -> Iterator[str]:
    """Yield the rate, and how long the rest takes at it, where both are known."""
    # What was not counted so far takes as long as what was.
    rate = sum(each.per_minute for each in known)
    if rate and rest > 0:
        yield f"{rate:,.0f} a minute" if rate >= 1 else f"one in {_about(rate)}"
        left = timedelta(minutes=rest / rate) - (now - max(each.at for each in known))
        yield f"about {_rounded(left)} left"


def _about(per_minute: float) -> str:
    return span(timedelta(minutes=1 / per_minute))


def _rounded(left: timedelta) -> str:
    """Return an estimate that does not look more exact than it is."""
    if left < _SHORT:
        return span(max(left, timedelta(seconds=10)))
    return f"{round(left / timedelta(minutes=1)):,} min"
