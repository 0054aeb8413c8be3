"""One tick of a rollout: load, observe, decide, commit the intent, act.

Whatever drives it, and however often it is killed in between: what is sent was committed before,
under an id that cannot start it twice, and by whoever holds the lease. A driver that is held up
between its last look at the lease and the request itself may still send; it finds out right after,
and so does whoever looks at the rollout next: what was withdrawn is known by its id, and stopped.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pydantic import TypeAdapter

from orgrollout.errors import OperationInProgressError
from orgrollout.model.ids import RolloutId, StackSetKey, StackSetName
from orgrollout.model.operation import OperationRequest, OperationStatus
from orgrollout.model.operation_id import read_operation_id
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.claims import confirm_claim
from orgrollout.reconcile.detecting import running_detections
from orgrollout.reconcile.held import HeldLease
from orgrollout.reconcile.inside import work_inside
from orgrollout.reconcile.refusals import REFUSALS, refused
from orgrollout.reconcile.repaired import note_repairs
from orgrollout.reconcile.rollouts import (
    NoSuchRolloutError,
    Rollout,
    claim_on,
    load_rollout,
    save_record,
)
from orgrollout.reconcile.seeing import observe
from orgrollout.reconcile.world import World
from orgrollout.rollout.decide import decide
from orgrollout.rollout.decision import (
    Action,
    CreateStackSet,
    Decision,
    DeleteStackSet,
    Event,
    EventKind,
    Refused,
    StartOperation,
    StopOperation,
    WorkInside,
)
from orgrollout.rollout.landing import refuse
from orgrollout.rollout.state import Phase, RolloutState
from orgrollout.rollout.wanted import wanted

_LOOK_AGAIN = timedelta(seconds=5)
_IN_THE_WAY = "a drift detection of ours is in the way and was stopped; what it found is kept"
_NOTED = TypeAdapter(Event)


def history_of(rollout: RolloutId) -> str:
    """Return the stream in which a rollout's history is kept."""
    return f"history/{rollout}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one tick came to."""

    rollout: Rollout
    events: tuple[Event, ...]
    wake_after: timedelta | None  # None: nothing happens by itself any more
    busy: tuple[StackSetName, ...] = ()  # stack sets held by an operation that is not ours
    beside: Mapping[StackSetKey, RolloutId] = field(default_factory=dict)  # waited for there
    held_by: str = ""  # the process that acts on the rollout right now; nothing was looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A stack set that an operation of others holds."""

    stack_set: StackSetName


def tick(rollout: RolloutId, world: World) -> Tick:
    """Advance a rollout by one step, unless another process is just doing that.

    Raises:
        JournalConflictError: Another driver advanced it meanwhile; nothing was sent.
        LeaseLostError: It advanced it while this process was held up; no more was sent.
        ClaimLostError: A stack set is no longer the rollout's to change.
        AwsError: AWS refused something. The intent is kept, and `resume` goes on from there.
    """
    current = load_rollout(world.journal, rollout)
    world = world.calling_as(current.plan.call_as)
    left = world.watch.left(current.record, world.holder, world.clock)
    if left and current.record.lease:
        held_by = current.record.lease.holder
        return Tick(rollout=current, events=(), wake_after=min(left, _LOOK_AGAIN), held_by=held_by)
    what = wanted(current.plan, current.state)
    patient = current.state.phase is not Phase.STOPPING
    seen = observe(rollout, current.plan, what, world, patient=patient)
    decision = decide(current.plan, current.state, seen, world.clock.now())
    done = Tick(
        rollout=current,
        events=decision.events,
        wake_after=decision.wake_after,
        beside=seen.beside,
    )
    note_repairs(current, decision.state, seen, world)
    if decision.actions:
        state = _with_calls(decision.state, world)
        return _act_on(HeldLease.take(current, state, world), decision, done, world)
    if decision.state != current.state:
        record = replace(current.record, state=_with_calls(decision.state, world), lease=None)
        done = replace(done, rollout=save_record(world.journal, current, record))
        _note(done, world)
    return done


