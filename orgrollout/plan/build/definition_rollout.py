"""Which operation sends a new definition: template and parameters are sent once per stack set.

UpdateStackSet is targeted at stack instances that exist. That marks all others OUTDATED, and
nothing is wrong with those; later operations bring them along by UpdateStackInstances.
"""

from collections.abc import Callable
from dataclasses import replace

from orgrollout.model.ids import Pair, StackSetKey, UnitId
from orgrollout.model.operation_id import NO_STATE
from orgrollout.plan.build.operation_inputs import NO_OVERRIDES
from orgrollout.plan.model.kinds import ApplyDefinition, DefinitionStep, Retry, SendDefinition
from orgrollout.plan.model.plan import PlannedOperation

_REASON = "the stack set's definition"

UnitsOf = Callable[[PlannedOperation, Pair], tuple[UnitId, ...]]


def sending_definition(
    updates: list[PlannedOperation], same_overrides: frozenset[Pair], units_of: UnitsOf
) -> list[PlannedOperation]:
    """Return the updates with one in the first wave that sends the definition.

    UpdateStackSet leaves overrides alone. Where all of the first wave change theirs, one stack
    instance gets the definition first, and is updated once more.
    """
    first = min(o.wave for o in updates)
    for index, operation in enumerate(updates):
        if operation.wave == first and _may_send(operation, same_overrides):
            return [*updates[:index], _sending(operation), *updates[index + 1 :]]
    chosen = next(o for o in updates if o.wave == first)
    return [_to_one_instance(chosen, units_of), *updates]


def definition_only(key: StackSetKey) -> PlannedOperation:
    """Return the operation that sends a definition to a stack set without stack instances."""
    return PlannedOperation(
        stack_set=key,
        wave=1,
        kind=SendDefinition(updated_again=True),
        accounts=(),
        regions=(),
        parameter_set=NO_OVERRIDES,
        state=NO_STATE,
        reason=_REASON,
    )


def _may_send(operation: PlannedOperation, same_overrides: frozenset[Pair]) -> bool:
    by_stack_set = isinstance(operation.kind, ApplyDefinition)
    return by_stack_set or same_overrides.issuperset(operation.rectangle.pairs)


def _sending(operation: PlannedOperation) -> PlannedOperation:
    match operation.kind:
        case ApplyDefinition(step=step):
            kind = SendDefinition(
                retry=Retry.UPDATE_STACK_SET, updated_again=step is not DefinitionStep.ALONE
            )
        case _:
            kind = SendDefinition()
    return replace(operation, kind=kind)


def _to_one_instance(operation: PlannedOperation, units_of: UnitsOf) -> PlannedOperation:
    pair = Pair(operation.accounts[0], operation.regions[0])
    return replace(
        operation,
        kind=SendDefinition(updated_again=True),
        accounts=(pair.account,),
        regions=(pair.region,),
        units=units_of(operation, pair),
        state=NO_STATE,  # its overrides come afterwards
        reason=_REASON,
        other_reasons={},
    )
