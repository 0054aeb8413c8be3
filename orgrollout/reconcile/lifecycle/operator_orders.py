"""What an operator orders for a rollout: committed to the journal, carried out by the next tick."""

from collections.abc import Callable

from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout, give_order
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.state import Failure, RolloutState

Meant = Callable[[Failure], bool]


class ApprovalError(OrgRolloutError):
    """The rollout went on while a person looked. Nothing was approved."""

    def __init__(self, rollout: str) -> None:
        super().__init__(
            f"{rollout} went on in the meantime, and what was shown is not what waits now. Nothing "
            f"was approved. Look again: orgrollout approve {rollout}"
        )


def stop_rollout(rollout: RolloutId, context: Context) -> Rollout:
    """Order that nothing more starts and that running operations are stopped.

    Raises:
        WrongPhaseError: It is over already.
    """
    return _give(rollout, context, lambda r: operator_commands.stop(r.state), "stop")


def resume_rollout(rollout: RolloutId, context: Context) -> Rollout:
    """Order that a rollout continues.

    Raises:
        WrongPhaseError: It cannot continue.
        OpenRolloutError, LaterRolloutError: Another rollout has its stack sets.
    """
    return _give(rollout, context, lambda r: operator_commands.resume(r.state), "resume")


def retry_rollout(
    rollout: RolloutId, context: Context, meant: Meant, *, along: Meant = lambda _: True
) -> Rollout:
    """Order that the failures that are ``meant`` are tried again.

    Blocked stack instances of the same accounts are tried with them, where ``along`` says so.

    Raises:
        WrongPhaseError: There is nothing to try again.
        OpenRolloutError, LaterRolloutError: Another rollout has its stack sets.
    """

    def again(current: Rollout) -> RolloutState:
        return operator_commands.retry(current.plan, current.state, meant, along=along)

    return _give(rollout, context, again, "retry")


def approved_state(shown: Rollout, current: Rollout, context: Context) -> RolloutState:
    """Return the state in which the next wave may start.

    Raises:
        ApprovalError: The rollout waits in another wave than the one that was ``shown``.
        WrongPhaseError, SecondPersonError: It cannot be approved, or not by this caller.
    """
    if current.state.wave != shown.state.wave:
        raise ApprovalError(shown.state.id)
    caller = context.connection.identity.arn
    return operator_commands.approve(current.plan, current.state, caller, context.clock.now())


def approve_rollout(shown: Rollout, context: Context) -> Rollout:
    """Let the next wave start. ``shown`` is the rollout as the approver saw it.

    Raises:
        ApprovalError: The rollout waits in another wave by now.
        WrongPhaseError, SecondPersonError: It cannot be approved, or not by this caller.
    """
    context.connection.be_sure_of_the_time()
    return _give(shown.state.id, context, lambda r: approved_state(shown, r, context), "approve")


def _give(
    rollout: RolloutId, context: Context, order: Callable[[Rollout], RolloutState], text: str
) -> Rollout:
    return give_order(context.journal, rollout, order, context.said(text))
