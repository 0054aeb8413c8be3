"""Taking stack sets over from another rollout: it is marked as superseded before anything is sent.

Recording the new rollout takes the claims over; marking the other is what makes it for good. A
process that dies in between leaves the note in the claims, and whoever drives the new rollout finds
it there before it sends.
"""

from contextlib import suppress
from datetime import datetime
from functools import partial

from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.claims import Claim, claim_of, confirm_claim, settle_claim
from orgrollout.reconcile.rollouts import (
    NoSuchRolloutError,
    OpenRolloutError,
    Rollout,
    claims_of,
    give_order,
    holds,
)
from orgrollout.rollout import orders
from orgrollout.rollout.orders import WrongPhaseError


def settle(journal: Journal, rollout: Rollout, now: datetime) -> None:
    """Mark every rollout that this one takes over from, so that it never goes on.

    Raises:
        OpenRolloutError: One of them has something under way.
    """
    name, back = rollout.state.id, rollout.state.takes_back
    for stack_set in sorted(claims_of(rollout.plan)):
        claim = claim_of(journal, stack_set)
        if claim.rollout == name:
            _settle(journal, claim, name, now)
    if back is not None:  # its claims may have been unlocked by force
        _supersede(journal, back, name, min(claims_of(rollout.plan)), now)


def confirm(journal: Journal, stack_set: StackSetName, rollout: RolloutId, now: datetime) -> None:
    """Return if the rollout may change the stack set, and nobody else may go on with it.

    Raises:
        ClaimLostError: It is another's, or was unlocked.
        OpenRolloutError: Whoever it is taken over from has something under way.
    """
    claim = confirm_claim(journal, stack_set, rollout, partial(holds, journal))
    _settle(journal, claim, rollout, now)


def _settle(journal: Journal, claim: Claim, by: RolloutId, now: datetime) -> None:
    if claim.taken_from is not None:
        _supersede(journal, claim.taken_from, by, claim.stack_set, now)
        settle_claim(journal, claim)


def _supersede(
    journal: Journal, other: RolloutId, by: RolloutId, stack_set: StackSetName, now: datetime
) -> None:
    with suppress(NoSuchRolloutError):  # pruned: it was over, and held nothing
        try:
            give_order(journal, other, lambda r: orders.supersede(r.state, by, now))
        except WrongPhaseError as error:
            raise OpenRolloutError(other, stack_set) from error
