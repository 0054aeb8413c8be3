"""Looking for drift in several stack sets at the same time, from this machine."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.drivers.outage import PASSING, Outage
from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import StackSetName
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.detections import Intent
from orgrollout.reconcile.drift.detect import DetectionPhase, DetectionStep, detect_step, withdraw

Follow = Callable[[DetectionStep], None]
Waiting = Callable[[OrgRolloutError, timedelta], None]


@dataclass(slots=True)
class _Followed:
    """One stack set: when to look next, and since when it has been busy."""

    due: datetime
    mine: Intent | None = None
    busy_since: datetime | None = None


def detect(
    names: Iterable[StackSetName],
    world: Context,
    follow: Follow,
    waiting: Waiting,
    *,
    patience: timedelta,
) -> Mapping[StackSetName, DetectionStep]:
    """Look for drift in all of the stack sets, and return how each ended.

    ``follow`` is told of every step, ``waiting`` of every pause in an outage. Operations of others
    are waited for as long as ``patience`` lasts. Interrupting is harmless: detections go on in
    AWS, and detecting again attaches to them.

    Raises:
        AwsError: AWS refused something, or is away for too long.
    """
    outage = Outage()
    started = world.clock.now()
    open_sets = {name: _Followed(due=started) for name in names}
    ended: dict[StackSetName, DetectionStep] = {}
    while open_sets:
        name, each = min(open_sets.items(), key=lambda item: item[1].due)
        world.clock.sleep(each.due - world.clock.now())
        try:
            step = _step(name, each, world, patience)
        except PASSING as error:
            pause = outage.pause(error)
            waiting(error, pause)
            world.clock.sleep(pause)
            continue
        outage.over()
        follow(step)
        if step.wake_after is None:
            ended[name] = step
            del open_sets[name]
        else:
            each.mine, each.due = step.intent, world.clock.now() + step.wake_after
    return ended


def _step(
    name: StackSetName, each: _Followed, world: Context, patience: timedelta
) -> DetectionStep:
    step = detect_step(name, world, each.mine)
    if step.phase is not DetectionPhase.WAITING or step.intent is None:
        each.busy_since = None
        return step
    each.busy_since = each.busy_since or world.clock.now()
    if world.clock.now() - each.busy_since < patience:
        return step
    withdraw(name, world, step.intent)
    return DetectionStep(stack_set=name, phase=step.phase, held_by=step.held_by)
