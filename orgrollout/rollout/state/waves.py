"""Which wave a rollout is in, what waits there, and how many accounts may still fail."""

from collections import defaultdict
from collections.abc import Set

from orgrollout.model.ids import AccountId, Pair
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.state.state import Failure, PendingOperation, RolloutState


def is_through(plan: Plan, state: RolloutState) -> bool:
    """Return whether no wave is left."""
    return state.wave >= len(plan.waves)


def pieces_of_wave(plan: Plan, state: RolloutState) -> list[PendingOperation]:
    """Return what waits in the current wave, in order."""
    if is_through(plan, state):
        return []
    wave = plan.waves[state.wave].index
    return [p for p in state.waiting if plan.operations[p.planned].wave == wave]


def startable(plan: Plan, state: RolloutState) -> list[PendingOperation]:
    """Return what of it may start: where too much has failed, only what an operator ordered."""
    pieces = pieces_of_wave(plan, state)
    if not pieces or not _is_over(plan, state, failed_accounts(plan, state)):
        return pieces
    ordered = _ordered(state)
    return [piece for piece in pieces if piece.pairs <= ordered[piece.planned]]


def failed_accounts(plan: Plan, state: RolloutState) -> frozenset[AccountId]:
    """Return the accounts that failed for good in this wave: one bad Region is one account."""
    return frozenset(failure.pair.account for failure in _failed(plan, state))


def has_too_many_failures(plan: Plan, state: RolloutState) -> bool:
    """Return whether more accounts failed than the current wave allows.

    What an operator had tried again goes on whatever else has failed before, unless too much of it
    fails once more.
    """
    if not _is_over(plan, state, failed_accounts(plan, state)):
        return False
    ordered = _ordered(state)
    again = {f.pair.account for f in _failed(plan, state) if f.pair in ordered[f.planned]}
    pieces = (*pieces_of_wave(plan, state), *(flight.piece for flight in state.flights))
    goes_on = any(piece.pairs <= ordered[piece.planned] for piece in pieces)
    return _is_over(plan, state, again) or not goes_on


def _failed(plan: Plan, state: RolloutState) -> list[Failure]:
    wave = plan.waves[state.wave].index
    return [f for f in state.failed if f.kind.weighs and plan.operations[f.planned].wave == wave]


def _is_over(plan: Plan, state: RolloutState, accounts: Set[AccountId]) -> bool:
    return len(accounts) > plan.waves[state.wave].allowed_failures


def _ordered(state: RolloutState) -> defaultdict[int, set[Pair]]:
    """Return what an operator had tried again, by planned operation."""
    found = defaultdict[int, set[Pair]](set)
    for piece in state.ordered:
        found[piece.planned] |= piece.pairs
    return found
