"""What a killed unattended job left open: the next job finishes it, or says why it does not."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orgrollout.cli.terminal.progress import Progress
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import Pair
from orgrollout.reconcile.tick.tick import Tick
from tests.cli.support import Program
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, US

pytestmark = pytest.mark.slow

ONE, TWO = Pair(PROD[0], US), Pair(DEV[0], EU)


def manifest(program: Program, *, drift: Any = None, **changes: Any) -> Path:
    return program.manifest(**{**BASE, "drift": {"resync_role": ROLE, **(drift or {})}, **changes})


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End what runs in here between two of its ticks."""

    def die(_self: Progress, _tick: Tick) -> None:
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


def test_a_person_is_never_taken_over_by_a_job(patient: Program) -> None:
    assert patient("apply", manifest(patient), "--yes").code == 0
    patient.sandbox.tamper(*ONE, "base-topics", "Topic", "/DisplayName", "theirs")
    assert patient("resync", manifest(patient), "--yes", "--detach").code == 0

    ran = patient("resync", manifest(patient), "--unattended")

    assert ran.code in {3, 4}
    assert "of an earlier unattended job" not in ran.out
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
