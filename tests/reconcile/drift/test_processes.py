"""Drivers as processes of their own on one re-sync: no stack sees two change sets of one intent."""

import random
import signal
import subprocess
import time
from collections import Counter
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.drivers.local import drive
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair, RolloutId, StackSetName
from orgrollout.model.operation_id import read_operation_id
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.drift.resync import seek_repairs
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.sandbox import Settings
from tests.drivers.house import (
    BEYOND_THE_LEASE,
    House,
    ended,
    house_at,
    must_be_one_line,
    send_signal,
    stopped_itself,
)
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, US, Stage

pytestmark = pytest.mark.slow

NAME = StackSetName("base-topics")
DIFFERENCE = ("/DisplayName", "a-b", "theirs", "NOT_EQUAL")
DRIFTED = [Pair(account, region) for account in (*PROD, DEV[0]) for region in (US, EU)]


def manifest() -> dict[str, Any]:
    made = deepcopy(BASE)
    made["drift"] = {"resync_role": ROLE}
    made["rollout"] = {"waves": [{"name": "canary", "sample": {"per_ou": 1}}]}
    return made


def begun(house: House) -> RolloutId:
    """Return a re-sync of changes by hand, before its first step."""
    sandbox = house.server.sandbox
    stage = Stage(sandbox, house.folder)
    stage.apply(manifest())
    sandbox.drifted(NAME, "Topic", "AWS::SNS::Topic", [DIFFERENCE], pairs=DRIFTED)
    context = house.context()
    context.connection.call("cloudformation", "DetectStackSetDrift", {"StackSetName": NAME})
    sandbox.run_to_end()
    loaded = load_manifest(stage._write(manifest()))
    sought = seek_repairs(loaded, look(loaded, context, quiet, drift=True), context, quiet)
    return begin_rollout(sought.resync.plan, context).state.id


def quiet(_: object) -> None:
    """Print nothing."""


def executed(house: House) -> Counter[tuple[str, str, int]]:
    """Return how often a change set was carried out, by stack and intent."""
    calls = [c for c in house.server.sandbox.calls if c.operation == "ExecuteChangeSet"]
    ids = [(c, read_operation_id(c.params["ChangeSetName"])) for c in calls if c.error is None]
    return Counter((c.account, c.region, said.number) for c, said in ids if said is not None)


def must_be_sound(house: House, rollout: Rollout) -> None:
    """Check that every stack saw one change set, is repaired, and known to be."""
    assert rollout.state.outcome is Outcome.SUCCEEDED
    assert set(executed(house).values()) == {1}
    assert {(account, region) for account, region, _ in executed(house)} == set(DRIFTED)
    assert not house.server.sandbox.simulation.deployer.drifted  # type: ignore[attr-defined]
    records = history(house.context().journal, NAME).values()
    assert {r.pair for r in records if r.repaired is not None} == set(DRIFTED)
    must_be_one_line(house.writes())


def test_drivers_stopped_at_any_time_repair_everything_once(house: House) -> None:
    rollout = begun(house)
    processes = [house.start(rollout) for _ in range(2)]
    chosen = random.Random(2)  # noqa: S311
    deadline = time.monotonic() + 120
    while any(process.poll() is None for process in processes):
        assert time.monotonic() < deadline
        time.sleep(chosen.uniform(0, 0.3))
        asleep = chosen.sample(processes, 1)
        send_signal(asleep, signal.SIGSTOP)
        pause = BEYOND_THE_LEASE if chosen.random() < 0.5 else timedelta(seconds=0.2)
        time.sleep(pause.total_seconds())
        send_signal(asleep, signal.SIGCONT)

    assert {ended(process) for process in processes} == {Phase.FINISHED}
    must_be_sound(house, load_rollout(house.context().journal, rollout))


@pytest.mark.parametrize("kept", ["kept", "gone"])
@pytest.mark.parametrize("point", ["creating", "executing"])
def test_a_driver_stopped_while_sending_does_not_repeat_repairs_of_others(
    point: str, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its request is on the way when the lease runs out; it arrives when all is done."""
    settings = Settings(
        median_duration=timedelta(seconds=3), deploy_resources=False, executed_change_set=kept
    )
    with house_at("sqlite", tmp_path, monkeypatch, settings) as house:
        rollout = begun(house)
        held_up = house.start(rollout, point)
        stopped_itself(held_up)
        time.sleep(BEYOND_THE_LEASE.total_seconds())
        drive(rollout, house.context(), quiet)
        before = executed(house)

        send_signal([held_up], signal.SIGCONT)

        assert ended(held_up) == Phase.FINISHED
        assert executed(house) == before
        must_be_sound(house, load_rollout(house.context().journal, rollout))


def test_two_unattended_jobs_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cron on two machines, at the same minute: one repairs, the other leaves it to that one."""
    with house_at("sqlite", tmp_path, monkeypatch) as house:
        sandbox = house.server.sandbox
        stage = Stage(sandbox, tmp_path)
        stage.apply(manifest())
        sandbox.drifted(NAME, "Topic", "AWS::SNS::Topic", [DIFFERENCE], pairs=DRIFTED[:6])
        stage._write(manifest())
        jobs = [job(house) for _ in range(3)]
        said = [process.communicate(timeout=240) for process in jobs]

        codes = sorted(process.returncode for process in jobs)
        assert codes[0] == 0, said
        assert set(codes) <= {0, 4}, said
        assert not any("Traceback" in out + err for out, err in said)
        calls = [c for c in sandbox.calls if c.operation == "ExecuteChangeSet" and not c.error]
        assert Counter((c.account, c.region) for c in calls) == dict.fromkeys(DRIFTED[:6], 1)
        assert not sandbox.simulation.deployer.drifted  # type: ignore[attr-defined]


def job(house: House) -> "subprocess.Popen[str]":
    """Start `resync --unattended` as cron would."""
    endpoint = house.server.endpoint
    command = ["resync", str(house.folder / "manifest.yaml"), "--unattended", "--sandbox", endpoint]
    return house.run("orgrollout", *command, "--journal", house.journal)
