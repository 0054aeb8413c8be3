"""What is under way: taken as over where it is, and what the rest of it still needs."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.plan.plan import Plan
from orgrollout.rollout.decision import Action, Decision, Event, Refused, Seen, StartOperation
from orgrollout.rollout.inside import LOOKS, progress
from orgrollout.rollout.landing import land, refuse, results_add_up
from orgrollout.rollout.launch import request_of
from orgrollout.rollout.polling import next_look, until_next_look
from orgrollout.rollout.state import Flight, Phase, RolloutState

SOON = timedelta(seconds=2)
MAY_BE_ON_ITS_WAY = timedelta(seconds=90)  # longer than any call is waited for


def absorb(
    plan: Plan, state: RolloutState, seen: Seen, now: datetime, *, given_up: bool
) -> Decision:
    """Return the state without the operations that are over, and what flights still need.

    With ``given_up`` nothing begins any more within what is under way.
    """
    inside = [flight for flight in state.flights if is_inside(plan, flight)]
    outside = [flight for flight in state.flights if flight not in inside]
    first = _absorb_inside(plan, state, inside, seen, now, given_up=given_up)
    then = _absorb_outside(plan, first.state, outside, seen, now)
    looks = [d.wake_after for d in (first, then) if d.wake_after is not None]
    return Decision(
        state=then.state,
        actions=(*first.actions, *then.actions),
        wake_after=min(looks, default=None),
        events=(*first.events, *then.events),
    )


def is_inside(plan: Plan, flight: Flight) -> bool:
    """Return whether calls in member accounts carry it out, and not StackSets."""
    return plan.operations[flight.piece.planned].action.is_inside


def _absorb_inside(
    plan: Plan,
    state: RolloutState,
    flights: Iterable[Flight],
    seen: Seen,
    now: datetime,
    *,
    given_up: bool,
) -> Decision:
    actions: list[Action] = []
    events: list[Event] = []
    looks: list[timedelta] = []
    for flight in flights:
        found = seen.inside.get(flight.id)
        if found is None:
            looks.append(SOON)
            continue
        goes = progress(plan, flight, found, now, given_up=given_up)
        if goes.over is not None:
            state, told = land(plan, state, flight, goes.over, now)
            events += told
            continue
        actions += (goes.work,) if goes.work else ()
        looks.append(LOOKS)
    return Decision(
        state=state,
        actions=tuple(actions),
        wake_after=min(looks, default=None),
        events=tuple(events),
    )


def _absorb_outside(
    plan: Plan, state: RolloutState, flights: Iterable[Flight], seen: Seen, now: datetime
) -> Decision:
    actions: list[Action] = []
    events: list[Event] = []
    looks: list[timedelta] = []
    for flight in flights:
        found = seen.operations.get(flight.id)
        if found is None:
            looks.append(SOON)
        elif found.gone:
            lost = Refused(id=flight.id, reason=found.gone)
            state, told = refuse(plan, state, lost, now)
            events += told
        elif found.operation is None and state.phase is Phase.STOPPING:
            state = _withdraw(state, flight, now)
            looks.append(SOON)
        elif found.operation is None:
            # Committed, but it never arrived: the same id again cannot start it twice.
            actions.append(StartOperation(request=request_of(plan, flight)))
            # Where others hold the stack set it is sent again and again, ever more rarely.
            looks.append(next_look(flight.committed, now))
        elif not found.operation.status.is_terminal:
            started = found.operation.created or flight.committed
            looks.append(until_next_look(started, found.at or now, now))
        elif results_add_up(flight, found, now):
            state, told = land(plan, state, flight, found, now)
            events += told
        else:
            state = _ended(state, flight, now)
            looks.append(SOON)
    return Decision(
        state=state,
        actions=tuple(actions),
        wake_after=min(looks, default=None),
        events=tuple(events),
    )


def _withdraw(state: RolloutState, flight: Flight, now: datetime) -> RolloutState:
    """Return the state without an intent that AWS does not know, once it can hardly be on its way.

    It is kept by its id: a driver that was asleep may yet send it, and `resume` sends the same.
    """
    if now - flight.committed < MAY_BE_ON_ITS_WAY:
        return state
    flights = tuple(f for f in state.flights if f.id != flight.id)
    return replace(state, flights=flights, withdrawn=(*state.withdrawn, flight))


def _ended(state: RolloutState, flight: Flight, now: datetime) -> RolloutState:
    flights = tuple(
        replace(f, ended=f.ended or now) if f.id == flight.id else f for f in state.flights
    )
    return replace(state, flights=flights)
