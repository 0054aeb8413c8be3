"""A wave is carried out: stack sets are made, operations start, and their results are processed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgrollout.model.ids import OperationId, StackSetKey
from orgrollout.rollout.decide.phases.at_gate import leave_wave
from orgrollout.rollout.decide.phases.phase import (
    halted,
    in_flight_request,
    known,
    more,
    wave_event,
)
from orgrollout.rollout.decide.stack_sets import creation_of, to_make, to_take_away
from orgrollout.rollout.decide.start_block import frozen_until, start_block
from orgrollout.rollout.operations.process_in_flight import (
    SOON,
    is_repair,
    process_in_flight,
)
from orgrollout.rollout.operations.start_operations import (
    StartedOperations,
    ready_to_start,
    request_of,
    start_operations,
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
from orgrollout.rollout.state.waves import is_through, pending_in_wave
from orgrollout.rollout.verify.foreign_changes import definitions_to_check

CONCURRENT_LOOKS = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Running:
    """The current wave is carried out; after the last one, stack sets are taken away."""

    view: RolloutView

    def observe(self) -> ObservationRequest:
        """Return the request for what is in flight, and for what the next operations rely on."""
        view = self.view
        new = to_make(view)
        waiting = pending_in_wave(view)
        taken_away = to_take_away(view) if is_through(view) else frozenset()
        return replace(
            in_flight_request(view),
            existing=new | taken_away,
            definitions=new | definitions_to_check(view, ready_to_start(view)),
            if_unknown=self._to_send_again(),
            concurrent=frozenset(view.stack_set_of(pending) for pending in waiting),
        )

    def decide(self, observations: Observations, now: datetime) -> Decision:
        """Halt, make stack sets, start operations, or leave the wave."""
        so_far = process_in_flight(
            self.view, observations, now, start_block(self.view, observations, now)
        )
        return halted(self.view, so_far, observations, now) or self._go_on(
            so_far, observations, now
        )

    def _to_send_again(self) -> dict[OperationId, StackSetKey]:
        """Return the operations that are sent again if AWS does not know them, with stack sets."""
        return {
            each.id: key
            for each in self.view.state.in_flight
            for key in definitions_to_check(self.view, [each.pending])
        }

    def _go_on(self, so_far: Decision, observations: Observations, now: datetime) -> Decision:
        there = {key for key, exists in observations.existing.items() if exists}
        state = replace(so_far.state, made=so_far.state.made | there)
        view = self.view.at(state)
        missing = to_make(view)
        if missing:
            makes = tuple(creation_of(view, key) for key in sorted(missing))
            # DescribeStackSet is strongly consistent: the next look finds them.
            return more(so_far, state, actions=makes, wake_after=timedelta())
        until = frozen_until(view.plan, now)
        if until is not None:
            return _frozen(so_far, state, until, now)
        if state.in_flight or pending_in_wave(view):
            return _start(view, so_far, observations, now)
        so_far = replace(so_far, state=state)
        if is_through(view):
            return _finish(view, so_far, observations, now)
        return leave_wave(view, so_far, now)


def _start(
    view: RolloutView, so_far: Decision, observations: Observations, now: datetime
) -> Decision:
    due = tuple(p for p in ready_to_start(view) if p.not_before is None or p.not_before <= now)
    unseen = definitions_to_check(view, due) - observations.definitions.keys()
    work = start_operations(view, now, unseen | observations.concurrent.keys())
    is_first = view.state.next_number == 1 and work.started
    first = (wave_event(view.plan, view.state.wave),) if is_first else ()
    # Repairs in member accounts begin at the next look: it tells whether they have begun already.
    starts = tuple(
        StartOperation(request=request_of(view.plan, each))
        for each in work.started
        if not is_repair(view.plan, each)
    )
    waits = (
        [timedelta()]
        if unseen - observations.concurrent.keys()
        else _waits(work, observations, now)
    )
    return more(
        so_far,
        work.state,
        actions=starts,
        wake_after=min([*waits, *known(so_far.wake_after)], default=SOON),
        events=(*first, *work.events),
    )


def _waits(work: StartedOperations, observations: Observations, now: datetime) -> list[timedelta]:
    """Return when to look again: after a start, for what runs beside, or for a retry."""
    retries = [
        max(pending.not_before - now, SOON)
        for pending in pending_in_wave(work.view)
        if pending.not_before is not None
    ]
    if retries and not work.state.in_flight:
        return [min(retries)]
    waits = [next_look(now, now)] if work.started else []
    if not (work.started or work.state.in_flight or observations.concurrent):
        waits = [SOON]
    return [*waits, CONCURRENT_LOOKS] if observations.concurrent else waits


def _frozen(so_far: Decision, state: RolloutState, until: datetime, now: datetime) -> Decision:
    told = state.wake != until
    event = Event(kind=EventKind.FROZEN, text=f"no operation starts before {until.isoformat()}")
    return more(
        so_far,
        replace(state, wake=until),
        wake_after=None if state.in_flight else until - now,
        events=(event,) if told else (),
    )


def _finish(
    view: RolloutView, so_far: Decision, observations: Observations, now: datetime
) -> Decision:
    """Take away the stack sets that go, then list everything once more."""
    vanished = {key for key, there in observations.existing.items() if not there}
    state = replace(view.state, gone=view.state.gone | (vanished & to_take_away(view)))
    with_failures = {view.plan.operations[f.planned].stack_set for f in state.failures}
    left = to_take_away(view.at(state)) - with_failures
    if left:
        actions = tuple(DeleteStackSet(name=view.plan.stack_sets[key].name) for key in sorted(left))
        # Where others hold a stack set it is asked for again and again, ever more rarely.
        since = max((one.ended for one in state.completed), default=state.created)
        return more(so_far, state, actions=actions, wake_after=next_look(since, now))
    event = Event(kind=EventKind.VERIFYING, text="listing all stack instances once more")
    verifying = replace(state, phase=Phase.VERIFYING, verifying_since=now)
    return more(so_far, verifying, wake_after=timedelta(), events=(event,))
