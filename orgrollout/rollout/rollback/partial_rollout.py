"""What a rollout that ended half-way leaves behind, in words."""

from collections.abc import Iterator

from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.state.state import Phase, RolloutState


def half_way(plan: Plan, state: RolloutState) -> Iterator[str]:
    """Yield, by stack set, who keeps the old definition, and what must not be done about it.

    CloudFormation marks every stack instance that a partial update did not reach OUTDATED, and a
    retry in its console takes that for what is to be updated.
    """
    if state.phase not in {Phase.HALTED, Phase.STOPPED}:
        return
    sent = {
        plan.operations[landed.planned].stack_set
        for landed in state.landed
        if plan.operations[landed.planned].sends_definition
    }
    for key, stack_set in plan.stack_sets.items():
        kept = {
            pair
            for piece in state.waiting
            if plan.operations[piece.planned].stack_set == key
            and piece.attempt == 1
            and plan.operations[piece.planned].action is OperationAction.UPDATE
            for pair in piece.pairs
        }
        if key in sent and kept:
            yield (
                f"{stack_set.name}: {len(kept):,} stack instances of later waves are OUTDATED and "
                "keep what they had; nothing is wrong with them. Do not retry in the "
                "CloudFormation console: it would update all of them at once."
            )
