"""One tick of a rollout: load, observe, decide, commit the intent, act.

Whatever drives it, and however often it is killed in between: what is sent was committed before,
under an id that cannot start it twice, and by whoever holds the lease. A driver that is held up
between its last look at the lease and the request itself may still send; it finds out right after,
and so does whoever looks at the rollout next: what was withdrawn is known by its id, and stopped.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import TypeAdapter

from orgrollout.errors import OperationInProgressError
from orgrollout.model.ids import OperationId, RolloutId, StackSetName
from orgrollout.model.operation import OperationStatus
from orgrollout.model.operation_id import read_operation_id
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.claims import confirm_claim
from orgrollout.reconcile.held import HeldLease
from orgrollout.reconcile.rollouts import NoSuchRolloutError, Rollout, load_rollout, save_record
from orgrollout.reconcile.world import World
from orgrollout.rollout.decide import decide, wanted
from orgrollout.rollout.decision import (
    Action,
    CreateStackSet,
    Decision,
    DeleteStackSet,
    Event,
    OperationSeen,
    Seen,
    StartOperation,
    StopOperation,
    Wanted,
)
from orgrollout.rollout.state import RolloutState

_LOOK_AGAIN = timedelta(seconds=5)
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
    held_by: str = ""  # the process that acts on the rollout right now; nothing was looked at


def tick(rollout: RolloutId, world: World) -> Tick:
    """Advance a rollout by one step, unless another process is just doing that.

    Raises:
        JournalConflictError: Another driver advanced it meanwhile; nothing was sent.
        LeaseLostError: It advanced it while this process was held up; no more was sent.
        ClaimLostError: A stack set is no longer the rollout's to change.
        AwsError: AWS refused something. The intent is kept, and `resume` goes on from there.
    """
    current = load_rollout(world.journal, rollout)
    left = world.watch.left(current.record, world.holder, world.clock)
    if left and current.record.lease:
        held_by = current.record.lease.holder
        return Tick(rollout=current, events=(), wake_after=min(left, _LOOK_AGAIN), held_by=held_by)
    seen = _observe(current.plan, wanted(current.plan, current.state), world)
    decision = decide(current.plan, current.state, seen, world.clock.now())
    done = Tick(rollout=current, events=decision.events, wake_after=decision.wake_after)
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
            busy = [name for a in decision.actions for name in _act(a, rollout, world)]
    except (Exception, KeyboardInterrupt):
        held.release()
        raise
    done = replace(done, busy=tuple(busy))
    if held.release():
        _stop_late_arrivals(busy, rollout, world)
        return replace(done, rollout=held.rollout)
    # Held up for longer than the lease, and somebody has gone on: see what that one makes of it.
    again = tick(rollout, world)
    return replace(again, events=(*done.events, *again.events))


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


def _observe(plan: Plan, what: Wanted, world: World) -> Seen:
    names = {key: stack_set.name for key, stack_set in plan.stack_sets.items()}
    return Seen(
        operations={
            operation: _look(names[key], operation, world)
            for operation, key in what.operations.items()
        },
        existing={key: world.stack_sets.describe(names[key]) is not None for key in what.existing},
        instances={
            key: {i.pair: i for i in world.stack_sets.instances(names[key])}
            for key in what.instances
        },
    )


def _look(name: StackSetName, operation: OperationId, world: World) -> OperationSeen:
    found = world.stack_sets.describe_operation(name, operation)
    if found is None or not found.status.is_terminal:
        return OperationSeen(operation=found)
    if found.status is OperationStatus.SUCCEEDED:
        results = world.stack_sets.failed_results(name, operation)
    else:
        results = tuple(world.stack_sets.results(name, operation))
    return OperationSeen(operation=found, results=results)


def _act(action: Action, rollout: RolloutId, world: World) -> Iterator[StackSetName]:
    """Carry an action out; yield the stack set's name where an operation of others holds it."""
    if not isinstance(action, StopOperation):
        confirm_claim(world.journal, _changed_by(action), rollout)
    match action:
        case CreateStackSet():
            world.stack_sets.create_stack_set(action.name, action.definition, action.token)
        case DeleteStackSet():
            world.stack_sets.delete_stack_set(action.name)
        case StopOperation():
            world.stack_sets.stop(action.stack_set, action.id)
        case StartOperation():
            try:
                world.stack_sets.start(action.request)
            except OperationInProgressError:
                # The intent is committed; the next tick sends it again under the same id.
                yield action.request.stack_set


def _changed_by(action: CreateStackSet | DeleteStackSet | StartOperation) -> StackSetName:
    return action.request.stack_set if isinstance(action, StartOperation) else action.name


def _stop_late_arrivals(busy: Iterable[StackSetName], rollout: RolloutId, world: World) -> None:
    """Stop what holds a stack set, where that is an operation another rollout had withdrawn."""
    for name in busy:
        for operation in world.stack_sets.operations(name):
            said = read_operation_id(operation.id)
            if said is None or said.rollout == rollout or operation.status.is_terminal:
                continue
            with suppress(NoSuchRolloutError):
                other = load_rollout(world.journal, said.rollout)
                if operation.id in {flight.id for flight in other.state.withdrawn}:
                    tick(said.rollout, world)
