"""A driver whose machine has the wrong time: gates go by AWS's."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport import clock as clocks
from orgrollout.aws.transport.connection import connect
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look, plan_from
from orgrollout.reconcile.tick.tick import Tick, tick
from orgrollout.rollout.state.state import Phase
from orgrollout.sandbox import ScaledClock, serve
from tests.cli.support import write_manifest
from tests.stage import BASE, PROD, US, new_session, organization

SOAK = timedelta(minutes=30)
SOAKING = BASE | {
    "targets": {"accounts": list(PROD[:2])},
    "regions": [US],
    "rollout": {
        "waves": [{"name": "first", "accounts": [PROD[0]], "after": {"soak": "30m"}}],
    },
}


class Skew:
    """By how much the clock of this machine is wrong."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        right = clocks.MachineClock.now

        def now(clock: clocks.MachineClock) -> datetime:
            return right(clock) + self.ahead

        monkeypatch.setattr(clocks.MachineClock, "now", now)


@pytest.fixture
def skew(monkeypatch: pytest.MonkeyPatch) -> Skew:
    return Skew(monkeypatch)


@pytest.mark.parametrize(
    "ahead",
    [
        timedelta(hours=2),
        pytest.param(timedelta(minutes=29), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_clock_that_jumps_ahead_does_not_shorten_a_soak_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: Skew, ahead: timedelta
) -> None:
    """The machine was suspended, or its clock was set: AWS knows that half an hour is not over."""
    settings = {"median_duration": 0.1}
    with serve(organization(settings=settings), clock=ScaledClock(1)) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        told: list[timedelta] = []
        context = context_of(tmp_path, told)
        loaded = load_manifest(write_manifest(tmp_path, SOAKING))
        plan = plan_from(loaded, look(loaded, context, lambda _: None), context)
        rollout = begin_rollout(plan, context).state.id
        done = until_it_soaks(rollout, context)
        assert done.wake_after is not None
        assert timedelta(minutes=29) < done.wake_after <= SOAK + timedelta(seconds=5)

        skew.ahead = ahead
        done = tick(rollout, context)

        assert done.wake_after is not None
        assert timedelta(minutes=28) < done.wake_after <= SOAK + timedelta(seconds=5)
        assert not done.rollout.state.in_flight
        assert len(server.sandbox.operations("base-topics")) == 1
        assert [abs(each - ahead) < timedelta(seconds=5) for each in told] == [True]
        assert done.rollout.state.phase is Phase.SOAKING


def context_of(folder: Path, told: list[timedelta]) -> Context:
    connection = connect(session=new_session(), on_skew=told.append)
    return Context(
        connection=connection,
        stack_sets=StackSets(connection),
        journal=SqliteJournal(folder / "journal.sqlite"),
        clock=connection.clock,
    )


def until_it_soaks(rollout: RolloutId, context: Context) -> Tick:
    for _ in range(60):
        done = tick(rollout, context)
        if done.wake_after is not None and done.wake_after > timedelta(minutes=5):
            return done
        context.clock.sleep(min(done.wake_after or timedelta(), timedelta(seconds=1)))
    raise AssertionError("it never soaks")
