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
    context: Context,
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
    started = context.clock.now()
    open_sets = {name: _Followed(due=started) for name in names}
    ended: dict[StackSetName, DetectionStep] = {}
    while open_sets:
        name, each = min(open_sets.items(), key=lambda item: item[1].due)
        context.clock.sleep(each.due - context.clock.now())
        try:
            step = _step(name, each, context, patience)
        except PASSING as error:
            pause = outage.pause(error)
            waiting(error, pause)
            context.clock.sleep(pause)
            continue
        outage.over()
        follow(step)
        if step.wake_after is None:
            ended[name] = step
            del open_sets[name]
        else:
            each.mine, each.due = step.intent, context.clock.now() + step.wake_after
    return ended


def _step(
    name: StackSetName, each: _Followed, context: Context, patience: timedelta
) -> DetectionStep:
    step = detect_step(name, context, each.mine)
    if step.phase is not DetectionPhase.WAITING or step.intent is None:
        each.busy_since = None
        return step
    each.busy_since = each.busy_since or context.clock.now()
    if context.clock.now() - each.busy_since < patience:
        return step
    withdraw(name, context, step.intent)
    return DetectionStep(stack_set=name, phase=step.phase, held_by=step.held_by)
