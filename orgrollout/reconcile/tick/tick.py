"""One tick of a rollout: load, observe, decide, commit the intent, act.

Whatever drives it, and however often it is killed in between: what is sent was committed before,
under an id that cannot start it twice, and by the process that holds the lease. A driver that is
held up between its last look at the lease and the request itself may still send; it finds out right
after, and so does the next process that looks at the rollout: what was withdrawn is known by its
id, and stopped.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from orgrollout.model.ids import RolloutId, StackSetKey, StackSetName
from orgrollout.model.logs import about, log_of
from orgrollout.model.operation import OperationStatus
from orgrollout.model.operation_id import read_operation_id
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollout_events import with_line
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout, save_record
from orgrollout.reconcile.drift.detect import running_detections
from orgrollout.reconcile.drift.repair_outcomes import note_repairs
from orgrollout.reconcile.locks.held_lease import HeldLease
from orgrollout.reconcile.tick.execute import Busy, act, after_answers
from orgrollout.reconcile.tick.observe import observe
from orgrollout.rollout.decide.decide import decide
from orgrollout.rollout.decide.observation_request import wanted
from orgrollout.rollout.state.decision import Decision, Event, EventKind
from orgrollout.rollout.state.state import Phase, RolloutState

_LOG = log_of(__name__)
_LOOK_AGAIN = timedelta(seconds=5)
_IN_THE_WAY = "a drift detection of ours is in the way and was stopped; what it found is kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """The result of one tick."""

    rollout: Rollout
    events: tuple[Event, ...]
    wake_after: timedelta | None  # None: nothing happens by itself any more
    busy: tuple[StackSetName, ...] = ()  # stack sets held by an operation that is not ours
    concurrent: Mapping[StackSetKey, RolloutId] = field(default_factory=dict)  # waited for there
    held_by: str = ""  # the process that acts on the rollout right now; nothing was looked at


def tick(rollout: RolloutId, context: Context) -> Tick:
    """Advance a rollout by one step, unless another process is just doing that.

    Raises:
        JournalConflictError: Another driver advanced it meanwhile; nothing was sent.
        LeaseLostError: It advanced it while this process was held up; no more was sent.
        ClaimLostError: A stack set is no longer the rollout's to change.
        AwsError: AWS refused something. The intent is kept, and `resume` goes on from there.
    """
    with about(rollout=rollout):
        return _tick(load_rollout(context.journal, rollout), context)


def _tick(current: Rollout, context: Context) -> Tick:
    with about(wave=_wave(current.plan, current.state)):
        done = _advance(current, context)
    _log(current, done)
    return done


def _advance(current: Rollout, context: Context) -> Tick:
    rollout = current.state.id
    context = context.calling_as(current.plan.call_as)
    left = context.watch.left(current.record, context.holder, context.clock)
    if left and current.record.lease:
        held_by = current.record.lease.holder
        return Tick(rollout=current, events=(), wake_after=min(left, _LOOK_AGAIN), held_by=held_by)
    context.histories.catch_up(context.journal, current.record)
    what = wanted(current.plan, current.state)
    patient = current.state.phase is not Phase.STOPPING
    seen = observe(rollout, current.plan, what, context, patient=patient)
    # A soak that ends, or a freeze, goes by AWS's time, whatever this machine's clock says by now.
    context.connection.be_sure_of_the_time()
    decision = decide(current.plan, current.state, seen, context.clock.now())
    done = Tick(
        rollout=current,
        events=decision.events,
        wake_after=decision.wake_after,
        concurrent=seen.concurrent,
    )
    note_repairs(current, decision.state, seen, context)
    if decision.actions:
        state = _with_calls(decision.state, context)
        return _act_on(
            HeldLease.take(current, state, context, done.events), decision, done, context
        )
    if decision.state != current.state:
        record = replace(current.record, state=_with_calls(decision.state, context), lease=None)
        record = with_line(record, done.events, by=context.holder, at=context.clock.now())
        done = replace(done, rollout=save_record(context.journal, current, record))
        context.histories.append(context.journal, record)
    return done


def _wave(plan: Plan, state: RolloutState) -> str | None:
    """Return the name of the wave that is under way."""
    return plan.waves[state.wave].name if state.wave < len(plan.waves) else None


def _log(before: Rollout, done: Tick) -> None:
    """Log what came of a tick: its events, and a phase that changed."""
    plan, state = done.rollout.plan, done.rollout.state
    ids = {f.number: f.id for f in (*before.state.in_flight, *state.in_flight)}
    ids |= {completed.number: completed.id for completed in state.completed}
    wave = _wave(plan, before.state)  # what ends in this tick is of the wave before
    for event in done.events:
        if event.kind is EventKind.WAVE:
            wave = _wave(plan, state)
        known = plan.stack_sets.get(event.stack_set) if event.stack_set else None
        said = {
            "wave": wave,
            "stack_set": known.name if known else None,
            "operation_id": ids.get(event.number or 0),
        }
        _LOG.info("%s: %s", event.kind.value, event.text, extra=said)
    if state.phase is not before.state.phase:
        was = before.state.phase.value
        _LOG.info("phase: %s, was %s", state.phase.value, was, extra={"wave": _wave(plan, state)})


def _act_on(held: HeldLease, decision: Decision, done: Tick, context: Context) -> Tick:
    """Carry out what was committed, and give the lease back."""
    rollout = held.rollout.state.id
    done = replace(done, rollout=held.rollout)
    try:
        context.histories.append(context.journal, held.rollout.record)
        with context.connection.guarded(held.ensure):
            answers = [answer for a in decision.actions for answer in act(a, held, context)]
    except (Exception, KeyboardInterrupt):
        held.release()
        raise
    busy = tuple(answer.stack_set for answer in answers if isinstance(answer, Busy))
    state, told = after_answers(held.rollout, answers, context)
    if held.release(state, told):
        context.histories.catch_up(
            context.journal, held.rollout.record
        )  # or it is an operator's line
        stopped, busy = _stop_detections(busy, held.rollout, context)
        told += stopped
        _stop_late_arrivals(busy, rollout, context)
        return replace(done, rollout=held.rollout, busy=busy, events=(*done.events, *told))
    # Held up for longer than the lease, and another process has gone on: see its result.
    again = tick(rollout, context)
    return replace(again, busy=busy, events=(*done.events, *again.events))


def _with_calls(state: RolloutState, context: Context) -> RolloutState:
    total = Counter(state.calls) + context.meter.take(context.connection.calls)
    return replace(state, calls=dict(total))


def _stop_detections(
    busy: Iterable[StackSetName], rollout: Rollout, context: Context
) -> tuple[list[Event], tuple[StackSetName, ...]]:
    """Stop detections of ours that are in the way; return what to tell, and what others hold."""
    events, left = [], []
    keys = {stack_set.name: key for key, stack_set in rollout.plan.stack_sets.items()}
    for name in busy:
        ours = running_detections(name, context)
        for operation in ours:
            if operation.status is not OperationStatus.STOPPING:
                context.stack_sets.stop(name, operation.id)
                events.append(Event(kind=EventKind.WAITING, text=_IN_THE_WAY, stack_set=keys[name]))
        left += [] if ours else [name]
    return events, tuple(left)


def _stop_late_arrivals(busy: Iterable[StackSetName], rollout: RolloutId, context: Context) -> None:
    """Stop what holds a stack set, where that is an operation another rollout had withdrawn."""
    for name in busy:
        for operation in next(context.stack_sets.operation_pages(name), ()):
            said = read_operation_id(operation.id)
            if said is None or said.rollout == rollout or operation.status.is_terminal:
                continue
            with suppress(NoSuchRolloutError):
                other = load_rollout(context.journal, said.rollout)
                if operation.id in {each.id for each in other.state.withdrawn}:
                    tick(said.rollout, context)
