"""`confirm`: what it shows before it asks, what it writes, and what it refuses."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tests.cli.support import Program
from tests.stage import DEV, EU

CANARY, SUSPENDED = DEV[0], "200000000003"
FAST = ("overrides_stored", "omitted_parameters")
ONLY = tuple(word for name in FAST for word in ("--only", name))


def confirmed(program: Program, *more: object) -> tuple[object, ...]:
    out = program.folder / "behaviour.yaml"
    return ("confirm", "--account", CANARY, "--second-region", EU, "--out", out, "--yes", *more)


def test_it_shows_what_it_makes_runs_and_writes_the_answers(patient: Program) -> None:
    ran = patient(*confirmed(patient, *ONLY))

    assert ran.code == 0, ran.err
    shown, _, results = ran.out.partition("confirmed ")
    assert "When does DescribeStackInstance show overrides that were sent?" in shown
    assert "They make 2 stack sets in the caller's account" in shown
    assert f"Their stacks are in account {CANARY}" in shown
    assert "All of it is taken away at the end. It takes about 8 minutes, and costs" in shown
    assert "overrides_stored: at_start" in results
    assert "2 experiments: 2 confirmed, 0 otherwise and 0 could not tell." in results
    written = yaml.safe_load((patient.folder / "behaviour.yaml").read_text())
    assert written == {
        "version": 1,
        "behaviour": {"omitted_parameters": "keep", "overrides_stored": "at_start"},
    }
    made = [c for c in patient.sandbox.calls if c.operation == "CreateStackSet"]
    gone = [c for c in patient.sandbox.calls if c.operation == "DeleteStackSet"]
    assert len(made) == len(gone) == 2


def test_json_is_alone_on_stdout_and_answers_of_earlier_runs_stay(patient: Program) -> None:
    out = patient.folder / "behaviour.yaml"
    out.write_text("version: 1\nbehaviour: {stop_reason: '', skipped_status: CURRENT}\n")

    ran = patient(*confirmed(patient, "--only", "stop_reason", "--format", "json"))

    assert ran.code == 0, ran.err
    (found,) = ran.json["experiments"]
    assert found["experiment"] == "stop_reason"
    assert found["outcome"] == "confirmed"
    assert found["value"] == found["assumed"] == "Cancelled since the operation was stopped"
    assert "StopStackSetOperation: accepted" in found["evidence"]
    assert ran.json["left_behind"] == []
    assert ran.json["summary"] == {"confirmed": 1, "otherwise": 0, "could_not_tell": 0}
    assert "one standard parameter" in ran.err
    answers = yaml.safe_load(out.read_text())["behaviour"]
    assert answers == {"stop_reason": found["value"], "skipped_status": "CURRENT"}


def test_what_was_not_run_ends_with_3(patient: Program) -> None:
    ran = patient(*confirmed(patient, "--only", "omitted_parameters", "--only", "skipped_status"))

    assert ran.code == 3
    assert "not run: skipped_status, which needs --suspended ACCOUNT" in ran.out
    assert "could not tell  skipped_status" in ran.out


def test_without_a_terminal_and_without_yes_nothing_is_made(patient: Program) -> None:
    ran = patient(*(word for word in confirmed(patient, *ONLY) if word != "--yes"))

    assert ran.code == 2
    assert "Give --yes" in ran.err
    assert "They make 2 stack sets" in ran.out
    assert patient.writes() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--account", "p1"), "--account: `p1` is no id of an account. Give twelve digits."),
        (("--only", "stop_reson"), "no experiment is called `stop_reson`. Did you mean"),
        (("--external-id", "x"), "--external-id goes with --role."),
        (("--role", "arn:aws:iam::1:role/x"), "--role: no role is called"),
        (("--only", "skipped_status"), "no experiment can run; nothing was made"),
        (("--account", "999999999999"), "999999999999 is the management account"),
        (("--account", SUSPENDED), f"account {SUSPENDED} is SUSPENDED, and has to be ACTIVE"),
        (("--suspended", DEV[1]), f"account {DEV[1]} is ACTIVE, and has to be SUSPENDED"),
        (("--suspended", CANARY), "one account is named twice"),
        (("--second-region", "us-east-1"), "us-east-1 is the home Region"),
        (("--account", "123456789012"), "DescribeAccount"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_made(
    patient: Program, given: tuple[str, str], said: str
) -> None:
    ran = patient(*confirmed(patient, *given))

    assert ran.code in {1, 2}
    assert said in ran.err
    assert patient.writes() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n", "is no file of `orgrollout confirm`"),
        ("version: 1\nbehaviour: {stop_reason: 1}\n", "2:26: behaviour.stop_reason: is no answer"),
        ("version: 1\nbehaviour: {skiped_status: CURRENT}\n", "no experiment is called"),
        ("version: 1\nbehaviour: [a]\n", "is no mapping of names to answers"),
        ("version: 1\nbehaviour: {}\nmore: 1\n", "`more` is no key of such a file"),
    ],
)
def test_a_file_that_is_another_is_not_written_over(patient: Program, text: str, said: str) -> None:
    out = patient.folder / "behaviour.yaml"
    out.write_text(text)

    ran = patient(*confirmed(patient, *ONLY))

    assert ran.code == 1
    assert said in ran.err
    assert out.read_text() == text
    assert patient.writes() == []


def test_account_is_needed(patient: Program) -> None:
    ran = patient("confirm", "--yes")

    assert ran.code == 2
    assert "--account is missing" in ran.err


def test_what_is_left_is_taken_away_by_clean(patient: Program, tmp_path: Path) -> None:
    lasting = {"account": CANARY, "action": "DELETE", "times": 3, "reason": "denied"}
    patient.sandbox.add_fault({"fail": lasting})
    out = tmp_path / "left.yaml"
    left = patient(*confirmed(patient, "--only", "create_on_current", "--out", out))

    assert left.code == 3
    assert "is still there: its stack instances are still there after they were deleted" in left.err
    assert "`orgrollout confirm --clean --sandbox" in left.err

    busy = patient("confirm", "--clean", "--format", "json")
    patient.sandbox.clock.sleep(timedelta(minutes=15))
    asked = patient("confirm", "--clean")
    cleaned = patient("confirm", "--clean", "--yes", "--format", "json")

    assert busy.code == 1
    assert "its run may still go on" in busy.err
    assert busy.json["removed"] == []
    assert asked.code == 2
    assert cleaned.code == 0
    (name,) = cleaned.json["removed"]
    assert f"{name} is still there" in left.err
    assert cleaned.json["left_behind"] == []
    assert "Removed 0 stack sets" in patient("confirm", "--clean").out


def test_clean_says_what_stays(patient: Program) -> None:
    lasting = {"account": CANARY, "action": "DELETE", "times": "always", "reason": "denied"}
    patient.sandbox.add_fault({"fail": lasting})
    patient(*confirmed(patient, "--only", "create_on_current"))

    ran = patient("confirm", "--clean", "--yes")

    assert ran.code == 1
    assert "tries again" in ran.err
