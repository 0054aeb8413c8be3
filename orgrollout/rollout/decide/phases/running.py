"""A wave is carried out: stack sets are made, operations start, and their results are processed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgrollout.model.ids import OperationId, StackSetKey
from orgrollout.rollout.decide.phases.at_gate import leave_wave
from orgrollout.rollout.decide.phases.phase import halted, in_flight, known, more, wave_event
from orgrollout.rollout.decide.stack_sets import creation_of, to_make, to_take_away
from orgrollout.rollout.decide.start_block import frozen_until, hold
from orgrollout.rollout.operations.process_in_flight import SOON, is_inside, process_in_flight
from orgrollout.rollout.operations.start_operations import (
    Launch,
    launch,
    request_of,
    unlaunched,
)
from orgrollout.rollout.state.decision import (
    Decision,
    DeleteStackSet,
    Event,
    EventKind,
    ObservationRequest,
    Observations,
    StartOperation,
)
from orgrollout.rollout.state.polling import next_look
from orgrollout.rollout.state.state import Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.state.waves import is_through, pieces_of_wave
from orgrollout.rollout.verify.foreign_changes import before_launch

BESIDE_LOOKS = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Running:
    """The current wave is carried out; after the last one, stack sets are taken away."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for what is in flight, and for what the next operations rely on."""
        view = self.view
        waiting = pieces_of_wave(view)
        taken_away = to_take_away(view) if is_through(view) else frozenset()
        return replace(
            in_flight(view),
            existing=to_make(view) | taken_away,
            definitions=before_launch(view, unlaunched(view)),
            if_unknown=self._to_send_again(),
            beside=frozenset(view.stack_set_of(pending) for pending in waiting),
        )

    def decide(self, seen: Observations, now: datetime) -> Decision:
        """Halt, make stack sets, start operations, or leave the wave."""
        so_far = process_in_flight(self.view, seen, now, hold(self.view, seen, now))
        return halted(self.view, so_far, seen, now) or self._go_on(so_far, seen, now)

    def _to_send_again(self) -> dict[OperationId, StackSetKey]:
        """Return the operations that are sent again if AWS does not know them, with stack sets."""
        return {
            flight.id: key
            for flight in self.view.state.flights
            for key in before_launch(self.view, [flight.piece])
        }

    def _go_on(self, so_far: Decision, seen: Observations, now: datetime) -> Decision:
        there = {key for key, exists in seen.existing.items() if exists}
        state = replace(so_far.state, made=so_far.state.made | there)
        view = self.view.at(state)
        missing = to_make(view)
        if missing:
            makes = tuple(creation_of(view, key) for key in sorted(missing))
            return more(so_far, state, actions=makes, wake_after=SOON)
        until = frozen_until(view.plan, now)
        if until is not None:
            return _frozen(so_far, state, until, now)
        if state.flights or pieces_of_wave(view):
            return _start(view, so_far, seen, now)
        so_far = replace(so_far, state=state)
        if is_through(view):
            return _finish(view, so_far, seen, now)
        return leave_wave(view, so_far, now)


def _start(view: RolloutView, so_far: Decision, seen: Observations, now: datetime) -> Decision:
    due = tuple(p for p in unlaunched(view) if p.not_before is None or p.not_before <= now)
    unseen = before_launch(view, due) - seen.definitions.keys()
    work = launch(view, now, unseen | seen.beside.keys())
    is_first = view.state.next_number == 1 and work.flights
    first = (wave_event(view.plan, view.state.wave),) if is_first else ()
    # Repairs in member accounts begin at the next look: it tells whether they have begun already.
    starts = tuple(
        StartOperation(request=request_of(view.plan, flight))
        for flight in work.flights
        if not is_inside(view.plan, flight)
    )
    looks = [timedelta()] if unseen - seen.beside.keys() else _looks(work, seen, now)
    return more(
        so_far,
        work.state,
        actions=starts,
        wake_after=min([*looks, *known(so_far.wake_after)], default=SOON),
        events=(*first, *work.events),
    )


def _looks(work: Launch, seen: Observations, now: datetime) -> list[timedelta]:
    """Return when to look again: after a start, for what runs beside, or for a retry."""
    retries = [
        max(pending.not_before - now, SOON)
        for pending in pieces_of_wave(work.view)
        if pending.not_before is not None
    ]
    if retries and not work.state.flights:
        return [min(retries)]
    looks = [SOON] if work.flights or not (work.state.flights or seen.beside) else []
    return [*looks, BESIDE_LOOKS] if seen.beside else looks


def _frozen(so_far: Decision, state: RolloutState, until: datetime, now: datetime) -> Decision:
    told = state.wake != until
    event = Event(kind=EventKind.FROZEN, text=f"no operation starts before {until.isoformat()}")
    return more(
        so_far,
        replace(state, wake=until),
        wake_after=None if state.flights else until - now,
        events=(event,) if told else (),
    )


def _finish(view: RolloutView, so_far: Decision, seen: Observations, now: datetime) -> Decision:
    """Take away the stack sets that go, then list everything once more."""
    vanished = {key for key, there in seen.existing.items() if not there}
    state = replace(view.state, gone=view.state.gone | (vanished & to_take_away(view)))
    with_failures = {view.plan.operations[f.planned].stack_set for f in state.failures}
    left = to_take_away(view.at(state)) - with_failures
    if left:
        actions = tuple(DeleteStackSet(name=view.plan.stack_sets[key].name) for key in sorted(left))
        # Where others hold a stack set it is asked for again and again, ever more rarely.
        since = max((one.ended for one in state.landed), default=state.created)
        return more(so_far, state, actions=actions, wake_after=next_look(since, now))
    event = Event(kind=EventKind.PROOF, text="listing all stack instances once more")
    proving = replace(state, phase=Phase.PROVING, proving_since=now)
    return more(so_far, proving, wake_after=timedelta(), events=(event,))
