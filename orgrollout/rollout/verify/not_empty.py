"""Stack sets that were to be deleted and have stack instances that were created meanwhile."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from orgrollout.rollout.state.decision import Event, EventKind, NotEmpty
from orgrollout.rollout.state.state import Phase, RolloutState

_SHOWN = 5  # stack instances of each stack set


def halt_over(
    state: RolloutState, kept: Iterable[NotEmpty], now: datetime
) -> tuple[RolloutState, list[Event]]:
    """Return the state that halts because of them, and what to tell.

    The plan knows nothing of them, so it is for a person to say what becomes of them.
    """
    note = "; ".join(map(_said, kept)) + (
        ". They were created since this was planned; `orgrollout plan` shows what would become of "
        "them, and `orgrollout apply --supersede` goes on with that"
    )
    halted = replace(state, phase=Phase.HALTED, note=note, ended=now)
    return halted, [Event(kind=EventKind.HALTED, text=note)]


def _said(one: NotEmpty) -> str:
    more = len(one.left) - _SHOWN
    names = ", ".join(map(str, one.left[:_SHOWN]))
    return (
        f"stack set {one.stack_set} still has stack instances and was not deleted: {names}"
        f"{f' and {more:,} more' if more > 0 else ''}"
    )
