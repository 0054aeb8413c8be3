"""Operators' commands for a rollout: status, resume, retry, stop, rollback."""

import os
import socket
import subprocess
from typing import Any

import pytest

from orgrollout.journal.sqlite import SqliteJournal
from tests.cli.pseudo_terminal import PROGRAM, begun
from tests.cli.support import Program
from tests.stage import DEV, EU, PROD

pytestmark = pytest.mark.slow

NOT_ALLOWED = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."
CANARY = {"waves": [{"name": "canary", "accounts": [PROD[0]]}]}


def states(program: Program) -> dict[str, Any]:
    summary: dict[str, Any] = program(
        "coverage", program.folder / "manifest.yaml", "--format", "json"
    ).json["summary"]
    return {state: number for state, number in summary.items() if number}


def test_a_detached_apply_returns_while_the_operation_runs_and_resume_attaches(
    patient: Program,
) -> None:
    detached = patient("apply", patient.manifest(), "--yes", "--detach")
    running = patient("status")
    resumed = patient("resume")

    assert detached.code == 0
    assert "Nothing else starts until you run: orgrollout resume base-1" in detached.out
    assert "AWS says RUNNING" in running.out
    assert resumed.code == 0
    assert len(patient.operations()) == 1
    assert patient.writes().count("CreateStackInstances") == 1


def test_status_as_json_distinguishes_unknown_from_zero(patient: Program) -> None:
    patient("apply", patient.manifest(), "--yes", "--detach")

    (operation,) = patient("status", "base-1", "--format", "json").json["operations"]

    assert operation["status"] == "RUNNING"
    assert operation["ended"] is None
    assert operation["succeeded"] is None


def test_a_stopped_rollout_goes_on_where_it_was(patient: Program) -> None:
    patient("apply", patient.manifest(), "--yes", "--detach")

    stopped = patient("stop")
    resumed = patient("resume")

    assert stopped.code == 0
    assert "base-1 stopped" in stopped.out
    assert patient.writes().count("StopStackSetOperation") >= 1
    assert resumed.code == 0
    assert states(patient)["current"] == 14
    done = [pair for operation in patient.operations() for pair in operation.succeeded]
    assert len(done) == len(set(done)) == 14


def test_a_canary_that_fails_halts_and_retry_goes_on_from_there(program: Program) -> None:
    program.sandbox.fail(PROD[0], EU, reason=NOT_ALLOWED)

    halted = program("apply", program.manifest(rollout=CANARY), "--yes")
    resumed = program("resume", "base-1")
    retried = program("retry")

    assert halted.code == 4
    assert "1 of 1 accounts failed, 0 allowed" in halted.out
    assert "Not started: rest" in halted.out
    assert resumed.code == 1
    assert "orgrollout retry base-1" in resumed.err
    assert retried.code == 0
    assert program.operations()[1].targets == {(PROD[0], EU)}
    assert states(program) == {"current": 14, "skipped": 2, "out_of_scope": 6}


def test_retry_is_narrowed_to_the_accounts_and_regions_named(program: Program) -> None:
    program.sandbox.fail(PROD[0], EU, reason=NOT_ALLOWED)
    program.sandbox.fail(DEV[0], EU, reason=NOT_ALLOWED)
    manifest = program.manifest(rollout={"max_failed_accounts": 5})
    assert program("apply", manifest, "--yes").code == 3

    retried = program("retry", "--account", "d1")

    assert retried.code == 3
    assert program.operations()[1].targets == {(DEV[0], EU)}
    assert program("status", "--ou", "/Dev", "--format", "json").json["failures"] == []


def test_retry_after_no_failure_has_nothing_to_do(program: Program) -> None:
    program("apply", program.manifest(), "--yes")

    ran = program("retry", "--yes")  # asks nothing, and takes it for scripts
    assert ran.code == 0
    assert "Nothing to do: nothing of base-1 failed that could be tried again." in ran.out
    assert "nothing_to_retry" in program("retry", "--format", "json").json


def test_retry_of_other_failures_than_there_are_is_refused(program: Program) -> None:
    program.sandbox.fail(DEV[0], EU, reason=NOT_ALLOWED)
    assert program("apply", program.manifest(), "--yes").code == 3

    ran = program("retry", "--account", PROD[0])

    assert ran.code == 1
    assert "base-1 has 1 failure, and none of them was chosen" in ran.err


