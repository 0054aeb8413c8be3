"""A full disk, a locked journal, a clock that jumps: nothing is lost, repeated or misreported."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.drivers.local import drive
from orgrollout.journal.errors import JournalFullError
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.reconcile.locks.held_lease import HeldLease
from orgrollout.reconcile.process.lease import SPAN
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome, RolloutState
from orgrollout.sandbox import Clock
from tests.drivers.support import begun, held_up_after_commit
from tests.stage import BASE, Stage, new_session

TOPICS = "base-topics"
DAY = timedelta(days=1)


class JumpingClock:
    """The sandbox's clock as a machine shows it whose time is set by hand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.wrong = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.wrong

    def sleep(self, duration: timedelta, /) -> None:
        self._clock.sleep(duration)


def at(clock: JumpingClock, stage: Stage) -> Context:
    """Return the context of a process on a machine with that clock."""
    connection = connect(session=new_session(), clock=clock)
    stack_sets = StackSets(connection)
    return replace(stage.context(), connection=connection, stack_sets=stack_sets, clock=clock)


def must_be_done_once(stage: Stage, state: RolloutState) -> None:
    operations = stage.sandbox.operations(TOPICS)
    targets = [pair for operation in operations for pair in operation.targets]
    assert state.outcome is Outcome.SUCCEEDED
    assert len(targets) == len(set(targets))
    assert {completed.id for completed in state.completed} == {
        operation.id for operation in operations
    }


def waves() -> dict[str, object]:
    wave = {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "30m"}}
    return {**BASE, "rollout": {"waves": [wave]}}


@pytest.mark.slow
@pytest.mark.parametrize("pages", range(4))
def test_a_disk_that_fills_up_during_a_rollout_loses_nothing(stage: Stage, pages: int) -> None:
    rollout = stage.begin(waves())
    context = stage.context()
    full = _full_after(stage.folder / "journal.sqlite", pages)
    with pytest.raises(JournalFullError, match=r"nothing was written.*orgrollout resume"):
        _fill_up(rollout, replace(context, journal=full))
    full.close()

    ended = stage.finish(rollout)

    must_be_done_once(stage, ended.state)


def _full_after(path: Path, pages: int) -> SqliteJournal:
    journal = SqliteJournal(path)
    (used,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {used + pages}")
    return journal


def _fill_up(rollout: RolloutId, context: Context) -> None:
    """Drive while another program fills the disk."""

    def fill(tick: Tick) -> None:
        del tick
        context.journal.append("ballast", "x" * 3000)

    drive(rollout, context, fill)


def test_a_driver_waits_for_a_journal_that_another_process_locks(stage: Stage) -> None:
    rollout = stage.begin()
    context = stage.context()
    path = stage.folder / "journal.sqlite"
    holder = SqliteJournal(path)
    impatient = SqliteJournal(path, patience=timedelta())
    holder._db.execute("BEGIN IMMEDIATE")
    told: list[str] = []

    def follow(tick: Tick) -> None:
        told.extend(event.text for event in tick.events)
        if holder._db.in_transaction:
            holder._db.execute("ROLLBACK")

    ended = drive(rollout, replace(context, journal=impatient), follow)

    assert "is locked by another process" in told[0]
    must_be_done_once(stage, ended.state)
    holder.close()
    impatient.close()


def test_a_driver_waits_ten_minutes_for_an_unreachable_bucket(stage: Stage) -> None:
    """Reads fail as well, so that only the state read last is known of the rollout."""
    stage.bucket = "acme-orgrollout"
    stage.sandbox.session().client("s3").create_bucket(Bucket=stage.bucket)
    rollout = stage.begin()
    timeline = stage.sandbox.simulation.timeline
    told: list[Tick] = []

    def follow(tick: Tick) -> None:
        if any(event.kind is EventKind.WAITING for event in tick.events):
            told.append(tick)
        elif tick.rollout.state.in_flight and not told:
            stage.sandbox.server_error(times=None, service="s3")
            restored = timeline.now() + timedelta(minutes=10)
            timeline.at(restored, stage.sandbox.simulation.faults.calls.clear)

    ended = drive(rollout, stage.context(), follow)

    assert "s3:GetObject failed on the side of AWS" in told[0].events[0].text
    assert {tick.rollout.state.id for tick in told} == {rollout}
    must_be_done_once(stage, ended.state)


@pytest.mark.parametrize("jump", [DAY, -DAY, timedelta(hours=1), -timedelta(hours=1)])
def test_a_clock_that_jumps_between_two_observations_changes_only_times(
    stage: Stage, jump: timedelta
) -> None:
    rollout = stage.begin(waves())
    clock = JumpingClock(stage.sandbox.clock)

    def set_clock(tick: Tick) -> None:
        if tick.rollout.state.in_flight and not clock.wrong:
            clock.wrong = jump

    ended = drive(rollout, at(clock, stage), set_clock)

    must_be_done_once(stage, ended.state)


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_clock_that_jumps_between_commit_and_request_does_no_harm(
    stage: Stage, jump: timedelta
) -> None:
    rollout = begun(stage)
    clock = JumpingClock(stage.sandbox.clock)

    def set_clock() -> None:
        clock.wrong = jump

    held_up = held_up_after_commit(stage, set_clock)
    context = replace(at(clock, stage), journal=held_up.journal)

    must_be_done_once(stage, drive(rollout, context, lambda _: None).state)


def test_a_lease_expires_although_the_clock_is_set_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the wall clock it would last for another day."""
    rollout = begun(stage)
    clock = JumpingClock(stage.sandbox.clock)
    context = at(clock, stage)
    current = load_rollout(context.journal, rollout)
    held = HeldLease.take(current, current.state, context)
    taken = time.monotonic()

    clock.wrong = -DAY
    monkeypatch.setattr(time, "monotonic", lambda: taken + 70)
    held.ensure()

    assert held.rollout.record.lease is not None
    assert held.rollout.record.lease.until == clock.now() + SPAN


def test_two_machines_whose_clocks_differ_by_a_day_share_a_rollout(stage: Stage) -> None:
    rollout = stage.begin(waves())
    ahead, behind = (JumpingClock(stage.sandbox.clock) for _ in range(2))
    ahead.wrong, behind.wrong = DAY, -DAY
    other = at(behind, stage)

    def take_turns(tick: Tick) -> None:
        if tick.wake_after is not None:
            drive_once(rollout, other)

    drive(rollout, at(ahead, stage), take_turns)

    must_be_done_once(stage, stage.load(rollout).state)


def drive_once(rollout: RolloutId, context: Context) -> None:
    """Let another driver have one tick."""

    class Enough(Exception):  # noqa: N818
        pass

    def enough(tick: Tick) -> None:
        del tick
        raise Enough

    with pytest.raises(Enough):
        drive(rollout, context, enough)
