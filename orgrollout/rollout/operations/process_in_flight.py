"""What is under way: taken as over where it is, and what the rest of it still needs."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.member_accounts.concurrency import LOOKS, progress
from orgrollout.rollout.operations.record_results import record_results, refuse, results_add_up
from orgrollout.rollout.operations.start_operations import request_of
from orgrollout.rollout.state.decision import (
    Action,
    Decision,
    Event,
    Observations,
    OperationObservation,
    Refused,
    StartBlock,
    StartOperation,
)
from orgrollout.rollout.state.polling import next_look, until_next_look
from orgrollout.rollout.state.state import InFlightOperation, RolloutState
from orgrollout.rollout.state.view import RolloutView

SOON = timedelta(seconds=2)
MAY_BE_ON_ITS_WAY = timedelta(seconds=90)  # longer than any call is waited for


def process_in_flight(
    view: RolloutView, observations: Observations, now: datetime, block: StartBlock
) -> Decision:
    """Return the state without the operations that are over, and what the others still need.

    Under a ``block`` nothing begins any more within what is under way.
    """
    there = [each for each in view.state.in_flight if is_repair(view.plan, each)]
    of_stack_sets = [each for each in view.state.in_flight if each not in there]
    first = _process_in_member_accounts(view, there, observations, now, given_up=block.holds)
    then = _process_by_stack_sets(
        view.at(first.state), of_stack_sets, observations, now=now, block=block
    )
    waits = [d.wake_after for d in (first, then) if d.wake_after is not None]
    return Decision(
        state=then.state,
        actions=(*first.actions, *then.actions),
        wake_after=min(waits, default=None),
        events=(*first.events, *then.events),
    )


def is_repair(plan: Plan, in_flight: InFlightOperation) -> bool:
    """Return whether calls in member accounts carry it out, and not StackSets."""
    return plan.operations[in_flight.pending.planned].action.is_repair


def _process_in_member_accounts(
    view: RolloutView,
    operations: Iterable[InFlightOperation],
    observations: Observations,
    now: datetime,
    *,
    given_up: bool,
) -> Decision:
    state = view.state
    actions: list[Action] = []
    events: list[Event] = []
    waits: list[timedelta] = []
    for in_flight in operations:
        found = observations.member_accounts.get(in_flight.id)
        if found is None:
            waits.append(SOON)
            continue
        goes = progress(view.plan, in_flight, found, now, given_up=given_up)
        if goes.over is not None:
            state, told = record_results(view.at(state), in_flight, goes.over, now)
            events += told
            continue
        actions += (goes.work,) if goes.work else ()
        waits.append(LOOKS)
    return Decision(
        state=state,
        actions=tuple(actions),
        wake_after=min(waits, default=None),
        events=tuple(events),
    )


def _process_by_stack_sets(
    view: RolloutView,
    operations: Iterable[InFlightOperation],
    observations: Observations,
    *,
    now: datetime,
    block: StartBlock,
) -> Decision:
    state = view.state
    actions: list[Action] = []
    events: list[Event] = []
    waits: list[timedelta] = []
    for in_flight in operations:
        found = observations.operations.get(in_flight.id)
        if found is not None and found.operation is None and not found.gone:
            goes = _unknown(view.at(state), in_flight, found, now=now, block=block)
        else:
            goes = _known(view.at(state), in_flight, found, now)
        state = goes.state
        actions += goes.actions
        events += goes.events
        waits += [] if goes.wake_after is None else [goes.wake_after]
    return Decision(
        state=state,
        actions=tuple(actions),
        wake_after=min(waits, default=None),
        events=tuple(events),
    )


def _unknown(
    view: RolloutView,
    in_flight: InFlightOperation,
    found: OperationObservation,
    *,
    now: datetime,
    block: StartBlock,
) -> Decision:
    """Return what becomes of an intent that AWS does not know: committed, but it never arrived.

    It is as good as not begun, so what holds up the others holds it up, too.
    """
    if block.given_up:
        return Decision(state=_withdraw(view.state, in_flight, now), wake_after=SOON)
    if block.frozen is not None:
        return Decision(state=view.state, wake_after=block.frozen - now)
    # Where others hold the stack set it is sent again and again, ever more rarely.
    if not found.is_to_be_sent:
        look = until_next_look(in_flight.committed, found.at or now, now)
        return Decision(state=view.state, wake_after=look)
    # The same id again cannot start it twice.
    again = StartOperation(request=request_of(view.plan, in_flight))
    return Decision(
        state=view.state, actions=(again,), wake_after=next_look(in_flight.committed, now)
    )


def _known(
    view: RolloutView,
    in_flight: InFlightOperation,
    found: OperationObservation | None,
    now: datetime,
) -> Decision:
    """Return what becomes of an operation that runs, or is over."""
    state = view.state
    if found is None:
        return Decision(state=state, wake_after=SOON)
    if found.operation is None:
        state, told = refuse(view.at(state), Refused(id=in_flight.id, reason=found.gone), now)
        return Decision(state=state, events=tuple(told))
    if not found.operation.status.is_terminal:
        started = found.operation.created or in_flight.committed
        return Decision(state=state, wake_after=until_next_look(started, found.at or now, now))
    if not results_add_up(in_flight, found, now):
        return Decision(state=_ended(state, in_flight, now), wake_after=SOON)
    state, told = record_results(view.at(state), in_flight, found, now)
    return Decision(state=state, events=tuple(told))


def _withdraw(state: RolloutState, in_flight: InFlightOperation, now: datetime) -> RolloutState:
    """Return the state without an intent that AWS does not know, once it can hardly be on its way.

    It is kept by its id: a driver that was asleep may yet send it, and `resume` sends the same.
    """
    if now - in_flight.committed < MAY_BE_ON_ITS_WAY:
        return state
    others = tuple(each for each in state.in_flight if each.id != in_flight.id)
    return replace(state, in_flight=others, withdrawn=(*state.withdrawn, in_flight))


def _ended(state: RolloutState, in_flight: InFlightOperation, now: datetime) -> RolloutState:
    ended = replace(in_flight, ended=in_flight.ended or now)
    operations = tuple(ended if each.id == ended.id else each for each in state.in_flight)
    return replace(state, in_flight=operations)
