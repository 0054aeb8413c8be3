"""What the holder of the other claim on the same stacks is just doing there.

A rollout and a re-sync may be open side by side, since a soak takes days, and both change the same
stacks. So neither starts anything where the other has something under way. A claim cannot tell;
what is committed and not yet over does. Of two that look at the same moment both may go on, and
CloudFormation's own lock on a stack then holds one of them up.
"""

from collections.abc import Iterable
from functools import partial

from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId, StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.claims import claim_of, counterpart_of
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollouts import claim_on, holds, load_rollout


def concurrent_rollouts(
    journal: Journal, plan: Plan, keys: Iterable[StackSetKey]
) -> dict[StackSetKey, RolloutId]:
    """Return which of the stack sets wait, and for which rollouts."""
    found = {}
    for key in sorted(keys):
        claim = counterpart_of(claim_on(plan, key))
        other = claim_of(journal, claim).owner(partial(holds, journal))
        if other is not None and _is_at_work(journal, other, claim):
            found[key] = other
    return found


def _is_at_work(journal: Journal, rollout: RolloutId, claim: str) -> bool:
    try:
        other = load_rollout(journal, rollout)
    except NoSuchRolloutError:
        return False
    under_way = {other.plan.operations[f.pending.planned].stack_set for f in other.state.in_flight}
    return claim in {claim_on(other.plan, key) for key in under_way}
