"""The loop on this machine: tick, wait, tick."""

from collections.abc import Callable
from datetime import timedelta

from orgrollout.errors import JournalConflictError
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.rollouts import Rollout
from orgrollout.reconcile.tick import Tick, tick
from orgrollout.reconcile.world import World

_ANOTHER_DRIVER = timedelta(seconds=1)


def drive(rollout: RolloutId, world: World, follow: Callable[[Tick], None]) -> Rollout:
    """Advance a rollout until nothing happens by itself any more, and return it.

    ``follow`` is told of every tick. Interrupting is harmless: operations go on in AWS, and
    driving again attaches to them.

    Raises:
        AwsError: AWS refused something. The rollout stays open and can be resumed.
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
