"""One tick of a rollout: load, observe, decide, commit the intent, act.

Whatever drives it, and however often it is killed in between: what is sent was committed before,
and under an id that cannot start it twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from orgrollout.errors import OperationInProgressError
from orgrollout.model.ids import OperationId, RolloutId, StackSetName
from orgrollout.model.operation import OperationStatus
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.rollouts import Rollout, load_rollout, save
from orgrollout.reconcile.world import World
from orgrollout.rollout.decide import decide, wanted
from orgrollout.rollout.decision import (
    Action,
    CreateStackSet,
    DeleteStackSet,
    Event,
    OperationSeen,
    Seen,
    StartOperation,
    StopOperation,
    Wanted,
)
from orgrollout.rollout.state import RolloutState


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one tick came to."""

    rollout: Rollout
    events: tuple[Event, ...]
    wake_after: timedelta | None  # None: nothing happens by itself any more
    busy: tuple[StackSetName, ...] = ()  # stack sets held by an operation that is not ours


def tick(rollout: RolloutId, world: World) -> Tick:
    """Advance a rollout by one step.

    Raises:
        JournalConflictError: Another driver advanced it meanwhile; nothing was sent.
        AwsError: AWS refused something. The intent is kept, and `resume` goes on from there.
    """
    current = load_rollout(world.journal, rollout)
    seen = _observe(current.plan, wanted(current.plan, current.state), world)
    decision = decide(current.plan, current.state, seen, world.clock.now())
    if decision.state != current.state:
        current = save(world.journal, current, _with_calls(decision.state, world))
    busy = [name for action in decision.actions for name in _act(action, world)]
    return Tick(
        rollout=current,
        events=decision.events,
        wake_after=decision.wake_after,
        busy=tuple(busy),
    )


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


def _act(action: Action, world: World) -> Iterator[StackSetName]:
    """Carry an action out; yield the stack set's name where an operation of others holds it."""
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
