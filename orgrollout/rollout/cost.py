"""What carrying a plan out takes: operations, API calls, and time.

How long a stack instance takes is up to its template, so the time is told for a minute each, and
the calls follow from it: an operation is looked at as `next_look` says.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.build.preferences import at_a_time
from orgrollout.plan.model.plan import SIDE_BY_SIDE, Plan, PlannedOperation, PlannedWave
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.rollout.state.polling import next_look

PER_INSTANCE = timedelta(minutes=1)
_PAGE = 100  # stack instances, or results, per call (MaxResults, CloudFormation API reference)
# Stack and change set are described before each step, and the stack after
# (`reconcile/member_accounts/repairs.py`).
_PER_REPAIR = 10
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An estimate: no stack instance fails, and none takes longer than ``PER_INSTANCE``."""

    operations: int
    calls: int
    in_member_accounts: int  # calls in member accounts, each of which has rates of its own
    running: timedelta  # until the last operation is over
    soaking: timedelta


def cost_of(plan: Plan) -> Cost:
    """Return what the plan takes."""
    waves = {wave.index: wave for wave in plan.waves}
    # Each is started, looked at, and its results are read.
    by_stack_sets = [o for o in plan.operations if not o.action.is_repair]
    calls = sum(2 + _looks(_duration(o, waves[o.wave])) for o in by_stack_sets)
    repaired = sum(o.rectangle.size for o in plan.operations if o.action.is_repair)
    made = sum(s.change is StackSetChange.CREATE for s in plan.stack_sets.values())
    return Cost(
        operations=len(plan.operations),
        calls=calls + made + _proof(plan),
        in_member_accounts=repaired * _PER_REPAIR,
        running=sum((_of_wave(plan, wave) for wave in plan.waves), timedelta()),
        soaking=sum((wave.gate.soak or timedelta() for wave in plan.waves), timedelta()),
    )


@cache
def _looks(duration: timedelta) -> int:
    looks, now = 0, _SOME_DAY
    while now - _SOME_DAY < duration:
        now += next_look(_SOME_DAY, now)
        looks += 1
    return looks


def _duration(operation: PlannedOperation, wave: PlannedWave) -> timedelta:
    """Return how long an operation takes if each stack instance takes ``PER_INSTANCE``."""
    rounds = math.ceil(len(operation.accounts) / at_a_time(wave))
    if not wave.preferences.parallel_regions:
        rounds *= max(len(operation.regions), 1)
    return rounds * PER_INSTANCE


def _of_wave(plan: Plan, wave: PlannedWave) -> timedelta:
    """Return how long a wave takes.

    Operations of one stack set follow each other, unless they run side by side, and so do stack
    sets that depend on each other.
    """
    each: dict[StackSetKey, list[timedelta]] = defaultdict(list)
    for operation in plan.operations:
        if operation.wave == wave.index:
            each[operation.stack_set].append(_duration(operation, wave))
    own = {key: _together(durations, plan, key) for key, durations in each.items()}
    done: dict[StackSetKey, timedelta] = {}

    def ends(key: StackSetKey) -> timedelta:
        if key not in done:
            needed = (other for other in plan.stack_sets[key].depends_on if other in own)
            done[key] = own[key] + max(map(ends, needed), default=timedelta())
        return done[key]

    return max(map(ends, own), default=timedelta())


def _together(durations: Sequence[timedelta], plan: Plan, key: StackSetKey) -> timedelta:
    whole = sum(durations, timedelta())
    if not plan.stack_sets[key].side_by_side:
        return whole
    return max(whole / SIDE_BY_SIDE, *durations)


def _proof(plan: Plan) -> int:
    """Return the calls that list all stack instances once at the end."""
    touched: Sequence[StackSetKey] = sorted(
        {o.stack_set for o in plan.operations if not o.action.is_repair}
    )
    sizes = (plan.counts(key).total() + plan.stack_sets[key].unchanged for key in touched)
    return sum(max(1, math.ceil(size / _PAGE)) for size in sizes)
