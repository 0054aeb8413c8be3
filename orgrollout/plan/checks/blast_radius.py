"""How many accounts a wave may still touch after one failure too many.

When an operation has failed in more accounts than it tolerates, CloudFormation starts no further
ones, but lets those finish that are under way (CloudFormation user guide, "Concurrency mode").
Strict mode lowers the concurrency with every failure, so that none is left by then. What becomes
of Regions that run at the same time is not documented; here all of them are counted as going on.
"""

from collections import Counter
from collections.abc import Sequence

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.build.preferences import at_a_time, tolerated
from orgrollout.plan.model.plan import SIDE_BY_SIDE, Plan, PlannedOperation, PlannedWave


def exposed_accounts(plan: Plan, wave: PlannedWave) -> int:
    """Return at most how many accounts are touched on top of those that failed by then."""
    mine = [operation for operation in plan.operations if operation.wave == wave.index]
    at_once = at_a_time(wave)
    under_way = 0 if wave.preferences.strict else at_once - 1
    regions = max((len(operation.regions) for operation in mine), default=1)
    elsewhere = (regions - 1) * at_once if wave.preferences.parallel_regions else 0
    others = (_side_by_side(plan, mine) - 1) * at_once * max(regions, 1)
    left = len(wave.accounts) - tolerated(wave) - 1
    return max(0, min(left, under_way + elsewhere + others))


def _side_by_side(plan: Plan, operations: Sequence[PlannedOperation]) -> int:
    """Return at most how many operations there are at the same time."""
    keys = Counter(operation.stack_set for operation in operations)
    depth: dict[StackSetKey, int] = {}

    def measure(key: StackSetKey) -> int:
        if key not in depth:
            needed = (other for other in plan.stack_sets[key].depends_on if other in keys)
            depth[key] = 1 + max(map(measure, needed), default=0)
        return depth[key]

    at_once: Counter[int] = Counter()
    for key, mine in keys.items():
        parallel = plan.stack_sets[key].side_by_side
        at_once[measure(key)] += min(mine, SIDE_BY_SIDE) if parallel else 1
    return max(at_once.values(), default=1)
