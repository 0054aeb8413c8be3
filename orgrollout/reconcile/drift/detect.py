"""Looking for drift in one stack set, step by step, as often and in as many processes as one likes.

A detection occupies its stack set. So it does not begin where a rollout is running, and one of ours
is stopped by a rollout that meets it: what it has found by then is known and used.

Its operation is committed to the journal before it is sent. A process that comes later, or at the
same time, attaches to what is committed; CloudFormation takes the id as idempotency token.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from orgrollout.errors import InvalidOperationError, OperationInProgressError, StackSetNotFoundError
from orgrollout.model.ids import StackSetName
from orgrollout.model.operation import Operation, OperationStatus
from orgrollout.model.operation_id import detection_id, is_own_detection
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.claims import repairs_of
from orgrollout.reconcile.documents.detections import (
    WITHDRAWN,
    Intent,
    close_intent,
    read_intent,
    write_intent,
)
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.reconcile.lifecycle.begin import BUSY, holders_of
from orgrollout.rollout.state.polling import next_look

_GONE = "GONE"  # the stack set is
_AT_ONCE = timedelta()


class DetectionPhase(StrEnum):
    """How far looking for drift has come in one stack set."""

    RUNNING = "running"
    WAITING = "waiting"  # for an operation that is not ours
    YIELDING = "yielding"  # a rollout is running; nothing was started
    STOPPED = "stopped"  # before it had looked everywhere
    ENDED = "ended"
    GONE = "gone"  # there is no such stack set any more
    REFUSED = "refused"  # CloudFormation does not do it


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionStep:
    """The result of one step."""

    stack_set: StackSetName
    phase: DetectionPhase
    intent: Intent | None = None  # the detection this process is attached to
    wake_after: timedelta | None = None  # None: nothing more is to be done
    held_by: str = ""  # the rollout, or what the stack set is busy with; why it was refused


def detect_step(name: StackSetName, context: Context, mine: Intent | None = None) -> DetectionStep:
    """Bring a detection one step further. ``mine`` is what the step before attached to.

    One that was begun earlier and is over by now is not taken for this one: a new one begins.

    Raises:
        AwsError: It could not be asked or started. What is committed stays, for the next try.
    """
    if mine is None:
        mine = _open(name, context)
    if mine is None:
        if rollout := _running_rollout(name, context):
            return DetectionStep(stack_set=name, phase=DetectionPhase.YIELDING, held_by=rollout)
        mine = _commit(name, context)
    if mine is None:  # another process was faster: attach to what it committed
        return DetectionStep(stack_set=name, phase=DetectionPhase.WAITING, wake_after=_AT_ONCE)
    try:
        found = context.stack_sets.describe_operation(name, mine.operation)
        if found is None:
            return _send(name, context, mine)
    except StackSetNotFoundError:
        close_intent(name, context.journal, mine, _GONE)
        return DetectionStep(stack_set=name, phase=DetectionPhase.GONE, intent=mine)
    return _followed(name, context, mine, found)


def withdraw(name: StackSetName, context: Context, intent: Intent) -> None:
    """Give up a detection that could not begin yet."""
    close_intent(name, context.journal, intent, WITHDRAWN)


def running_detections(name: StackSetName, context: Context) -> tuple[Operation, ...]:
    """Return the detections of ours that hold a stack set, those being stopped included.

    The journal knows of one before lists do; lists know of those of other journals.
    """
    page: tuple[Operation, ...] = next(context.stack_sets.operation_pages(name), ())
    ours = {o.id for o in page if is_own_detection(o.id) and not o.status.is_terminal}
    intent = read_intent(context.journal, name)
    if intent is not None and not intent.ended:
        ours.add(intent.operation)
    described = (context.stack_sets.describe_operation(name, each) for each in sorted(ours))
    return tuple(o for o in described if o is not None and not o.status.is_terminal)


def _open(name: StackSetName, context: Context) -> Intent | None:
    """Return a detection that was committed and may be under way, or may never have been sent."""
    intent = read_intent(context.journal, name)
    if intent is None or intent.ended:
        return None
    with suppress(StackSetNotFoundError):
        found = context.stack_sets.describe_operation(name, intent.operation)
        if found is None or not found.status.is_terminal:
            return intent
        close_intent(name, context.journal, intent, found.status.value)
    return None


def _commit(name: StackSetName, context: Context) -> Intent | None:
    """Commit that a detection begins; None: another process just did."""
    now = context.clock.now()
    before = read_intent(context.journal, name)
    intent = Intent(operation=detection_id(now, [name, context.holder]), committed=now)
    return write_intent(context.journal, name, intent, before.version if before else None)


def _send(name: StackSetName, context: Context, mine: Intent) -> DetectionStep:
    """Start what is committed, if it still is, and no rollout has begun meanwhile."""
    current = read_intent(context.journal, name)
    if current is None or current.operation != mine.operation or current.ended:
        return DetectionStep(stack_set=name, phase=DetectionPhase.WAITING, wake_after=_AT_ONCE)
    if rollout := _running_rollout(name, context):
        withdraw(name, context, current)
        return DetectionStep(stack_set=name, phase=DetectionPhase.YIELDING, held_by=rollout)
    wake = next_look(mine.committed, context.clock.now())
    try:
        context.stack_sets.detect_drift(name, mine.operation)
    except OperationInProgressError:
        return DetectionStep(
            stack_set=name,
            phase=DetectionPhase.WAITING,
            intent=current,
            wake_after=wake,
            held_by=_busy_with(name, context),
        )
    except InvalidOperationError as error:
        withdraw(name, context, current)
        return DetectionStep(stack_set=name, phase=DetectionPhase.REFUSED, held_by=error.said)
    return DetectionStep(
        stack_set=name, phase=DetectionPhase.RUNNING, intent=current, wake_after=wake
    )


def _followed(
    name: StackSetName, context: Context, mine: Intent, found: Operation
) -> DetectionStep:
    if not found.status.is_terminal:
        wake = next_look(found.created or mine.committed, context.clock.now())
        return DetectionStep(
            stack_set=name, phase=DetectionPhase.RUNNING, intent=mine, wake_after=wake
        )
    close_intent(name, context.journal, mine, found.status.value)
    stopped = found.status is OperationStatus.STOPPED
    phase = DetectionPhase.STOPPED if stopped else DetectionPhase.ENDED
    return DetectionStep(stack_set=name, phase=phase, intent=replace(mine, ended=found.status))


def _busy_with(name: StackSetName, context: Context) -> str:
    """Return what runs on the stack set, as far as the list tells yet."""
    page: tuple[Operation, ...] = next(context.stack_sets.operation_pages(name), ())
    return next((f"{o.action} {o.id}" for o in page if not o.status.is_terminal), "")


def _running_rollout(name: StackSetName, context: Context) -> str:
    """Return the rollout that is doing something on the stack set.

    One that soaks, waits for an approval, is halted or was stopped leaves room.
    """
    holders = holders_of(context.journal, [name, repairs_of(name)]).values()
    busy = (r for r in holders if load_rollout(context.journal, r).state.phase in BUSY)
    return next(busy, "")
