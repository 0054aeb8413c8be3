"""`resync`: the output before anything is repaired, and the repairs a cron job may do alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair
from tests.cli.support import Program
from tests.matrix.resync_story import RECORDED
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, US

pytestmark = pytest.mark.slow

ONE, TWO = Pair(PROD[0], US), Pair(DEV[0], EU)
NEVER = {"days": ["mon"], "start": "00:00", "end": "00:01"}


def manifest(program: Program, **drift: Any) -> Path:
    return program.manifest(**{**BASE, "drift": {"resync_role": ROLE, **drift}})


@pytest.fixture
def drifted(patient: Program) -> Program:
    """The stack set everywhere, with a change by hand in each of two accounts."""
    assert patient("apply", manifest(patient), "--yes").code == 0
    for pair in (ONE, TWO):
        patient.sandbox.tamper(*pair, "base-topics", "Topic", "/DisplayName", "theirs")
    return patient


def repairs(program: Program) -> set[tuple[str, str]]:
    """Return where a change set was carried out."""
    calls = (c for c in program.sandbox.calls if c.operation == "ExecuteChangeSet")
    return {(call.account, call.region) for call in calls}


def test_a_re_sync_finds_shows_repairs_and_verifies(drifted: Program) -> None:
    ran = drifted("resync", manifest(drifted), "--yes")

    assert ran.code == 0, ran.out + ran.err
    assert "Topic/DisplayName" in ran.out
    assert "2 to revert" in ran.out
    assert "calls: about 20 calls in member accounts, in " in ran.out
    assert "succeeded: 2 stack instances done" in ran.out
    assert repairs(drifted) == {ONE, TWO}
    again = drifted("resync", manifest(drifted), "--yes")
    assert again.code == 0
    assert "Nothing to do" in again.out
    history = drifted("drift", manifest(drifted), "--history", "--format", "json")
    assert {each["state"] for each in history.json["findings"]} == {"repaired"}


def test_a_repaired_pair_is_current_before_the_next_detection(drifted: Program) -> None:
    """CloudFormation still reports DRIFTED until the next detection of the whole stack set."""
    assert drifted("resync", manifest(drifted), "--yes").code == 0
    assert drifted("drift", manifest(drifted)).code == 0
    assert drifted("journal", "prune", "--keep", "9").code == 0

    ran = drifted("coverage", manifest(drifted), "--format", "json", "--fail-on", "drifted")

    assert ran.code == 0
    reasons = {(i["account"], i["region"]): i["reason"] for i in ran.json["instances"]}
    assert "since it was looked at" in reasons[ONE]


def test_a_finding_that_came_back_is_shown_by_every_command(patient: Program) -> None:
    """Before the next detection, too: the repair's own detection has found it again."""
    path = manifest(patient)
    assert patient("apply", path, "--yes").code == 0
    patient.sandbox.tamper(
        *ONE, "base-topics", "Topic", "/DisplayName", "theirs", again=timedelta(seconds=1)
    )
    assert patient("resync", path, "--yes").code == 3

    ran = patient("drift", path)
    (record,) = patient("drift", path, "--history", "--format", "json").json["findings"]
    ledger = patient("coverage", path, "--format", "json", "--fail-on", "drifted")
    again = patient("resync", path, "--dry-run", "--no-detect", "--format", "json")

    assert ran.code == 3
    assert "1 real finding" in ran.out
    assert (record["state"], record["came_back"]) == ("open", 1)
    assert ledger.code == 3
    assert (again.code, again.json["summary"]["revert"]) == (3, 1)


def test_nothing_to_do_without_a_role_covers_only_the_checked_resources(patient: Program) -> None:
    """Recorders and flow logs were not checked, and "Nothing to do." was printed with exit 0."""
    (patient.folder / "recorded.yaml").write_text(RECORDED)
    path = patient.manifest(stack_sets={"topics": {"template": "recorded.yaml"}})
    applied = patient("apply", path, "--yes")

    again = patient("plan", path)
    ran = patient("resync", path, "--unattended")
    looked = patient("drift", path, "--detect", "--format", "json")
    ledger = patient("coverage", path, "--format", "json")

    assert (applied.code, again.code, ran.code, looked.code) == (0, 0, 5, 5)
    assert "Not checked: what people changed by hand and recorders, rules" in again.out
    assert "Nothing to do in what was looked at." in ran.out
    assert "`drift: {probe_role: ...}`" in ran.out
    (unchecked,) = looked.json["not_checked"]
    assert unchecked.startswith("posture of 1 stack set (")
    assert ledger.json["not_checked"] == ["posture of 14 current stack instances"]


