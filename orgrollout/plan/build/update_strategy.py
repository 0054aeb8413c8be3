"""How a stack instance gets a definition that the stack set has already.

By UpdateStackInstances, which takes its overrides along: that it applies the stack set's
definition is inferred from what people report. Or by UpdateStackSet with UsePreviousTemplate and
targets, which is documented to update exactly those and never touches overrides; so where overrides
change as well, UpdateStackInstances follows it. Both end the same where the first is as believed.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from orgrollout.model.ids import Pair
from orgrollout.model.operation_id import NO_STATE
from orgrollout.plan.build.definition_rollout import UnitsOf, sending_definition
from orgrollout.plan.model.kinds import (
    ApplyDefinition,
    DefinitionStep,
    OverridesStep,
    SetOverrides,
)
from orgrollout.plan.model.plan import PlannedOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStrategy:
    """How the stack instances of one stack set are updated, in a plan and in a rollback."""

    by_stack_set: bool  # the definition by UpdateStackSet, the overrides afterwards
    sends_definition: bool  # a new one, with one of the operations
    same_overrides: frozenset[Pair]  # pairs that keep their overrides
    has_definition: AbstractSet[Pair]  # pairs that run the stack set's definition already
    units_of: UnitsOf  # of one stack instance of an operation


def with_kinds(
    updates: Iterable[PlannedOperation], strategy: UpdateStrategy
) -> list[PlannedOperation]:
    """Return the operations that make the updates, each with its kind."""
    found = list(_by_stack_set(updates, strategy) if strategy.by_stack_set else updates)
    if found and strategy.sends_definition:
        return sending_definition(found, strategy.same_overrides, strategy.units_of)
    return found


def _by_stack_set(
    updates: Iterable[PlannedOperation], strategy: UpdateStrategy
) -> Iterator[PlannedOperation]:
    """Yield the updates with the definition by UpdateStackSet, and overrides after it."""
    for operation in updates:
        pairs = frozenset(operation.rectangle.pairs)
        if pairs <= strategy.same_overrides:
            yield replace(operation, kind=ApplyDefinition())
        elif pairs <= strategy.has_definition:
            yield operation
        else:
            yield from in_two_steps(operation)


def in_two_steps(operation: PlannedOperation) -> Iterator[PlannedOperation]:
    """Yield an update as two operations: the definition, and then the overrides."""
    imported = operation.kind == SetOverrides(step=OverridesStep.AFTER_IMPORT)
    step = DefinitionStep.AFTER_IMPORT if imported else DefinitionStep.BEFORE_OVERRIDES
    # With its old overrides it is not yet what is wanted, and its operation must not say so.
    yield replace(operation, kind=ApplyDefinition(step=step), state=NO_STATE)
    after = OverridesStep.AFTER_IMPORT if imported else OverridesStep.AFTER_DEFINITION
    yield replace(operation, kind=SetOverrides(step=after))
