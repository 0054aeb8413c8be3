"""The stack instances of one stack set as they are read, and what made each what it is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from math import ceil

from orgrollout.aws.stack_sets.reads import StackSetReads
from orgrollout.aws.transport.rate_limits import STACK_SETS
from orgrollout.inventory.memory import Instances, drift_runs
from orgrollout.inventory.watermark import DRIFT
from orgrollout.model.ids import OperationId, Pair, StackSetName
from orgrollout.model.operation_id import read_operation_id
from orgrollout.model.stack_set import StackInstance
from orgrollout.reconcile.reading.operations import OperationList

PAGE = 100  # of a list (MaxResults in the CloudFormation API reference)
_WORTH_SAYING = timedelta(seconds=30)
_PATIENCE = 100  # calls


class InstanceRows:
    """ListStackInstances and DescribeStackInstance, announced where they take long."""

    def __init__(
        self, reads: StackSetReads, name: StackSetName, progress: Callable[[str], None]
    ) -> None:
        self._reads = reads
        self._name = name
        self._progress = progress

    def all(self, expected: int) -> list[StackInstance]:
        """Return every stack instance; ``expected`` is about how many there are."""
        self._announce(f"listing about {expected:,} stack instances", ceil(expected / PAGE))
        return list(self._reads.instances(self._name))

    def last_touched_by(self, operation: OperationId) -> list[StackInstance]:
        """Return the stack instances whose last operation it is."""
        return list(self._reads.instances(self._name, last_operation=operation))

    def with_detailed_status(self, status: str) -> list[StackInstance]:
        """Return the stack instances in a detailed status."""
        return list(self._reads.instances(self._name, detailed_status=status))

    def described(self, pairs: Iterable[Pair]) -> dict[Pair, StackInstance | None]:
        """Return the stack instances with their overrides, one call each; None: there is none."""
        chosen = tuple(pairs)
        what = f"describing {len(chosen):,} stack instances whose last operation was not ours"
        self._announce(what, len(chosen))
        return {pair: self._reads.describe_instance(self._name, pair) for pair in chosen}

    def _announce(self, what: str, calls: int) -> None:
        takes = timedelta(seconds=round(calls / STACK_SETS.per_second))
        if takes >= _WORTH_SAYING:
            self._progress(
                f"{self._name}: {what}: {calls:,} calls, about {takes} at "
                f"{STACK_SETS.per_second:g} a second"
            )


def detections_among(
    rows: Iterable[StackInstance], before: Instances, operations: OperationList
) -> frozenset[OperationId]:
    """Return the operations that only looked for drift, of those listed and those in rows."""
    strangers = Counter(
        row.last_operation
        for row in rows
        if row.last_operation
        and not read_operation_id(row.last_operation)
        and (row.pair not in before or before[row.pair].last_operation != row.last_operation)
    )
    # A drift detection covers the whole stack set, so it is not named by one instance alone.
    several = [operation for operation, count in strangers.most_common() if count > 1]
    among = operations.drifts_among(several)
    return drift_runs(operations.operations) | among


def traced(
    instances: Instances, drifts: frozenset[OperationId], operations: OperationList
) -> Instances:
    """Return the instances that drift detections hide, with the operation that changed them.

    It is found in the results of earlier operations, a hundred a call, as long as that takes no
    more calls than describing the instances would.
    """
    behind: dict[OperationId, set[Pair]] = defaultdict(set)
    for pair, each in instances.items():
        if each.applied_by in drifts:
            behind[each.applied_by].add(pair)
    calls, limit = 0, max(sum(map(len, behind.values())), _PATIENCE)
    hidden: set[Pair] = set()
    found: dict[Pair, StackInstance] = {}
    for operation in operations.history() if behind else ():
        # What is newer than a detection has not touched the instances that name that one last.
        if operation.action == DRIFT:
            hidden |= behind.pop(operation.id, set())
            continue
        if hidden:
            results = operations.results(operation.id)
            if results is None or not operations.is_settled(operation, results):
                break  # it may have changed any of them
            calls += max(1, ceil(len(results) / PAGE))
            reached = hidden.intersection(result.pair for result in results)
            found.update({p: replace(instances[p], changed_by=operation.id) for p in reached})
            hidden -= reached
        if (not hidden and not behind) or calls >= limit:
            break
    return found
