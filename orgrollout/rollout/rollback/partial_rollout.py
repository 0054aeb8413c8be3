"""What a rollout that ended half-way leaves behind, in words."""

from collections.abc import Iterator

from orgrollout.model.operation import OperationAction
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.view import RolloutView


def partial_rollout(view: RolloutView) -> Iterator[str]:
    """Yield, by stack set, who keeps the old definition, and what must not be done about it.

    CloudFormation marks every stack instance that a partial update did not reach OUTDATED, and a
    retry in its console takes that for what is to be updated.
    """
    if view.state.phase not in {Phase.HALTED, Phase.STOPPED}:
        return
    sent = {
        view.plan.operations[completed.planned].stack_set
        for completed in view.state.completed
        if view.plan.operations[completed.planned].sends_definition
    }
    for key, stack_set in view.plan.stack_sets.items():
        kept = {
            pair
            for pending in view.state.waiting
            if view.stack_set_of(pending) == key
            and pending.attempt == 1
            and view.planned(pending).action is OperationAction.UPDATE
            for pair in pending.pairs
        }
        if key in sent and kept:
            yield (
                f"{stack_set.name}: {len(kept):,} stack instances of later waves are OUTDATED and "
                "keep what they had; nothing is wrong with them. Do not retry in the "
                "CloudFormation console: it would update all of them at once."
            )
