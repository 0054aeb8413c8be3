"""Taking stack sets over from another rollout: it is marked as superseded before anything is sent.

Recording the new rollout takes the claims over; marking the other is what makes it for good. A
process that dies in between leaves the note in the claims, and the next driver of the new rollout
finds it there before it sends.
"""

from contextlib import suppress
from functools import partial

from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.model.logs import log_of
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.claims import Claim, claim_of, confirm_claim, settle_claim
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError, OpenRolloutError
from orgrollout.reconcile.documents.rollouts import Rollout, claims_of, give_order, holds
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.decide.operator_commands import WrongPhaseError

_LOG = log_of(__name__)


def settle(rollout: Rollout, context: Context) -> None:
    """Mark every rollout that this one takes over from, so that it never goes on.

    Raises:
        OpenRolloutError: One of them has something under way.
    """
    name, back = rollout.state.id, rollout.state.takes_back
    for stack_set in sorted(claims_of(rollout.plan)):
        claim = claim_of(context.journal, stack_set)
        if claim.rollout == name:
            _settle(claim, name, context)
    if back is not None:  # its claims may have been unlocked by force
        _supersede(back, name, min(claims_of(rollout.plan)), context)


def confirm(stack_set: StackSetName, rollout: RolloutId, context: Context) -> None:
    """Return if the rollout may change the stack set, and no other rollout may go on with it.

    Raises:
        ClaimLostError: It is another's, or was unlocked.
        OpenRolloutError: The rollout it is taken over from has something under way.
    """
    claim = confirm_claim(context.journal, stack_set, rollout, partial(holds, context.journal))
    _settle(claim, rollout, context)


def give_up(rollout: RolloutId, by: RolloutId, context: Context) -> None:
    """Mark a rollout as superseded, so that it never goes on.

    Raises:
        WrongPhaseError: It has something under way.
    """
    said = context.said(f"superseded by {by}")
    _LOG.info("superseded by %s", by, extra={"rollout": rollout})
    give_order(
        context.journal, rollout, lambda r: operator_commands.supersede(r.state, by, said.at), said
    )


def _settle(claim: Claim, by: RolloutId, context: Context) -> None:
    if claim.taken_from is not None:
        _supersede(claim.taken_from, by, claim.stack_set, context)
        settle_claim(context.journal, claim)


def _supersede(other: RolloutId, by: RolloutId, stack_set: StackSetName, context: Context) -> None:
    with suppress(NoSuchRolloutError):  # pruned: it was over, and held nothing
        try:
            give_up(other, by, context)
        except WrongPhaseError as error:
            raise OpenRolloutError(other, stack_set) from error
