"""Which wave a rollout is in, what waits there, and how many accounts may still fail."""

from collections import defaultdict
from collections.abc import Set

from orgrollout.model.ids import AccountId, Pair
from orgrollout.rollout.state.state import Failure, PendingOperation, RolloutState
from orgrollout.rollout.state.view import RolloutView


def is_through(view: RolloutView) -> bool:
    """Return whether no wave is left."""
    return view.state.wave >= len(view.plan.waves)


def pending_in_wave(view: RolloutView) -> list[PendingOperation]:
    """Return what waits in the current wave, in order."""
    if is_through(view):
        return []
    wave = view.plan.waves[view.state.wave].index
    return [p for p in view.state.waiting if view.plan.operations[p.planned].wave == wave]


def startable(view: RolloutView) -> list[PendingOperation]:
    """Return what of it may start: where too much has failed, only what an operator ordered."""
    waiting = pending_in_wave(view)
    if not waiting or not _is_over(view, failed_accounts(view)):
        return waiting
    ordered = _ordered(view.state)
    return [pending for pending in waiting if pending.pairs <= ordered[pending.planned]]


def failed_accounts(view: RolloutView) -> frozenset[AccountId]:
    """Return the accounts that failed for good in this wave: one bad Region is one account."""
    return frozenset(failure.pair.account for failure in _failed(view))


def has_too_many_failures(view: RolloutView) -> bool:
    """Return whether more accounts failed than the current wave allows.

    What an operator had tried again goes on whatever else has failed before, unless too much of it
    fails once more.
    """
    if not _is_over(view, failed_accounts(view)):
        return False
    ordered = _ordered(view.state)
    again = {f.pair.account for f in _failed(view) if f.pair in ordered[f.planned]}
    waiting = (*pending_in_wave(view), *(each.pending for each in view.state.in_flight))
    goes_on = any(pending.pairs <= ordered[pending.planned] for pending in waiting)
    return _is_over(view, again) or not goes_on


def _failed(view: RolloutView) -> list[Failure]:
    wave = view.plan.waves[view.state.wave].index
    return [
        f
        for f in view.state.failed
        if f.kind.weighs and view.plan.operations[f.planned].wave == wave
    ]


def _is_over(view: RolloutView, accounts: Set[AccountId]) -> bool:
    return len(accounts) > view.plan.waves[view.state.wave].allowed_failures


def _ordered(state: RolloutState) -> defaultdict[int, set[Pair]]:
    """Return what an operator had tried again, by planned operation."""
    found = defaultdict[int, set[Pair]](set)
    for pending in state.ordered:
        found[pending.planned] |= pending.pairs
    return found
