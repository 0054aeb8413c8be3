"""Several drivers on one rollout, one of them held up: nothing is sent twice, nothing unseen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orgrollout.aws.transport.clock import API_TIMEOUT
from orgrollout.drivers.local import drive
from orgrollout.journal.errors import LeaseLostError
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.documents.rollout_record import Lease
from orgrollout.reconcile.documents.rollouts import give_order, load_rollout, save_record
from orgrollout.reconcile.locks.held_lease import HeldLease
from orgrollout.reconcile.process.lease import CLOCKS_DIFFER, SPAN
from orgrollout.reconcile.tick.tick import tick
from orgrollout.rollout.decide.operator_commands import resume, stop
from orgrollout.rollout.state.state import Outcome, Phase
from tests.drivers.support import (
    begun,
    die,
    held_up_after_commit,
    held_up_while_sending,
    until_dead,
)
from tests.stage import BASE, Stage

LONG = timedelta(minutes=10)


def sent(stage: Stage) -> list[str]:
    """Return the id of every operation requested, once for each request."""
    return [
        str(call.params["OperationId"])
        for call in stage.sandbox.calls
        if call.operation == "CreateStackInstances"
    ]


def order_stop(stage: Stage, rollout: RolloutId) -> Phase:
    """Stop as `orgrollout stop` does, and return the final phase."""
    context = stage.context()
    give_order(context.journal, rollout, lambda r: stop(r.state))
    return drive(rollout, context, lambda _: None).state.phase


def test_a_delayed_driver_sends_nothing_after_another_has_continued(stage: Stage) -> None:
    rollout = begun(stage)

    def others() -> None:
        stage.sandbox.clock.sleep(LONG)
        tick(rollout, stage.context())

    with pytest.raises(LeaseLostError, match=f"orgrollout status {rollout}"):
        tick(rollout, held_up_after_commit(stage, others))

    assert len(sent(stage)) == 1
    assert stage.finish(rollout).state.outcome is Outcome.SUCCEEDED
    assert len(stage.sandbox.operations("base-topics")) == 1


def test_a_delayed_driver_continues_if_no_other_process_has(stage: Stage) -> None:
    """A laptop that slept: its lease is made longer, since nothing was written meanwhile."""
    rollout = begun(stage)

    tick(rollout, held_up_after_commit(stage, lambda: stage.sandbox.clock.sleep(LONG)))

    assert len(sent(stage)) == 1
    assert stage.load(rollout).record.lease is None


def test_a_lease_excludes_others_until_it_has_expired(stage: Stage) -> None:
    rollout = begun(stage)
    held = []

    def others() -> None:
        other = stage.context()
        held.append(tick(rollout, other))
        stage.sandbox.clock.sleep(SPAN - timedelta(seconds=1))
        held.append(tick(rollout, other))
        stage.sandbox.clock.sleep(timedelta(seconds=1))
        held.append(tick(rollout, other))

    with pytest.raises(LeaseLostError):
        tick(rollout, held_up_after_commit(stage, others))

    first, second, third = held
    assert first.held_by == second.held_by != ""
    assert first.wake_after == timedelta(seconds=5)
    assert second.wake_after == timedelta(seconds=1)
    assert third.held_by == ""
    before, same, after = (each.rollout.record.fence for each in held)
    assert before == same == after - 1


def test_the_lease_of_a_killed_process_expires_and_the_rollout_ends(stage: Stage) -> None:
    rollout = begun(stage)
    until_dead(lambda: tick(rollout, held_up_after_commit(stage, die)))
    assert stage.load(rollout).record.lease is not None

    before = stage.sandbox.clock.now()
    ended = stage.finish(rollout)

    assert ended.state.outcome is Outcome.SUCCEEDED
    (operation,) = stage.sandbox.operations("base-topics")
    assert operation.started is not None
    assert operation.started - before <= SPAN + timedelta(seconds=10)


@pytest.mark.parametrize("ahead", [timedelta(days=1), -timedelta(days=1)])
def test_a_lease_of_a_wrong_clock_does_not_lock_for_ever(stage: Stage, ahead: timedelta) -> None:
    rollout = begun(stage)
    context = stage.context()
    current = load_rollout(context.journal, rollout)
    until = context.clock.now() + ahead
    lease = Lease(holder="elsewhere:1:x", fence=current.record.fence, until=until)
    save_record(context.journal, current, replace(current.record, lease=lease))

    before = context.clock.now()
    drive(rollout, context, lambda _: None)

    (operation,) = stage.sandbox.operations("base-topics")
    assert operation.started is not None
    assert operation.started - before <= SPAN + timedelta(seconds=10)


def test_a_lease_is_trusted_a_little_longer_than_it_says(stage: Stage) -> None:
    """The holder's clock may be behind."""
    rollout = begun(stage)
    context = stage.context()
    current = load_rollout(context.journal, rollout)
    lease = Lease(holder="elsewhere:1:x", fence=1, until=context.clock.now() - timedelta(seconds=1))
    save_record(context.journal, current, replace(current.record, lease=lease))

    assert tick(rollout, context).held_by == "elsewhere:1:x"
    context.clock.sleep(CLOCKS_DIFFER)
    assert tick(rollout, context).held_by == ""


