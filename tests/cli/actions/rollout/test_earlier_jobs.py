"""What a killed unattended job left open: the next job finishes it, or says why it does not."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.cli.actions.rollout import apply_unattended
from orgrollout.cli.terminal.progress import Progress
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import Pair
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.rollout.state.state import Phase
from tests.cli.support import Program
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, US

pytestmark = pytest.mark.slow

ONE, TWO = Pair(PROD[0], US), Pair(DEV[0], EU)


def manifest(program: Program, *, drift: Any = None, **changes: Any) -> Path:
    return program.manifest(**{**BASE, "drift": {"resync_role": ROLE, **(drift or {})}, **changes})


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, at: Phase | None = None) -> Iterator[None]:
    """End what runs in here after a tick: the first one, or the first of a phase."""

    def die(_self: Progress, tick: Tick) -> None:
        if at in {None, tick.rollout.state.phase}:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "follow", die)
        yield


@pytest.fixture
def left_open(patient: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Changes by hand in two accounts, and a job that was killed while it repaired them."""
    assert patient("apply", manifest(patient), "--yes").code == 0
    for pair in (ONE, TWO):
        patient.sandbox.tamper(*pair, "base-topics", "Topic", "/DisplayName", "theirs")
    with killed(monkeypatch):
        assert patient("resync", manifest(patient), "--unattended").code == 130
    assert not executed(patient)
    return patient


def executed(program: Program) -> list[tuple[str, str]]:
    """Return where change sets were carried out."""
    calls = (c for c in program.sandbox.calls if c.operation == "ExecuteChangeSet")
    return sorted((call.account, call.region) for call in calls)


def test_the_next_job_finishes_what_a_killed_one_left_and_then_works(left_open: Program) -> None:
    """The fleet stayed unrepaired until a person ran `resume`; every job only named it."""
    third = Pair(PROD[1], US)
    left_open.sandbox.tamper(*third, "base-topics", "Topic", "/DisplayName", "theirs")

    looked = left_open("resync", manifest(left_open), "--unattended", "--dry-run")
    before = executed(left_open)
    ran = left_open("resync", manifest(left_open), "--unattended", "--format", "json")

    assert looked.code == 3
    assert before == []
    assert ran.code == 0, ran.out + ran.err
    earlier = {"rollout": "base-2", "outcome": "succeeded", "left": None}
    assert ran.json["earlier_jobs"] == [earlier]
    assert ran.json["rollout"] == "base-3"
    assert "base-2 of an earlier unattended job is not finished" in ran.err
    assert executed(left_open) == sorted([ONE, TWO, third])


def test_a_job_leaves_what_a_person_stopped_and_ends_with_4(left_open: Program) -> None:
    assert left_open("stop", "base-2").code == 0

    ran = left_open("resync", manifest(left_open), "--unattended")

    assert ran.code == 4
    assert "base-2 of an earlier unattended job is left as it is: it is stopped." in ran.out
    assert "orgrollout resume base-2" in ran.out
    assert not executed(left_open)
    for_programs = left_open("resync", manifest(left_open), "--unattended", "--format", "json")
    assert for_programs.code == 4
    assert for_programs.json["outcome"] == "waiting"
    assert for_programs.json["held_by"] == "base-2"
    assert [each["left"] for each in for_programs.json["earlier_jobs"]] == ["it is stopped"]


def test_a_job_leaves_what_another_process_drives(left_open: Program) -> None:
    """A process that lives has begun it."""
    journal = SqliteJournal(next((left_open.folder / "journal").rglob("*.sqlite")))
    document = journal.get("rollout/base-2")
    assert document is not None
    by = f"{socket.gethostname()}:{os.getppid()}:x"
    journal.put("rollout/base-2", {**document.value, "begun_by": by}, expected=document.version)
    journal.close()

    ran = left_open("resync", manifest(left_open), "--unattended")

    assert ran.code == 4
    assert f"process {os.getppid()} on {socket.gethostname()} drives it" in ran.out
    assert not executed(left_open)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"targets": {"organizational_units": ["/Dev"]}}, "does not want it any more"),
        ({"drift": {"unattended": {"resource_types": ["AWS::SQS::*"]}}}, "`drift:` of the"),
        ({"rollout": {"freeze": ["2020-01-01T00:00:00Z/2099-01-01T00:00:00Z"]}}, "`rollout:` of"),
        ({"stack_sets": {"others": {"template": "topic.yaml"}}}, "not in the manifest any more"),
    ],
)
def test_a_job_finishes_nothing_that_the_manifest_does_not_want_any_more(
    left_open: Program, changes: dict[str, Any], why: str
) -> None:
    """Its plan is older than the manifest: an account may be excluded since."""
    ran = left_open("resync", manifest(left_open, **changes), "--unattended")

    assert ran.code == 4
    assert why in ran.out
    assert not executed(left_open)


