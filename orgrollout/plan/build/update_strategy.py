"""How a stack instance gets a definition that the stack set has already.

By UpdateStackInstances, which takes its overrides along: that it applies the stack set's
definition is inferred from what people report. Or by UpdateStackSet with UsePreviousTemplate and
targets, which is documented to update exactly those and never touches overrides; so where overrides
change as well, UpdateStackInstances follows it. Both end the same where the first is as believed.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from orgrollout.model.ids import Pair
from orgrollout.model.operation_id import NO_STATE
from orgrollout.plan.model.plan import PlannedOperation


def by_stack_set(
    updates: Iterable[PlannedOperation],
    *,
    same_overrides: AbstractSet[Pair],
    has_definition: AbstractSet[Pair],
) -> Iterator[PlannedOperation]:
    """Yield the updates with the definition by UpdateStackSet, and overrides after it.

    Pairs in ``same_overrides`` need none of the second, pairs in ``has_definition`` none of the
    first.
    """
    for operation in updates:
        pairs = frozenset(operation.rectangle.pairs)
        if pairs <= same_overrides:
            yield replace(operation, by_stack_set=True)
        elif pairs <= has_definition:
            yield operation
        else:
            yield from both_ways(operation)


def both_ways(operation: PlannedOperation) -> Iterator[PlannedOperation]:
    """Yield an update as two steps: the definition, and then the overrides."""
    # With its old overrides it is not yet what is wanted, and its operation must not say so.
    yield replace(operation, by_stack_set=True, stepwise=True, covered_again=True, state=NO_STATE)
    yield replace(operation, stepwise=True)