def test_a_second_rollout_of_the_same_stack_sets_is_refused_while_one_is_open(
    patient: Program,
) -> None:
    patient("apply", patient.manifest(), "--yes", "--detach")
    wider = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}

    planned = patient("plan", patient.manifest(targets=wider))
    told = patient("plan", patient.manifest(targets=wider), "--format", "json")
    ran = patient("apply", patient.manifest(targets=wider), "--yes")

    assert (planned.code, told.code) == (0, 0)
    assert "held: base-1 is running since " in planned.out
    assert "and holds stack set base-topics: `apply` is refused" in planned.out
    assert "orgrollout resume base-1 --sandbox http://" in planned.out
    (held,) = told.json["held"]
    assert (held["rollout"], held["stack_sets"]) == ("base-1", ["base-topics"])
    assert held["next"].startswith("to go on with it: orgrollout resume base-1")
    assert ran.code == 1
    assert "is held by rollout base-1" in ran.err
    assert "`orgrollout status base-1` shows what it waits for" in ran.err
    assert "-> to go on with it: orgrollout resume base-1 --sandbox http://" in ran.err


def test_rollouts_are_listed_oldest_first(program: Program) -> None:
    nothing = program("rollouts")
    program("apply", program.manifest(), "--yes")
    wider = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}
    program("apply", program.manifest(targets=wider), "--yes")

    listed = program("rollouts", "--format", "json").json

    assert "There is no rollout in this journal." in nothing.out
    assert [each["rollout"] for each in listed["rollouts"]] == ["base-1", "base-2"]
    assert {each["outcome"] for each in listed["rollouts"]} == {"succeeded"}


@pytest.mark.parametrize("command", ["status", "resume", "retry", "stop", "approve"])
def test_a_rollout_that_does_not_exist_is_reported(program: Program, command: str) -> None:
    yes = ("--yes",) if command == "approve" else ()
    ran = program(command, "base-7", *yes)

    assert ran.code == 1
    assert "there is no rollout base-7 in this journal" in ran.err


@pytest.mark.parametrize("command", ["status", "resume", "retry", "stop", "rollback"])
def test_an_empty_journal_is_named_with_the_next_step(program: Program, command: str) -> None:
    """`there is no rollout in this journal` once named neither the journal nor the next step."""
    yes = ("--yes",) if command == "rollback" else ()
    ran = program(command, *yes)

    options = f" --sandbox {program.server.endpoint} --journal {program.folder / 'journal'}"
    assert ran.code == 1
    assert f"The journal is {program.folder / 'journal'}" in ran.err
    assert "Each account, home Region and endpoint has one of its own" in ran.err
    assert f"`orgrollout rollouts{options}` lists" in ran.err
    assert f"`orgrollout apply{options}` begins" in ran.err


def test_watching_ends_as_the_rollout_ends(program: Program) -> None:
    program.sandbox.fail(DEV[1], EU, times=None, reason=NOT_ALLOWED)
    program("apply", program.manifest(), "--yes")

    assert program("status").code == 0
    assert program("status", "--watch").code == 3


def test_watching_shows_the_present_state_at_once_and_then_each_event(program: Program) -> None:
    """It once printed nothing before the end of the first operation, and only totals then."""
    program.sandbox.stuck(DEV[0], EU)
    program("apply", program.manifest(), "--yes", "--detach")
    where = ("--sandbox", program.server.endpoint, "--journal", str(program.folder / "journal"))
    with begun(
        [*PROGRAM, "status", "--watch", *where], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as watching:
        assert watching.stdout is not None
        first = next(watching.stdout)
        counted = next(line for line in watching.stdout if "/14 done, " in line)
        program.sandbox.release(DEV[0], EU, "base-topics")
        assert program("resume").code == 0
        rest, _ = watching.communicate(timeout=120)

    assert first.startswith("wave ")
    assert " left" in counted
    assert "14/14 done" in rest
    assert "base-1 succeeded: 14 stack instances done" in rest
    assert watching.returncode == 0


def test_a_rollout_is_rolled_back_and_the_stacks_it_created_are_listed(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    wider = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}
    sets = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "new"}}}
    program("apply", program.manifest(targets=wider, stack_sets=sets), "--yes")

    back = program("rollback", "--yes")

    assert back.code == 0
    assert "14 to update" in back.out + back.err
    assert "created and left as they are" in back.out + back.err
    left = program("plan", program.manifest()).out
    assert "0 to create, 0 to update, 4 to detach" in left