def test_a_narrowed_job_and_one_of_another_kind_leave_it(left_open: Program) -> None:
    """They were asked for less than the rollout that they drove to its end."""
    path = manifest(left_open)

    narrowed = left_open("resync", path, "--unattended", "--account", TWO.account)
    applied = left_open("apply", path, "--unattended")

    assert narrowed.code == applied.code == 4
    assert "this job is narrowed to a part of the manifest" in narrowed.out
    assert "`resync --unattended` began it, and only that finishes it" in applied.out
    assert not executed(left_open)


def test_an_error_in_one_of_them_does_not_end_the_job(left_open: Program) -> None:
    """Every night ended with 1 before it looked for drift."""
    assert left_open("unlock", "base-2", "--force").code == 0

    ran = left_open("resync", manifest(left_open), "--unattended", "--format", "json")

    assert ran.code == 4
    ((rollout, why),) = [(each["rollout"], each["left"]) for each in ran.json["earlier_jobs"]]
    assert rollout == "base-2"
    assert "was unlocked by force" in why
    assert ran.json["rollout"] == "base-3"
    assert executed(left_open) == sorted([ONE, TWO])


def test_a_person_is_never_taken_over_by_a_job(patient: Program) -> None:
    assert patient("apply", manifest(patient), "--yes").code == 0
    patient.sandbox.tamper(*ONE, "base-topics", "Topic", "/DisplayName", "theirs")
    assert patient("resync", manifest(patient), "--yes", "--detach").code == 0

    ran = patient("resync", manifest(patient), "--unattended")

    assert ran.code in {3, 4}
    assert "of an earlier unattended job" not in ran.out
    assert "base-2 is running. No unattended job is known to have begun it" in ran.out
    assert not executed(patient)


def test_the_next_enrolment_finishes_what_a_killed_one_left(
    patient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = manifest(patient)
    with killed(monkeypatch):
        assert patient("apply", path, "--unattended").code == 130
    patient.sandbox.add_account("newcomer", "/Dev")

    ran = patient("apply", path, "--unattended", "--format", "json")

    assert ran.code == 0, ran.out + ran.err
    assert [each["rollout"] for each in ran.json["earlier_jobs"]] == ["base-1"]
    assert ran.json["rollout"] == "base-2"
    assert [len(each.succeeded) for each in patient.operations()] == [14, 2]


def test_a_rule_on_plans_that_came_since_stops_what_a_killed_job_left(
    patient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed(monkeypatch):
        assert patient("apply", manifest(patient), "--unattended").code == 130
    started = len(patient.operations())
    rules = [{"then": "refuse", "actions": ["create"], "reason": "the audit"}]

    ran = patient("apply", manifest(patient, guards={"rules": rules}), "--unattended")

    assert ran.code != 0
    assert "base-1 of an earlier unattended job is left as it is: guards.rules[0]" in ran.out
    assert len(patient.operations()) == started


def test_what_failed_in_an_earlier_rollout_reaches_the_exit_code(
    patient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = manifest(patient)
    with killed(monkeypatch):
        assert patient("apply", path, "--unattended", "--allow", "create,update").code == 130
    patient.sandbox.fail(*ONE, times=None, reason="Resource handler returned: no such thing")
    patient.sandbox.clock.sleep(timedelta(days=2))
    lists = listings(patient)

    ran = patient("apply", path, "--unattended", "--allow", "create,update,delete", "--detach")

    assert ran.code == 4  # it was detached
    assert listings(patient) > lists + 1  # what was read before it was driven is old

    monkeypatch.setattr(apply_unattended, "carry_out", lambda *_args, **_options: 0)
    assert patient("apply", path, "--unattended", "--allow", "create,update").code == 3


def listings(program: Program) -> int:
    return sum(call.operation == "ListStackSets" for call in program.sandbox.calls)


def test_a_job_does_not_sleep_through_the_soak_of_an_earlier_one(
    patient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves = [{"name": "canary", "accounts": [PROD[0]], "after": {"soak": "24h"}}]
    path = manifest(patient, rollout={"waves": waves})
    options = ("--unattended", "--allow", "create,update")
    with killed(monkeypatch, Phase.SOAKING):
        assert patient("apply", path, *options).code == 130
    before = patient.sandbox.clock.now()

    ran = patient("apply", path, *options)
    asleep = patient.sandbox.clock.now() - before
    patient.sandbox.clock.sleep(timedelta(days=1))
    later = patient("apply", path, *options)

    assert ran.code == 4
    assert "is left as it is: it soaks until" in ran.out
    assert asleep < timedelta(hours=1)
    assert later.code == 0, later.out + later.err
    assert "base-1: succeeded." in later.out
