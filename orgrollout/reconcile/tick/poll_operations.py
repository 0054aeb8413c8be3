"""Looking at operations under way: each in its own time, those of one stack set in one call.

A page of ListStackSetOperations tells of a hundred operations what DescribeStackSetOperation tells
of one, but it lags. So it is believed only where it says that an operation still runs, which costs
at worst the time by which it lags; an end is read from the description and from the results.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from orgrollout.errors import StackSetNotFoundError
from orgrollout.model.ids import OperationId, StackSetName
from orgrollout.model.operation import Operation, OperationStatus
from orgrollout.reconcile.context import Context
from orgrollout.rollout.state.decision import OperationObservation


def look_at_operations(
    operations: Mapping[OperationId, StackSetName], context: Context, *, patient: bool
) -> dict[OperationId, OperationObservation]:
    """Return what is to be seen of operations; patiently, not before they may have got on."""
    by_name: dict[StackSetName, list[OperationId]] = defaultdict(list)
    for operation, name in operations.items():
        by_name[name].append(operation)
    found: dict[OperationId, OperationObservation] = {}
    for name, mine in by_name.items():
        found |= _look_at(name, mine, context, patient=patient)
    return found


def _look_at(
    name: StackSetName, operations: Sequence[OperationId], context: Context, *, patient: bool
) -> dict[OperationId, OperationObservation]:
    looks, now = context.looks, context.clock.now()
    still = {o: seen for o in operations if patient and (seen := looks.still(o, now)) is not None}
    running = {o for o in operations if looks.runs(o)}
    if len(running) > 1 and not running <= still.keys():
        for listed in _newest(name, context):
            if listed.id not in running:
                continue
            if listed.status.is_terminal:
                still.pop(listed.id, None)
            else:
                seen = OperationObservation(operation=listed, at=context.clock.now())
                still[listed.id] = looks.keep(listed.id, seen)
    return {o: still.get(o) or looks.keep(o, _read(name, o, context)) for o in operations}


def _newest(name: StackSetName, context: Context) -> tuple[Operation, ...]:
    """Return the newest operations of a stack set, as many as one call gives."""
    try:
        return next(context.stack_sets.operation_pages(name), ())
    except StackSetNotFoundError:
        return ()  # the description says so, too


def _read(name: StackSetName, operation: OperationId, context: Context) -> OperationObservation:
    try:
        found = context.stack_sets.describe_operation(name, operation)
    except StackSetNotFoundError:
        return OperationObservation(operation=None, gone=f"the stack set {name} is gone")
    if found is None or not found.status.is_terminal:
        return OperationObservation(operation=found, at=context.clock.now())
    if found.status is OperationStatus.SUCCEEDED:
        results = context.stack_sets.failed_results(name, operation)
    else:
        results = tuple(context.stack_sets.results(name, operation))
    return OperationObservation(operation=found, results=results)
