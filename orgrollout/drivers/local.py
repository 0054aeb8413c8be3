"""The loop on this machine: tick, wait, tick."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from orgrollout.errors import JournalConflictError
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.reconcile.begin import holders_of
from orgrollout.reconcile.rollouts import Rollout, give_order, load_rollout
from orgrollout.reconcile.tick import Tick, tick
from orgrollout.reconcile.world import World
from orgrollout.rollout import orders

_ANOTHER_DRIVER = timedelta(seconds=1)


def drive(rollout: RolloutId, world: World, follow: Callable[[Tick], None]) -> Rollout:
    """Advance a rollout until nothing happens by itself any more, and return it.

    ``follow`` is told of every tick. Interrupting is harmless: operations go on in AWS, and
    driving again attaches to them. Any number of drivers may do this at the same time.

    Raises:
        AwsError: AWS refused something. The rollout stays open and can be resumed.
        ClaimLostError: Another rollout took over, or somebody unlocked a stack set.
    """
    while True:
        try:
            latest = tick(rollout, world)
        except JournalConflictError:
            # Another driver was faster, and nothing was sent from here. Look at what it did.
            world.clock.sleep(_ANOTHER_DRIVER)
            continue
        follow(latest)
        if latest.wake_after is None:
            return latest.rollout
        world.clock.sleep(latest.wake_after)


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
            give_order(world.journal, other, lambda r: orders.stop(r.state))
        drive(other, world, follow)
    return tuple(others)