def test_stop_prevents_a_delayed_driver_from_sending(stage: Stage) -> None:
    rollout = begun(stage)

    def others() -> None:
        assert order_stop(stage, rollout) is Phase.STOPPED

    with pytest.raises(LeaseLostError):
        tick(rollout, held_up_after_commit(stage, others))

    assert sent(stage) == []
    assert stage.load(rollout).state.withdrawn != ()


def test_an_operation_that_arrives_after_a_stop_is_recognised_and_stopped(stage: Stage) -> None:
    """No one can recall a request that is on its way; its driver is the first to find out."""
    rollout = begun(stage)
    ends = []
    context = held_up_while_sending(stage, lambda: ends.append(order_stop(stage, rollout)))

    drive(rollout, context, lambda _: None)

    assert ends == [Phase.STOPPED]
    (operation,) = stage.sandbox.operations("base-topics")
    assert operation.status == "STOPPED"
    state = stage.load(rollout).state
    assert (state.phase, state.in_flight, state.withdrawn) == (Phase.STOPPED, (), ())
    assert [completed.id for completed in state.completed] == [operation.id]


def test_an_operation_that_arrives_after_a_stop_is_stopped_although_its_driver_died(
    stage: Stage,
) -> None:
    rollout = begun(stage)
    context = held_up_while_sending(stage, lambda: order_stop(stage, rollout), then=die)
    until_dead(lambda: drive(rollout, context, lambda _: None))
    assert stage.sandbox.operations("base-topics")[0].status == "RUNNING"

    assert order_stop(stage, rollout) is Phase.STOPPED

    assert [o.status for o in stage.sandbox.operations("base-topics")] == ["STOPPED"]


def test_resume_continues_an_operation_that_arrived_after_a_stop_under_the_same_id(
    stage: Stage,
) -> None:
    """Never two operations for one intent, however late the first one comes."""
    rollout = begun(stage)
    context = held_up_while_sending(stage, lambda: order_stop(stage, rollout), then=die)
    until_dead(lambda: drive(rollout, context, lambda _: None))

    give_order(stage.context().journal, rollout, lambda r: resume(r.state))
    ended = stage.finish(rollout)

    assert ended.state.outcome is Outcome.SUCCEEDED
    assert len(stage.sandbox.operations("base-topics")) == 1


def test_a_late_request_after_resume_starts_no_second_operation(stage: Stage) -> None:
    rollout = begun(stage)

    def others() -> None:
        order_stop(stage, rollout)
        give_order(stage.context().journal, rollout, lambda r: resume(r.state))
        stage.finish(rollout)

    ended = drive(rollout, held_up_while_sending(stage, others), lambda _: None)

    assert ended.state.outcome is Outcome.SUCCEEDED
    assert len(sent(stage)) == 2
    assert len(set(sent(stage))) == 1
    assert len(stage.sandbox.operations("base-topics")) == 1


def test_a_throttled_driver_keeps_its_lease_while_it_waits(stage: Stage) -> None:
    """The lease is checked before every attempt, and extended if no other process has written."""
    rollout = begun(stage)
    stage.sandbox.throttle("CreateStackInstances", times=7)

    done = tick(rollout, stage.context())

    assert done.rollout.record.lease is None
    assert len(set(sent(stage))) == 1
    assert stage.finish(rollout).state.outcome is Outcome.SUCCEEDED


def test_a_lease_that_ends_soon_is_extended_before_anything_is_sent(
    stage: Stage,
) -> None:
    rollout = stage.begin()
    context = stage.context()
    current = load_rollout(context.journal, rollout)
    held = HeldLease.take(current, current.state, context)
    taken = held.rollout

    context.clock.sleep(SPAN - API_TIMEOUT)  # as much is left as a call may take
    held.ensure()
    assert held.rollout == taken
    context.clock.sleep(timedelta(seconds=1))
    held.ensure()
    assert held.rollout.record.lease == Lease(
        holder=context.holder, fence=taken.record.fence, until=context.clock.now() + SPAN
    )


def test_the_history_names_the_process_and_fence_of_each_event(stage: Stage) -> None:
    rollout = stage.apply(BASE).state.id

    entries = [e.value for e in stage.context().journal.read(f"history/{rollout}")]

    kinds = [event["kind"] for entry in entries for event in entry["events"]]
    assert kinds == [
        "wave started",
        "operation started",
        "operation ended",
        "proving",
        "finished",
    ]
    fences = [entry["fence"] for entry in entries]
    assert fences == sorted(fences)
    assert all(entry["by"] and entry["at"] for entry in entries)
