"""Which operation carries a new definition: template and parameters are sent once per stack set.

UpdateStackSet is targeted at stack instances that exist. That marks all others OUTDATED, and
nothing is wrong with those; later operations bring them along by UpdateStackInstances.
"""

from dataclasses import replace

from orgrollout.model.operation import OperationAction
from orgrollout.model.operation_id import NO_STATE
from orgrollout.plan.build.operation_inputs import NO_OVERRIDES, OperationInputs, units_of
from orgrollout.plan.model.plan import PlannedOperation


def with_carrier(scene: OperationInputs, updates: list[PlannedOperation]) -> list[PlannedOperation]:
    """Return the updates with the one that sends the definition marked, or added."""
    first = min((o.wave for o in updates), default=None)
    for index, operation in enumerate(updates):
        same = scene.differences.same_overrides
        alone = operation.by_stack_set or same.issuperset(operation.rectangle.pairs)
        if operation.wave == first and alone:
            return [*updates[:index], _sending(operation), *updates[index + 1 :]]
    if updates and first is not None:
        # UpdateStackSet does not touch overrides, so these pairs are updated once more.
        chosen = next(o for o in updates if o.wave == first)
        return [_one_pair_of(scene, chosen), *updates]
    return [_without_instances(scene)]


def _without_instances(scene: OperationInputs) -> PlannedOperation:
    """Return the operation that sends a definition to a stack set which has no stack instances."""
    return PlannedOperation(
        stack_set=scene.desired.key,
        wave=1,
        action=OperationAction.UPDATE,
        accounts=(),
        regions=(),
        parameter_set=NO_OVERRIDES,
        state=NO_STATE,
        reason="the stack set's definition",
        sends_definition=True,
        covered_again=True,
    )


def _sending(operation: PlannedOperation) -> PlannedOperation:
    return replace(operation, sends_definition=True)


def _one_pair_of(scene: OperationInputs, operation: PlannedOperation) -> PlannedOperation:
    pair = next(iter(operation.rectangle.pairs))
    return replace(
        operation,
        accounts=(pair.account,),
        regions=(pair.region,),
        units=units_of(scene, [pair]),
        sends_definition=True,
        covered_again=True,
        state=NO_STATE,  # its overrides come afterwards
        reason="the stack set's definition",
        other_reasons={},
    )
