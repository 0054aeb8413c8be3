"""What cannot be done because something else failed: recorded, and taken out."""

from collections.abc import Mapping
from dataclasses import replace

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, PendingOperation, RolloutState
from orgrollout.rollout.state.view import RolloutView


def block(
    state: RolloutState, pending: PendingOperation, because: Mapping[AccountId, StackSetKey]
) -> RolloutState:
    """Return the state in which the stack instances of a piece are blocked by what they need."""
    failures = tuple(
        Failure(
            planned=pending.planned,
            pair=pair,
            kind=FailureClass.BLOCKED,
            reason=f"{because[pair.account]} failed in this account",
            attempts=0,
            final=True,
            own=OwnVerdict(cause=Cause.DEPENDENCY),
        )
        for pair in sorted(pending.pairs)
    )
    kept = (
        f for f in state.failures if f.planned != pending.planned or f.pair not in pending.pairs
    )
    return replace(state, failures=(*kept, *failures))


def sends_definition(plan: Plan, pending: PendingOperation) -> bool:
    """Return whether the piece carries template and parameters: once, and with the first try."""
    return plan.operations[pending.planned].sends_definition and pending.attempt == 1


def without_definition(view: RolloutView, key: StackSetKey) -> RolloutState:
    """Return the state that blocks the rest of a stack set whose definition could not be sent.

    Every further operation would roll out the old one.
    """
    plan, state = view.plan, view.state
    mine = [p for p in state.waiting if plan.operations[p.planned].stack_set == key]
    state = replace(state, waiting=tuple(p for p in state.waiting if p not in mine))
    for pending in mine:
        known = {f.pair.account for f in state.failures if f.final and f.planned == pending.planned}
        accounts = tuple(account for account in pending.accounts if account not in known)
        if accounts:
            state = block(state, replace(pending, accounts=accounts), dict.fromkeys(accounts, key))
    return state