def test_places_that_could_not_be_read_are_left_and_are_no_success(patient: Program) -> None:
    (patient.folder / "recorded.yaml").write_text(RECORDED)
    path = patient.manifest(
        stack_sets={"topics": {"template": "recorded.yaml"}},
        drift={"resync_role": "no-account-has-it"},
    )
    assert patient("apply", path, "--yes").code == 0
    patient.sandbox.fail(*ONE, "base-topics", action="DETECT_DRIFT", times=None)

    ran = patient("resync", path, "--unattended")
    told = patient("resync", path, "--unattended", "--no-detect", "--format", "json")
    looked = patient("drift", path, "--detect")

    assert (ran.code, told.code, looked.code) == (5, 5, 5)  # posture was looked at nowhere
    assert told.json["not_checked"] == [
        "drift of 1 stack instance",
        "posture in 7 accounts that could not be entered",
    ]
    assert f"topics access: 7 stack instances (e.g. {PROD[0]} " in ran.out
    assert f"({ONE}): it could not be looked at: no drift detection tells of it" in ran.out
    left = {(each["account"], each["what"]) for each in told.json["left"]}
    assert left == {(ONE.account, "drift"), *((a, "access") for a in (*PROD, *DEV))}


def test_a_stack_set_that_others_keep_busy_is_no_success(drifted: Program) -> None:
    path = manifest(drifted)
    assert drifted("resync", path, "--yes").code == 0
    drifted.sandbox.stuck(*TWO, "base-topics", action="DETECT_DRIFT")
    drifted.sandbox.session().client(
        "cloudformation", endpoint_url=drifted.server.endpoint
    ).detect_stack_set_drift(StackSetName="base-topics")

    ran = drifted("resync", path, "--unattended", "--timeout", "2m", "--format", "json")

    assert ran.code == 3
    assert "since an operation of others goes on" in ran.json["detected"]["topics"]


def test_a_dry_run_changes_nothing(drifted: Program) -> None:
    before = len(drifted.writes())

    ran = drifted("resync", manifest(drifted), "--dry-run", "--format", "json")

    assert ran.code == 3
    assert ran.json["summary"]["revert"] == 2
    assert ran.json["nothing_repaired"] == "--dry-run"
    assert not repairs(drifted)
    assert set(drifted.writes()[before:]) <= {"DetectStackSetDrift", "AssumeRole"}


def test_a_re_sync_without_a_terminal_asks_no_one_and_reads_nothing(drifted: Program) -> None:
    before = len(drifted.sandbox.calls)

    ran = drifted("resync", manifest(drifted))

    assert ran.code == 2
    assert "--unattended" in ran.err
    assert len(drifted.sandbox.calls) == before


def test_an_unattended_re_sync_cannot_be_detached(drifted: Program) -> None:
    """Work in member accounts needs a process: without one it would repair nothing."""
    before = len(drifted.sandbox.calls)

    ran = drifted("resync", manifest(drifted), "--unattended", "--detach")

    assert ran.code == 2
    assert "--unattended goes without --detach" in ran.err
    assert len(drifted.sandbox.calls) == before


def test_a_detached_re_sync_says_that_repairs_wait_for_resume(drifted: Program) -> None:
    ran = drifted("resync", manifest(drifted), "--yes", "--detach")

    assert ran.code == 0
    assert "repairs in member accounts need a process that drives them" in ran.out
    assert "operations that run in AWS go on" not in ran.out


def test_a_narrowed_re_sync_repairs_only_the_chosen_pairs(drifted: Program) -> None:
    ran = drifted("resync", manifest(drifted), "--yes", "--account", PROD[0])

    assert ran.code == 0, ran.out + ran.err
    assert repairs(drifted) == {ONE}


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"max_instances": 1}, "2 stack instances would be repaired"),
        ({"windows": [NEVER]}, "is in none of drift.unattended.windows"),
    ],
)
def test_an_unattended_re_sync_stays_within_its_budget(
    drifted: Program, limits: dict[str, Any], why: str
) -> None:
    """So much drift at once has a cause that a person should know first."""
    path = manifest(drifted, unattended=limits)
    tried = drifted("resync", path, "--unattended", "--dry-run")
    ran = drifted("resync", path, "--unattended", "--no-detect")

    assert (tried.code, ran.code) == (3, 4)
    (said,) = (line for line in tried.out.splitlines() if "Nothing was repaired" in line)
    assert said.startswith("Nothing was repaired: --dry-run; ")
    assert why in said
    assert why in ran.out
    assert not repairs(drifted)


