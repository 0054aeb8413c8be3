"""The loop on this machine: tick, wait, tick."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from orgrollout.drivers.outage import PASSING, Outage
from orgrollout.errors import JournalConflictError, OrgRolloutError
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.begin import holders_of
from orgrollout.reconcile.notifying import tell_of_rollout
from orgrollout.reconcile.rollbacks import begin_rollback
from orgrollout.reconcile.rollouts import Rollout, give_order, load_rollout
from orgrollout.reconcile.tick import Tick, tick
from orgrollout.reconcile.world import World
from orgrollout.rollout import orders
from orgrollout.rollout.decision import Event, EventKind
from orgrollout.rollout.rollback import NothingToRollBackError

_ANOTHER_DRIVER = timedelta(seconds=1)


def drive(rollout: RolloutId, world: World, follow: Callable[[Tick], None]) -> Rollout:
    """Advance a rollout until nothing happens by itself any more, and return it.

    ``follow`` is told of every tick. Interrupting is harmless: operations go on in AWS, and
    driving again attaches to them. Any number of drivers may do this at the same time.

    An outage, of AWS or of the network, is waited out for an hour at least: nothing is lost by it.

    Raises:
        AwsError: AWS refused something, or is away for too long. The rollout stays open and can be
            resumed.
        ClaimLostError: Another rollout took over, or somebody unlocked a stack set.
    """
    outage = Outage()
    while True:
        try:
            latest = tick(rollout, world)
        except JournalConflictError:
            # Another driver was faster, and nothing was sent from here. Look at what it did.
            world.clock.sleep(_ANOTHER_DRIVER)
            continue
        except PASSING as error:
            pause = outage.pause(error)
            follow(_waiting(rollout, error, pause, world))
            world.clock.sleep(pause)
            continue
        outage.over()
        follow(latest)
        if latest.wake_after is None:
            _notify(latest.rollout, world, follow)
            return _taken_back(latest.rollout, world, follow)
        world.clock.sleep(latest.wake_after)


def _taken_back(rollout: Rollout, world: World, follow: Callable[[Tick], None]) -> Rollout:
    """Return a rollout that is over, after it was taken back if that is what its plan says."""
    if not rollout.state.undo or rollout.state.superseded_by is not None:
        return rollout
    try:
        back = begin_rollback(rollout, world)
    except NothingToRollBackError as error:
        said = Event(kind=EventKind.ROLLBACK, text=str(error))
        follow(Tick(rollout=rollout, events=(said,), wake_after=None))
        return rollout
    said = Event(kind=EventKind.ROLLBACK, text=f"{rollout.state.id} is taken back: {back.state.id}")
    follow(Tick(rollout=rollout, events=(said,), wake_after=timedelta()))
    drive(back.state.id, world, follow)
    return load_rollout(world.journal, rollout.state.id)


def _notify(rollout: Rollout, world: World, follow: Callable[[Tick], None]) -> None:
    def warn(text: str) -> None:
        said = Event(kind=EventKind.NOTICE, text=f"warning: {text}")
        follow(Tick(rollout=rollout, events=(said,), wake_after=timedelta()))

    tell_of_rollout(rollout, world, warn)


def _waiting(rollout: RolloutId, error: OrgRolloutError, pause: timedelta, world: World) -> Tick:
    """Return what there is to tell while nothing can be done."""
    text = f"{error} Trying again in {pause}; nothing is lost."
    event = Event(kind=EventKind.WAITING, text=text)
    known = load_rollout(world.journal, rollout)
    return Tick(rollout=known, events=(event,), wake_after=pause)


def stop_holders(
    stack_sets: Iterable[StackSetName], world: World, follow: Callable[[Tick], None]
) -> tuple[RolloutId, ...]:
    """Stop every rollout that holds some of the stack sets, and return them when nothing runs.

    What they were doing changes what there is to plan; so this comes before a plan that is to take
    over from them.
    """
    others = sorted(set(holders_of(world.journal, stack_sets).values()))
    for other in others:
        if not load_rollout(world.journal, other).state.phase.is_over:
            give_order(world.journal, other, lambda r: orders.stop(r.state), world.said("stop"))
        drive(other, world, follow)
    return tuple(others)
