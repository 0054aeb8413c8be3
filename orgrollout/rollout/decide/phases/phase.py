"""What every phase can do, and what several phases share."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.decide.start_block import why_to_halt
from orgrollout.rollout.operations.process_in_flight import SOON, is_repair
from orgrollout.rollout.state.decision import (
    Action,
    Decision,
    Event,
    EventKind,
    ObservationRequest,
    Observations,
    StopOperation,
)
from orgrollout.rollout.state.state import InFlightOperation, Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.verify.foreign_changes import foreign_changes


class RolloutPhase(Protocol):
    """One phase of a rollout. It reads nothing itself: what it observes is handed to it."""

    def observe(self) -> ObservationRequest:
        """Return what must be observed before the next step is decided."""
        ...

    def decide(self, observations: Observations, now: datetime) -> Decision:
        """Return the state to commit, the actions to take, and when to look again."""
        ...


def in_flight_request(view: RolloutView) -> ObservationRequest:
    """Return the request for the operations in flight, and for those that may still arrive."""
    state = view.state
    return ObservationRequest(
        operations={
            each.id: view.stack_set_of(each.pending)
            for each in (*state.in_flight, *state.withdrawn)
            if not is_repair(view.plan, each)
        },
        member_accounts=tuple(each for each in state.in_flight if is_repair(view.plan, each)),
    )


def halted(
    view: RolloutView, so_far: Decision, observations: Observations, now: datetime
) -> Decision | None:
    """Return the decision to halt, or nothing where there is no reason to.

    Nothing more starts; what is in flight ends by itself.
    """
    state = so_far.state
    note = why_to_halt(view.at(state), observations)
    if not note:
        return None
    if state.in_flight:
        return replace(so_far, wake_after=so_far.wake_after or SOON)
    undo = view.plan.rolls_back and not any(foreign_changes(view.plan, observations))
    over = replace(state, phase=Phase.HALTED, note=note, ended=now, undo=undo)
    event = Event(kind=EventKind.HALTED, text=note)
    return Decision(state=over, events=(*so_far.events, event))


def stop_of(view: RolloutView, in_flight: InFlightOperation) -> StopOperation:
    """Return the action that stops an operation."""
    key = view.stack_set_of(in_flight.pending)
    return StopOperation(stack_set=view.plan.stack_sets[key].name, id=in_flight.id)


def wave_event(plan: Plan, position: int) -> Event:
    """Return what there is to tell when a wave begins."""
    wave = plan.waves[position]
    accounts = f"{len(wave.accounts)} account{'' if len(wave.accounts) == 1 else 's'}"
    return Event(kind=EventKind.WAVE, text=f"wave {wave.index} {wave.name}: {accounts}")


def more(
    so_far: Decision,
    state: RolloutState,
    *,
    actions: tuple[Action, ...] = (),
    wake_after: timedelta | None = None,
    events: tuple[Event, ...] = (),
) -> Decision:
    """Return the decision with a new state, more to do and more to tell."""
    return Decision(
        state=state,
        actions=(*so_far.actions, *actions),
        wake_after=min([*known(wake_after), *known(so_far.wake_after)], default=None),
        events=(*so_far.events, *events),
    )


def known(span: timedelta | None) -> tuple[timedelta, ...]:
    """Return the time, as a tuple that is empty where there is none."""
    return () if span is None else (span,)
