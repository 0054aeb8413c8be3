"""Drivers as processes of their own, on both journals, stopped for longer than a lease lasts."""

import random
import signal
import time
from collections import Counter
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.drivers.local import drive
from orgrollout.model.ids import RolloutId
from orgrollout.model.operation_id import read_operation_id
from orgrollout.reconcile.documents.rollouts import Rollout, give_order, load_rollout
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.rollout.decide.operator_commands import stop
from orgrollout.rollout.state.state import Outcome, Phase
from tests.drivers.house import (
    BEYOND_THE_LEASE,
    House,
    ended,
    must_be_one_line,
    send_signal,
    stopped_itself,
)
from tests.stage import BASE, Stage

pytestmark = pytest.mark.slow


def manifest() -> dict[str, Any]:
    made = deepcopy(BASE)
    made["stack_sets"] = {
        "first": {"template": "topic.yaml"},
        "second": {"template": "topic.yaml", "depends_on": ["first"]},
        "third": {"template": "topic.yaml"},
    }
    made["rollout"] = {
        "waves": [{"name": "canary", "sample": {"per_ou": 1}}, {"name": "half", "percent": 50}]
    }
    return made


def begun(house: House) -> RolloutId:
    context = house.context()
    stage = Stage(house.server.sandbox, house.folder)
    plan = stage.plan(manifest())
    return begin_rollout(plan, context).state.id


def must_be_sound(house: House, rollout: Rollout) -> None:
    """Check that no intent became two operations, and that no stale write was taken."""
    operations = house.operations()
    ids = [operation.id for _, operation in operations]
    assert len(ids) == len(set(ids))
    assert {completed.id for completed in rollout.state.completed} == set(ids)
    intents = Counter(said.number for id_ in ids if (said := read_operation_id(id_)))
    assert set(intents.values()) == {1}
    targets = [(name, pair) for name, operation in operations for pair in operation.targets]
    assert len(targets) == len(set(targets))
    must_be_one_line(house.writes())


@pytest.mark.parametrize("drivers", [2, 5])
def test_drivers_stopped_at_any_time_do_everything_once(
    house: House, drivers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rollout = begun(house)
    processes = [house.start(rollout) for _ in range(drivers)]
    chosen = random.Random(drivers)  # noqa: S311
    deadline = time.monotonic() + 120
    while any(process.poll() is None for process in processes):
        assert time.monotonic() < deadline
        time.sleep(chosen.uniform(0, 0.3))
        asleep = chosen.sample(processes, chosen.randint(1, drivers - 1))
        send_signal(asleep, signal.SIGSTOP)
        pause = BEYOND_THE_LEASE if chosen.random() < 0.5 else timedelta(seconds=0.2)
        time.sleep(pause.total_seconds())
        send_signal(asleep, signal.SIGCONT)

    assert {ended(process) for process in processes} == {Phase.FINISHED}
    found = load_rollout(house.context().journal, rollout)
    assert found.state.outcome is Outcome.SUCCEEDED
    must_be_sound(house, found)
    taken = Counter(bool(write["after"]) for write in house.writes())
    with capsys.disabled():
        print(f"\n{drivers} drivers: {taken[True]} writes taken, {taken[False]} stale ones refused")


def test_a_driver_stopped_between_commit_and_lease_writes_and_sends_nothing_stale(
    house: House,
) -> None:
    rollout = begun(house)
    held_up = house.start(rollout, "committed")
    stopped_itself(held_up)
    time.sleep(BEYOND_THE_LEASE.total_seconds())
    drive(rollout, house.context(), lambda _: None)
    calls = [c.operation for c in house.server.sandbox.calls].count("CreateStackInstances")

    send_signal([held_up], signal.SIGCONT)

    assert ended(held_up) == Phase.FINISHED
    after = [c.operation for c in house.server.sandbox.calls].count("CreateStackInstances")
    assert after == calls
    refused = [write for write in house.writes() if not write["after"]]
    assert refused != []
    found = load_rollout(house.context().journal, rollout)
    assert found.state.outcome is Outcome.SUCCEEDED
    must_be_sound(house, found)


def test_a_stop_holds_against_a_driver_paused_after_reading_its_lease(house: House) -> None:
    rollout = begun(house)
    held_up = house.start(rollout, "sending")
    stopped_itself(held_up)
    context = house.context()
    give_order(context.journal, rollout, lambda r: stop(r.state))
    assert drive(rollout, context, lambda _: None).state.phase is Phase.STOPPED
    committed = {each.id for each in load_rollout(context.journal, rollout).state.withdrawn}
    assert committed != set()

    send_signal([held_up], signal.SIGCONT)

    assert ended(held_up) == Phase.STOPPED
    late = [o for _, o in house.operations() if o.id in committed]
    assert late != []
    assert {operation.status for operation in late} <= {"STOPPED", "SUCCEEDED"}
    assert [c.operation for c in house.server.sandbox.calls].count("StopStackSetOperation") >= 1
    state = load_rollout(context.journal, rollout).state
    assert state.phase is Phase.STOPPED
    assert {o.id for o in late} <= {completed.id for completed in state.completed}


def test_the_checks_read_what_a_driver_writes() -> None:
    """A second replacement of one version, or an older fence, must not go unnoticed."""
    line: list[dict[str, Any]] = [
        {"before": None, "after": "1", "fence": 0},
        {"before": "1", "after": "2", "fence": 1},
        {"before": "1", "after": None, "fence": 1},
    ]
    must_be_one_line(line)
    for fork in (
        {"before": "1", "after": "3", "fence": 1},
        {"before": "2", "after": "3", "fence": 0},
    ):
        with pytest.raises(AssertionError):
            must_be_one_line([*line, fork])
