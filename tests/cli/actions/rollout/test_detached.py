"""`--detach`: back as soon as operations run, or as there is nothing to do but wait."""

from datetime import timedelta
from typing import Any

import pytest

from tests.cli.support import Program, Ran
from tests.resyncing import ROLE
from tests.stage import EU, PROD, US

pytestmark = pytest.mark.slow

SOAK = {"waves": [{"name": "canary", "accounts": [PROD[0]], "after": {"soak": "2d"}}]}


def took(program: Program, *arguments: object) -> tuple[Ran, timedelta]:
    """Return the result of a command, and its duration by the organization's clock."""
    began = program.sandbox.clock.now()
    ran = program(*arguments)
    return ran, program.sandbox.clock.now() - began


def status(program: Program) -> Any:
    return program("status", "base-1", "--format", "json").json


def frozen(program: Program) -> dict[str, Any]:
    today = program.sandbox.clock.now().date()
    return {"freeze": [f"{today - timedelta(days=1)}/{today + timedelta(days=3)}"]}


def test_a_detached_apply_in_a_freeze_returns_at_once_and_says_when_it_ends(
    patient: Program,
) -> None:
    manifest = patient.manifest(rollout=frozen(patient))

    ran, span = took(patient, "apply", manifest, "--yes", "--detach", "--wait")

    assert ran.code == 0
    assert span < timedelta(minutes=1)
    assert "frozen: no operation starts before" in ran.out
    assert "nothing runs in AWS" in ran.out
    assert "Nothing else starts until you run: orgrollout resume base-1" in ran.out
    assert status(patient)["frozen_until"] is not None
    assert "frozen: no operation starts before" in patient("status").out
    assert "frozen: no operation starts before" in patient("rollouts").out


@pytest.fixture
def soaking(patient: Program) -> Program:
    """A rollout that soaks, and that nothing drives."""
    assert patient("apply", patient.manifest(rollout=SOAK), "--yes", "--detach").code == 0
    patient.sandbox.clock.sleep(timedelta(hours=1))
    ran, span = took(patient, "resume", "--detach")
    assert span < timedelta(minutes=1)
    assert "soaking until " in ran.out
    assert "orgrollout resume base-1" in ran.out
    return patient


def test_a_detached_apply_does_not_wait_for_a_soak(soaking: Program) -> None:
    ran, span = took(soaking, "resume", "--detach")

    assert ran.code == 0
    assert span < timedelta(minutes=1)
    assert "2h" not in ran.out
    assert "soaking until " in ran.out


def test_every_report_says_when_a_soak_ends(soaking: Program) -> None:
    """`running` alone sends people looking for an operation that hangs."""
    shown, found = soaking("status").out, status(soaking)
    (listed,) = soaking("rollouts", "--format", "json").json["rollouts"]

    assert "soaking until " in shown
    assert "(1d 23h from now)" in shown or "(2d 0h from now)" in shown
    assert found["phase"] == listed["phase"] == "soaking"
    assert found["soaking_until"] == listed["soaking_until"] > found["created"]
    assert "soaking until " in soaking("rollouts").out


def test_a_soak_that_ended_while_no_process_drove_it_is_reported(soaking: Program) -> None:
    soaking.sandbox.clock.sleep(timedelta(days=3))

    assert "which is over: nothing has driven it since" in soaking("status").out
    resumed = soaking("resume", "--detach")
    assert "operations that run in AWS go on" in resumed.out


def test_a_detached_apply_does_not_wait_for_the_pause_before_a_retry(patient: Program) -> None:
    patient.sandbox.fail(PROD[0], EU, reason="Rate exceeded")
    manifest = patient.manifest(rollout={"max_failed_accounts": 5})
    assert patient("apply", manifest, "--yes", "--detach").code == 0
    patient.sandbox.clock.sleep(timedelta(hours=1))

    ran, span = took(patient, "resume", "--detach")

    assert span < timedelta(seconds=30)
    assert "trying again at " in ran.out
    assert status(patient)["retrying_at"] is not None
    assert patient("resume").code == 0


def test_a_detached_apply_does_not_wait_for_repairs_of_others(soaking: Program) -> None:
    manifest = soaking.manifest(rollout=SOAK, drift={"resync_role": ROLE})
    soaking.sandbox.tamper(PROD[0], US, "base-topics", "Topic", "/DisplayName", "theirs")
    begun = soaking("resync", manifest, "--yes", "--detach")
    assert begun.code == 3  # missing stacks are left to the rollout that soaks
    soaking.sandbox.clock.sleep(timedelta(days=2))

    ran, span = took(soaking, "resume", "base-1", "--detach")

    assert span < timedelta(minutes=1)
    assert "base-2 is at work in the stacks of topics" in ran.out
    assert "nothing runs in AWS" in ran.out


def test_in_a_freeze_apply_ends_at_once_and_claims_nothing(patient: Program) -> None:
    """It waited 801 hours in the foreground, and held the stack sets all the while."""
    manifest = patient.manifest(rollout=frozen(patient))

    plan = patient("plan", manifest)
    assert "freeze: " in plan.out
    assert "holds now: `apply` starts nothing and ends with 4" in plan.out
    assert len(patient("plan", manifest, "--format", "json").json["freezes"]) == 1
    for more in (("--yes",), ("--unattended",), ("--yes", "--supersede"), ("--yes", "--detach")):
        ran, span = took(patient, "apply", manifest, *more)
        assert ran.code == 4
        assert span < timedelta(minutes=1)
        assert "a freeze holds until" in ran.out
    assert patient("apply", manifest, "--yes", "--format", "json").json["frozen_until"]
    assert patient.writes() == []
    assert patient("rollouts", "--format", "json").json["rollouts"] == []


def test_a_freeze_in_the_past_is_not_in_the_plan(patient: Program) -> None:
    today = patient.sandbox.clock.now().date()
    over = {"freeze": [f"{today - timedelta(days=9)}/{today - timedelta(days=8)}"]}

    assert "freeze: " not in patient("plan", patient.manifest(rollout=over)).out