def _act_on(held: HeldLease, decision: Decision, done: Tick, world: World) -> Tick:
    """Carry out what was committed, and give the lease back."""
    rollout = held.rollout.state.id
    done = replace(done, rollout=held.rollout)
    try:
        _note(done, world)
        with world.connection.guarded(held.ensure):
            answers = [answer for a in decision.actions for answer in _act(a, held, world)]
    except (Exception, KeyboardInterrupt):
        held.release()
        raise
    busy = tuple(answer.stack_set for answer in answers if isinstance(answer, Busy))
    state, told = _refuse(held.rollout, answers, world)
    if held.release(state):
        stopped, busy = _stop_detections(busy, held.rollout, world)
        told += stopped
        _stop_late_arrivals(busy, rollout, world)
        return replace(done, rollout=held.rollout, busy=busy, events=(*done.events, *told))
    # Held up for longer than the lease, and somebody has gone on: see what that one makes of it.
    again = tick(rollout, world)
    return replace(again, busy=busy, events=(*done.events, *again.events))


def _refuse(
    rollout: Rollout, answers: Iterable["Busy | Refused"], world: World
) -> tuple[RolloutState, list[Event]]:
    """Return the state without the operations that AWS refused for good, and what to tell."""
    state, events = rollout.state, []
    for answer in answers:
        if isinstance(answer, Refused):
            state, told = refuse(rollout.plan, state, answer, world.clock.now())
            events += told
    return state, events


def _note(done: Tick, world: World) -> None:
    """Add what happened to the rollout's history."""
    if done.events:
        record = done.rollout.record
        entry = {
            "at": world.clock.now().isoformat(),
            "by": world.holder,
            "fence": record.fence,
            "events": [_NOTED.dump_python(event, mode="json") for event in done.events],
        }
        world.journal.append(history_of(record.state.id), entry)


def _with_calls(state: RolloutState, world: World) -> RolloutState:
    total = Counter(state.calls) + world.meter.take(world.connection.calls)
    return replace(state, calls=dict(total))


def _act(action: Action, held: HeldLease, world: World) -> Iterator[Busy | Refused]:
    """Carry an action out; yield what keeps an operation from starting, now or for good."""
    plan, rollout = held.rollout.plan, held.rollout.state.id
    if not isinstance(action, StopOperation):
        confirm_claim(world.journal, _changed_by(action, plan), rollout)
    match action:
        case WorkInside():
            work_inside(action, plan, world, held.ensure)
        case CreateStackSet():
            world.stack_sets.create_stack_set(
                action.name, action.definition, action.token, action.bucket
            )
        case DeleteStackSet():
            world.stack_sets.delete_stack_set(action.name)
        case StopOperation():
            world.stack_sets.stop(action.stack_set, action.id)
        case StartOperation():
            yield from _start(action.request, world)


def _start(request: OperationRequest, world: World) -> Iterator[Busy | Refused]:
    try:
        world.stack_sets.start(request)
    except OperationInProgressError:
        # The intent is committed; the next tick sends it again under the same id.
        yield Busy(stack_set=request.stack_set)
    except REFUSALS as error:
        yield refused(error, request, world)


def _changed_by(
    action: CreateStackSet | DeleteStackSet | StartOperation | WorkInside, plan: Plan
) -> StackSetName:
    match action:
        case StartOperation():
            return action.request.stack_set
        case WorkInside():
            return claim_on(plan, plan.operations[action.piece.planned].stack_set)
        case _:
            return action.name


def _stop_detections(
    busy: Iterable[StackSetName], rollout: Rollout, world: World
) -> tuple[list[Event], tuple[StackSetName, ...]]:
    """Stop detections of ours that are in the way; return what to tell, and what others hold."""
    events, left = [], []
    keys = {stack_set.name: key for key, stack_set in rollout.plan.stack_sets.items()}
    for name in busy:
        ours = running_detections(name, world)
        for operation in ours:
            if operation.status is not OperationStatus.STOPPING:
                world.stack_sets.stop(name, operation.id)
                events.append(Event(kind=EventKind.WAITING, text=_IN_THE_WAY, stack_set=keys[name]))
        left += [] if ours else [name]
    return events, tuple(left)


def _stop_late_arrivals(busy: Iterable[StackSetName], rollout: RolloutId, world: World) -> None:
    """Stop what holds a stack set, where that is an operation another rollout had withdrawn."""
    for name in busy:
        for operation in next(world.stack_sets.operation_pages(name), ()):
            said = read_operation_id(operation.id)
            if said is None or said.rollout == rollout or operation.status.is_terminal:
                continue
            with suppress(NoSuchRolloutError):
                other = load_rollout(world.journal, said.rollout)
                if operation.id in {flight.id for flight in other.state.withdrawn}:
                    tick(said.rollout, world)
