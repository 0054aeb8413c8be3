"""Drivers as processes of their own, on both journals, stopped for longer than a lease lasts."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.aws.connection import connect
from orgrollout.aws.stack_sets import StackSets
from orgrollout.drivers.local import drive
from orgrollout.model.ids import RolloutId
from orgrollout.model.operation_id import read_operation_id
from orgrollout.reconcile.begin import begin_rollout
from orgrollout.reconcile.journals import open_journal
from orgrollout.reconcile.lease import CLOCKS_DIFFER, SPAN
from orgrollout.reconcile.rollouts import Rollout, give_order, load_rollout
from orgrollout.reconcile.world import World
from orgrollout.rollout.orders import stop
from orgrollout.rollout.state import Outcome, Phase
from orgrollout.sandbox import OperationRecord, SandboxServer, ScaledClock, Settings, serve
from orgrollout.sandbox.control import SandboxClient
from tests.stage import BASE, Stage, new_session, organization

pytestmark = pytest.mark.slow

SPEED = 60
BEYOND_THE_LEASE = (SPAN + CLOCKS_DIFFER + timedelta(seconds=15)) / SPEED
QUICK = Settings(median_duration=timedelta(seconds=30), deploy_resources=False)


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


@dataclass
class House:
    """A simulated organization on a port, a journal, and the processes at work on it."""

    server: SandboxServer
    folder: Path
    journal: str
    running: list["subprocess.Popen[str]"]

    def world(self) -> World:
        clock = SandboxClient(self.server.endpoint).clock()
        connection = connect(session=new_session(), clock=clock)
        journal, _ = open_journal(self.journal, connection)
        return World(
            connection=connection,
            stack_sets=StackSets(connection),
            journal=journal,
            clock=connection.clock,
        )

    def start(self, rollout: RolloutId, point: str = "") -> "subprocess.Popen[str]":
        number = len(self.running)
        log = self.folder / f"driver-{number}.log"
        arguments = [self.server.endpoint, self.journal, rollout, str(log), point]
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.drivers.driver", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={
                **os.environ,
                **self.server.environment(),
                "PYTHONPATH": str(Path(__file__).parents[2]),
            },
        )
        self.running.append(process)
        return process

    def operations(self) -> list[tuple[str, OperationRecord]]:
        """Return every operation that AWS started, with its stack set."""
        made = {stack_set.name for stack_set in self.server.sandbox.world.stack_sets}
        sandbox = self.server.sandbox
        return [(name, o) for name in sorted(made) for o in sandbox.operations(name)]

    def writes(self) -> list[dict[str, Any]]:
        """Return all attempts of all drivers to write the rollout."""
        logs = self.folder.glob("driver-*.log")
        return [json.loads(line) for log in logs for line in log.read_text().splitlines()]


@pytest.fixture(params=["sqlite", "s3"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    with serve(organization(), clock=ScaledClock(SPEED), settings=QUICK) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        named = str(tmp_path / "journal")
        if request.param == "s3":
            named = "s3://acme-orgrollout/journal"
            new_session().client("s3").create_bucket(Bucket="acme-orgrollout")
        made = House(server, tmp_path, named, [])
        try:
            yield made
        finally:
            for process in made.running:
                with suppress(ProcessLookupError):
                    process.kill()
                process.communicate()


def begun(house: House) -> RolloutId:
    world = house.world()
    stage = Stage(house.server.sandbox, house.folder)
    plan = stage.plan(manifest())
    return begin_rollout(plan, world).state.id


def stopped_itself(process: "subprocess.Popen[str]") -> None:
    """Return when the process has stopped itself."""
    pid, status = os.waitpid(process.pid, os.WUNTRACED)
    assert (pid, os.WIFSTOPPED(status)) == (process.pid, True)


def ended(process: "subprocess.Popen[str]") -> str:
    """Return in which phase a driver left the rollout."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


def must_be_sound(house: House, rollout: Rollout) -> None:
    """Check that no intent became two operations, and that no stale write was taken."""
    operations = house.operations()
    ids = [operation.id for _, operation in operations]
    assert len(ids) == len(set(ids))
    assert {landed.id for landed in rollout.state.landed} == set(ids)
    intents = Counter(said.number for id_ in ids if (said := read_operation_id(id_)))
    assert set(intents.values()) == {1}
    targets = [(name, pair) for name, operation in operations for pair in operation.targets]
    assert len(targets) == len(set(targets))
    must_be_one_line(house.writes())


def must_be_one_line(writes: list[dict[str, Any]]) -> None:
    """Check that each version was replaced once, by a fence that is no older."""
    taken = [write for write in writes if write["after"]]
    assert len({write["before"] for write in taken}) == len(taken)
    by_version = {write["after"]: write["fence"] for write in taken}
    for write in taken:
        assert by_version.get(write["before"], 0) <= write["fence"]


@pytest.mark.parametrize("drivers", [2, 5])
def test_drivers_that_are_stopped_at_any_time_do_everything_once(
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
        _signal(asleep, signal.SIGSTOP)
        pause = BEYOND_THE_LEASE if chosen.random() < 0.5 else timedelta(seconds=0.2)
        time.sleep(pause.total_seconds())
        _signal(asleep, signal.SIGCONT)

    assert {ended(process) for process in processes} == {Phase.FINISHED}
    found = load_rollout(house.world().journal, rollout)
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
    drive(rollout, house.world(), lambda _: None)
    calls = [c.operation for c in house.server.sandbox.calls].count("CreateStackInstances")

    _signal([held_up], signal.SIGCONT)

    assert ended(held_up) == Phase.FINISHED
    after = [c.operation for c in house.server.sandbox.calls].count("CreateStackInstances")
    assert after == calls
    refused = [write for write in house.writes() if not write["after"]]
    assert refused != []
    found = load_rollout(house.world().journal, rollout)
    assert found.state.outcome is Outcome.SUCCEEDED
    must_be_sound(house, found)


def test_stop_against_a_driver_stopped_after_its_look_at_the_lease(house: House) -> None:
    rollout = begun(house)
    held_up = house.start(rollout, "sending")
    stopped_itself(held_up)
    world = house.world()
    give_order(world.journal, rollout, lambda r: stop(r.state))
    assert drive(rollout, world, lambda _: None).state.phase is Phase.STOPPED
    committed = {flight.id for flight in load_rollout(world.journal, rollout).state.withdrawn}
    assert committed != set()

    _signal([held_up], signal.SIGCONT)

    assert ended(held_up) == Phase.STOPPED
    late = [o for _, o in house.operations() if o.id in committed]
    assert late != []
    assert {operation.status for operation in late} <= {"STOPPED", "SUCCEEDED"}
    assert [c.operation for c in house.server.sandbox.calls].count("StopStackSetOperation") >= 1
    state = load_rollout(world.journal, rollout).state
    assert state.phase is Phase.STOPPED
    assert {o.id for o in late} <= {landed.id for landed in state.landed}


def _signal(processes: list["subprocess.Popen[str]"], number: signal.Signals) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)


def test_what_a_driver_writes_is_what_the_checks_look_at() -> None:
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