def test_an_unattended_re_sync_begins_no_repair_after_its_window(patient: Program) -> None:
    """A wave may soak for hours; the next one waits for the next window."""
    waves = [{"name": "canary", "accounts": [ONE.account], "after": {"soak": "3h"}}]
    limits = {"windows": [{"start": "08:00", "end": "09:00"}]}
    drift = {"resync_role": ROLE, "unattended": limits}
    path = patient.manifest(**{**BASE, "rollout": {"waves": waves}, "drift": drift})
    assert patient("apply", path, "--yes").code == 0
    now = patient.sandbox.clock.now()
    opens = now.replace(hour=8, minute=10) + timedelta(days=1)
    patient.sandbox.clock.sleep(opens - now)
    for pair in (ONE, TWO):
        patient.sandbox.tamper(*pair, "base-topics", "Topic", "/DisplayName", "theirs")

    ran = patient("resync", path, "--unattended")

    assert ran.code == 0, ran.out + ran.err
    assert "no operation starts before" in ran.out
    begun = [c.time for c in patient.sandbox.calls if c.operation == "CreateChangeSet"]
    assert [moment.hour for moment in begun] == [8, 8]
    assert begun[1] - begun[0] > timedelta(hours=20)


def test_an_unattended_re_sync_repairs_only_the_types_allowed(drifted: Program) -> None:
    limits = {"resource_types": ["AWS::SQS::*"]}

    ran = drifted("resync", manifest(drifted, unattended=limits), "--unattended")

    assert ran.code == 3
    assert "AWS::SNS::Topic, which may not be repaired here" in ran.out
    assert not repairs(drifted)


def test_an_unattended_re_sync_within_its_budget_repairs_and_reports_the_end(
    drifted: Program,
) -> None:
    limits = {"max_instances": 2, "resource_types": ["AWS::SNS::*"]}

    ran = drifted(
        "resync", manifest(drifted, unattended=limits), "--unattended", "--format", "json"
    )

    assert ran.code == 0, ran.err
    assert ran.json["outcome"] == "succeeded"
    assert ran.json["left"] == []
    assert repairs(drifted) == {ONE, TWO}


def test_later_jobs_name_how_to_continue_after_a_killed_job(drifted: Program) -> None:
    """A job was killed, and every one after it ended with 3 and did not say what to do."""
    assert drifted("resync", manifest(drifted), "--yes", "--detach").code == 0

    for _ in range(2):
        later = drifted("resync", manifest(drifted), "--unattended")
        assert later.code in {3, 4}
        assert "if the process that drove it has ended" in later.out
        assert "`orgrollout resume base-2` goes on with it" in later.out

    assert drifted("resume", "base-2").code == 0
    assert repairs(drifted) == {ONE, TWO}
    assert drifted("resync", manifest(drifted), "--unattended").code == 0


def test_a_second_job_leaves_all_repairs_to_the_first(drifted: Program) -> None:
    first = drifted("resync", manifest(drifted), "--yes", "--detach")
    assert first.code == 0

    second = drifted("resync", manifest(drifted), "--unattended", "--no-detect")

    assert second.code == 4
    assert "left to the next run" in second.err
    assert "stack set base-topics (its repairs) is held by rollout base-2" in second.err
    under_way = drifted("status")
    assert "it goes on in member accounts" in under_way.out
    assert "NOT STARTED" not in under_way.out
    resumed = drifted("resume")
    assert resumed.code == 0, resumed.out + resumed.err
    assert repairs(drifted) == {ONE, TWO}
    executed = [c for c in drifted.sandbox.calls if c.operation == "ExecuteChangeSet"]
    assert len(executed) == 2


def test_a_refused_repair_is_left_by_jobs_until_a_person_has_looked(drifted: Program) -> None:
    """Else each night would leave one more change set in the account."""
    drifted.sandbox.replaces(*ONE, "base-topics", logical_id="Topic")
    attended = drifted("resync", manifest(drifted), "--yes")
    assert attended.code == 3
    assert "it would replace Topic" in attended.out

    job = drifted("resync", manifest(drifted), "--unattended")

    assert job.code == 3
    assert "still in the account, for a person to execute or delete" in job.out
    made = [c for c in drifted.sandbox.calls if c.operation == "CreateChangeSet"]
    assert len(made) == 2
    assert repairs(drifted) == {TWO}


def test_an_earlier_re_sync_is_stopped_only_if_the_new_one_is_accepted(
    drifted: Program,
) -> None:
    assert drifted("resync", manifest(drifted), "--yes", "--detach").code == 0
    nowhere = drifted.manifest(
        drift={"resync_role": ROLE}, targets={"organizational_units": ["/Nowhere"]}
    )

    refused = drifted("resync", nowhere, "--yes", "--supersede")
    still = drifted("status", "base-2", "--format", "json").json
    ran = drifted("resync", manifest(drifted), "--yes", "--supersede")

    assert refused.code == 1
    assert still["phase"] == "running"
    assert ran.code == 0
    assert "base-2 is stopped; what begins now supersedes it" in ran.out
    assert drifted("status", "base-2", "--format", "json").json["superseded_by"] == "base-3"
