"""The next step of a rollout: pure, so that whatever drives it decides the same.

State and observation go in; the state to commit, the actions to take and the time of the next look
come out.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.decide.observation_request import to_make, to_take_away
from orgrollout.rollout.decide.start_block import frozen_until, hold, why_to_halt
from orgrollout.rollout.decide.wave_gates import awaits_approval, is_soaking, soak, watched_alarm
from orgrollout.rollout.operations.process_in_flight import SOON, absorb, is_inside
from orgrollout.rollout.operations.start_operations import launch, request_of, unlaunched
from orgrollout.rollout.state.decision import (
    Action,
    CreateStackSet,
    Decision,
    DeleteStackSet,
    Event,
    EventKind,
    Observations,
    StartOperation,
    StopOperation,
)
from orgrollout.rollout.state.polling import next_look
from orgrollout.rollout.state.state import InFlightOperation, Phase, RolloutState
from orgrollout.rollout.state.waves import is_through, pieces_of_wave
from orgrollout.rollout.verify.foreign_changes import before_launch, foreign_changes
from orgrollout.rollout.verify.verify_rollout import touched, unproven

ALARM_LOOKS = timedelta(minutes=1)
BESIDE_LOOKS = timedelta(seconds=15)


def decide(plan: Plan, state: RolloutState, seen: Observations, now: datetime) -> Decision:
    """Return what to do next, given what was seen."""
    state = _with_late_arrivals(state, seen)
    if state.phase.is_over:
        return _keep_away(plan, state, seen)
    if state.phase is Phase.PROVING:
        return _prove(plan, state, seen, now)
    landed = absorb(plan, state, seen, now, hold(plan, state, seen, now))
    if landed.state.phase is Phase.STOPPING:
        return _stop(plan, landed, seen, now)
    why = why_to_halt(plan, landed.state, seen)
    if why:
        return _halt(
            landed, why, now, undo=plan.rolls_back and not any(foreign_changes(plan, seen))
        )
    if landed.state.phase in {Phase.SOAKING, Phase.WAITING}:
        return _pass_gate(plan, landed, now)
    return _go_on(plan, landed, seen, now)


def _with_late_arrivals(state: RolloutState, seen: Observations) -> RolloutState:
    """Return the state that stops what was withdrawn and has reached AWS after all."""
    known = {id_ for id_, found in seen.operations.items() if found.operation is not None}
    late = tuple(f for f in state.withdrawn if f.id in known)
    if not late or state.superseded_by is not None:
        return state
    return replace(
        state,
        phase=Phase.STOPPING,
        flights=(*state.flights, *late),
        withdrawn=tuple(f for f in state.withdrawn if f not in late),
        ended=None,
    )


def _keep_away(plan: Plan, state: RolloutState, seen: Observations) -> Decision:
    """Stop what a superseded rollout had withdrawn and what has reached AWS after all.

    What comes of it is for the other rollout to find: these stack instances are planned anew there.
    """
    found = {id_: each.operation for id_, each in seen.operations.items()}
    late = [f for f in state.withdrawn if (o := found.get(f.id)) and not o.status.is_terminal]
    stops = tuple(_stop_of(plan, flight) for flight in late)
    return Decision(state=state, actions=stops, wake_after=SOON if stops else None)


def _go_on(plan: Plan, so_far: Decision, seen: Observations, now: datetime) -> Decision:
    state = replace(
        so_far.state, made=so_far.state.made | {k for k, there in seen.existing.items() if there}
    )
    missing = to_make(plan, state)
    if missing:
        makes = tuple(_make(plan, state, key) for key in sorted(missing))
        return _more(so_far, state, actions=makes, wake_after=SOON)
    until = frozen_until(plan, now)
    if until is not None:
        return _frozen(so_far, state, until, now)
    if state.flights or pieces_of_wave(plan, state):
        return _launch(plan, so_far, state, seen, now)
    return _wave_is_done(plan, replace(so_far, state=state), seen, now)


def _launch(
    plan: Plan, so_far: Decision, state: RolloutState, seen: Observations, now: datetime
) -> Decision:
    due = tuple(p for p in unlaunched(plan, state) if p.not_before is None or p.not_before <= now)
    unseen = before_launch(plan, state, due) - seen.definitions.keys()
    work = launch(plan, state, now, unseen | seen.beside.keys())
    first = (wave_event(plan, state.wave),) if state.next_number == 1 and work.flights else ()
    # What goes on inside accounts begins with the next look: it tells whether it has begun already.
    starts = tuple(
        StartOperation(request=request_of(plan, flight))
        for flight in work.flights
        if not is_inside(plan, flight)
    )
    looks = [SOON] if work.flights or not (work.state.flights or seen.beside) else []
    looks += [BESIDE_LOOKS] if seen.beside else []
    retries = [
        max(piece.not_before - now, SOON)
        for piece in pieces_of_wave(plan, work.state)
        if piece.not_before is not None
    ]
    if retries and not work.state.flights:
        looks = [min(retries)]
    if unseen - seen.beside.keys():
        looks = [timedelta()]
    return _more(
        so_far,
        work.state,
        actions=starts,
        wake_after=min([*looks, *_known(so_far.wake_after)], default=SOON),
        events=(*first, *work.events),
    )


def _wave_is_done(plan: Plan, so_far: Decision, seen: Observations, now: datetime) -> Decision:
    state = so_far.state
    if is_through(plan, state):
        return _finish(plan, so_far, seen, now)
    soaking = soak(plan, state, now)
    if soaking is not None:
        first_look = min(soaking.wake_after or SOON, _look_at_alarm(plan, soaking.state))
        return _more(so_far, soaking.state, wake_after=first_look, events=soaking.events)
    return _ask_approval(plan, so_far)


def _pass_gate(plan: Plan, so_far: Decision, now: datetime) -> Decision:
    state = so_far.state
    if is_soaking(state, now) and state.wake is not None:
        return replace(so_far, wake_after=min(state.wake - now, _look_at_alarm(plan, state)))
    return _ask_approval(plan, so_far)


def _look_at_alarm(plan: Plan, state: RolloutState) -> timedelta:
    """Return when to look at the alarm next; for ever where there is none to look at."""
    return ALARM_LOOKS if watched_alarm(plan, state) else timedelta.max


def _ask_approval(plan: Plan, so_far: Decision) -> Decision:
    waiting = awaits_approval(plan, so_far.state)
    if waiting is not None:
        return replace(_more(so_far, waiting.state, events=waiting.events), wake_after=None)
    return _next_wave(plan, so_far)


def _next_wave(plan: Plan, so_far: Decision) -> Decision:
    state = replace(so_far.state, wave=so_far.state.wave + 1, phase=Phase.RUNNING, wake=None)
    events: tuple[Event, ...] = ()
    if state.wave < len(plan.waves):
        events = (wave_event(plan, state.wave),)
    return _more(so_far, state, wake_after=timedelta(), events=events)


def wave_event(plan: Plan, position: int) -> Event:
    """Return what there is to tell when a wave begins."""
    wave = plan.waves[position]
    accounts = f"{len(wave.accounts)} account{'' if len(wave.accounts) == 1 else 's'}"
    return Event(kind=EventKind.WAVE, text=f"wave {wave.index} {wave.name}: {accounts}")


def _finish(plan: Plan, so_far: Decision, seen: Observations, now: datetime) -> Decision:
    state = so_far.state
    vanished = {key for key, there in seen.existing.items() if not there}
    state = replace(state, gone=state.gone | (vanished & to_take_away(plan, state)))
    left = to_take_away(plan, state) - _with_failures(plan, state)
    if left:
        actions = tuple(DeleteStackSet(name=plan.stack_sets[key].name) for key in sorted(left))
        # Where others hold a stack set it is asked for again and again, ever more rarely.
        since = max((one.ended for one in state.landed), default=state.created)
        return _more(so_far, state, actions=actions, wake_after=next_look(since, now))
    event = Event(kind=EventKind.PROOF, text="listing all stack instances once more")
    proving = replace(state, phase=Phase.PROVING, proving_since=now)
    return _more(so_far, proving, wake_after=timedelta(), events=(event,))


def _prove(plan: Plan, state: RolloutState, seen: Observations, now: datetime) -> Decision:
    if not touched(plan) - state.gone <= seen.instances.keys():
        return Decision(state=state, wake_after=SOON)
    found = unproven(plan, state, seen, now)
    if found is None:
        return Decision(state=state, wake_after=SOON * 3)
    done = replace(state, phase=Phase.FINISHED, failures=(*state.failures, *found), ended=now)
    return Decision(state=done, events=(Event(kind=EventKind.FINISHED, text=done.outcome.value),))


def _stop(plan: Plan, so_far: Decision, seen: Observations, now: datetime) -> Decision:
    state = so_far.state
    if not state.flights:
        stopped = replace(state, phase=Phase.STOPPED, ended=now)
        event = Event(kind=EventKind.STOPPED, text="nothing is running any more")
        return Decision(state=stopped, events=(*so_far.events, event))
    stops = tuple(
        _stop_of(plan, f) for f in state.flights if f.ended is None and _is_known(seen, f)
    )
    return replace(so_far, actions=(*so_far.actions, *stops), wake_after=SOON)


def _stop_of(plan: Plan, flight: InFlightOperation) -> StopOperation:
    key = plan.operations[flight.piece.planned].stack_set
    return StopOperation(stack_set=plan.stack_sets[key].name, id=flight.id)


def _is_known(seen: Observations, flight: InFlightOperation) -> bool:
    found = seen.operations.get(flight.id)
    return found is not None and found.operation is not None


def _halt(so_far: Decision, note: str, now: datetime, *, undo: bool) -> Decision:
    """Start nothing more; what is in flight ends by itself."""
    state = so_far.state
    if state.flights:
        return replace(so_far, wake_after=so_far.wake_after or SOON)
    halted = replace(state, phase=Phase.HALTED, note=note, ended=now, undo=undo)
    event = Event(kind=EventKind.HALTED, text=note)
    return Decision(state=halted, events=(*so_far.events, event))


def _frozen(so_far: Decision, state: RolloutState, until: datetime, now: datetime) -> Decision:
    told = state.wake != until
    event = Event(kind=EventKind.FROZEN, text=f"no operation starts before {until.isoformat()}")
    return _more(
        so_far,
        replace(state, wake=until),
        wake_after=None if state.flights else until - now,
        events=(event,) if told else (),
    )


def _with_failures(plan: Plan, state: RolloutState) -> set[StackSetKey]:
    return {plan.operations[f.planned].stack_set for f in state.failures}


def _make(plan: Plan, state: RolloutState, key: StackSetKey) -> CreateStackSet:
    stack_set = plan.stack_sets[key]
    token = f"{state.id}-{stack_set.definition.state_digest({})}"
    return CreateStackSet(
        name=stack_set.name,
        definition=stack_set.definition,
        token=token,
        bucket=plan.template_bucket,
    )


def _more(
    so_far: Decision,
    state: RolloutState,
    *,
    actions: tuple[Action, ...] = (),
    wake_after: timedelta | None = None,
    events: tuple[Event, ...] = (),
) -> Decision:
    return Decision(
        state=state,
        actions=(*so_far.actions, *actions),
        wake_after=min([*_known(wake_after), *_known(so_far.wake_after)], default=None),
        events=(*so_far.events, *events),
    )


def _known(span: timedelta | None) -> tuple[timedelta, ...]:
    return () if span is None else (span,)