def test_a_rollback_with_nothing_to_take_back_is_done(program: Program) -> None:
    """It ended with 1, as if something had failed, although all was as before."""
    program("apply", program.manifest(), "--yes")
    writes = len(program.writes())

    ran = program("rollback", "--yes")
    told = program("rollback", "--yes", "--format", "json")

    assert (ran.code, told.code) == (0, 0)
    assert "Nothing to do: base-1 updated no stack instance" in ran.out
    assert (told.json["rollout"], told.json["outcome"]) == (None, "succeeded")
    assert "updated no stack instance" in told.json["nothing_to_roll_back"]
    assert len(program.writes()) == writes


def test_a_rollback_needs_a_yes(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    writes = len(program.writes())

    ran = program("rollback")

    assert ran.code == 2
    assert "Add --yes" in ran.err
    assert len(program.writes()) == writes


def test_retry_of_one_class_leaves_the_others(program: Program) -> None:
    program.server.sandbox.fail(PROD[0], EU, times=1, reason=NOT_ALLOWED)
    program.server.sandbox.fail(DEV[0], EU, times=1, reason="my-bucket already exists")
    rules = {"configuration": [{"pattern": "not allowed here"}]}
    program("apply", program.manifest(rollout={"failure_classes": rules}), "--yes")

    ran = program("retry", "--class", "configuration", "--format", "json")
    wrong = program("retry", "--class", "nonsense")

    assert [failure["account"] for failure in ran.json["failures"]] == [DEV[0]]
    assert [cause["class"] for cause in ran.json["causes"]] == ["permanent"]
    assert wrong.code == 2
    assert "Write one of throttled" in wrong.err


def test_a_halt_without_failures_does_not_advise_retry(program: Program) -> None:
    """There is nothing to try again: the alarm has to be quiet first."""
    alarm = "arn:aws:cloudwatch:us-east-1:999999999999:alarm:errors"
    after = {"soak": "3h", "alarm": alarm}
    waves = [{"name": "canary", "accounts": [PROD[0]], "after": after}]

    halted = program("apply", program.manifest(rollout={"waves": waves}), "--yes")

    assert halted.code == 4
    assert "-> once the cause is gone: orgrollout resume base-1" in halted.out
    assert "orgrollout retry" not in halted.out


def test_an_automatic_rollback_does_not_advise_retry(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    program.sandbox.fail(PROD[0], EU, reason=NOT_ALLOWED, action="UPDATE")
    sets = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "new"}}}
    rollout = {**CANARY, "on_failure": "rollback"}

    halted = program("apply", program.manifest(stack_sets=sets, rollout=rollout), "--yes")

    assert halted.code == 4
    assert "superseded by base-3, for good" in halted.out
    assert "-> base-3 took over from base-2: orgrollout status base-3" in halted.out
    assert "orgrollout retry" not in halted.out
    listed = program("rollouts", "--format", "json").json["rollouts"]
    assert [each["superseded_by"] for each in listed] == [None, "base-3", None]
    assert "superseded by base-3" in program("rollouts").out


def test_a_rollout_that_another_process_drives_does_not_advise_resume(program: Program) -> None:
    """`resume` is no next step while another process drives."""
    program("apply", program.manifest(), "--yes", "--detach")
    assert "orgrollout resume base-1" in program("status").out
    journal = SqliteJournal(next((program.folder / "journal").rglob("*.sqlite")))
    document = journal.get("rollout/base-1")
    assert document is not None
    for holder, driven in (
        (f"{socket.gethostname()}:{os.getppid()}:ab", True),
        ("away:1:ab", False),
    ):
        document = journal.get("rollout/base-1")
        assert document is not None
        changed = {**document.value, "begun_by": holder}
        journal.put("rollout/base-1", changed, expected=document.version)
        told = program("status").out
        assert ("drives it; to follow it: orgrollout status base-1" in told) is driven
        assert ("orgrollout resume base-1" in told) is not driven


def test_a_removal_names_accounts_and_regions(program: Program) -> None:
    assert program("apply", program.manifest(), "--yes").code == 0

    less = program.manifest(targets={"organizational_units": ["/Prod"]})
    told = program("plan", less).out

    assert "detach: topics: 4 stacks in 2 accounts are detached and stay" in told
    assert "  where: d1 200000000001 (eu-west-1, us-east-1), d2 200000000002 (eu-west-1" in told
    named = program("plan", less, "--format", "json").json["stack_sets"][0]["removals"][0]["named"]
    assert len(named) == 2
