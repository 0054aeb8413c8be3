"""Log lines of real commands: their content, their destination, and no secret in them."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orgrollout.model.ids import Pair
from tests.cli.support import Program
from tests.faulty import SECRET, between
from tests.resyncing import ROLE
from tests.stage import BASE, PROD, US

CREDENTIALS = re.compile(rb"<(?:SecretAccessKey|SessionToken|AccessKeyId)>([^<]+)<")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orgrollout.log"


def lines(file: Path) -> list[dict[str, Any]]:
    """Return the JSON objects of a file, which has nothing else."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def told_of(found: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """Return the lines about operations that started, or ended."""
    told = [line for line in found if line["message"].startswith(f"operation {what}: ")]
    assert told
    return told


def test_nothing_is_logged_by_default(program: Program) -> None:
    ran = program("plan", program.manifest())

    assert ran.code == 0
    assert "call " not in ran.err
    assert not re.search(r"\b(DEBUG|INFO)\b", ran.out + ran.err)


def test_a_rollout_as_json_lines(patient: Program, file: Path) -> None:
    """Each line names its rollout, as log collectors need."""
    ran = patient("apply", patient.manifest(), "--yes", "--log-format", "json", "--log-file", file)

    assert ran.code == 0
    found = lines(file)
    assert {line["level"] for line in found} == {"info"}
    assert all(line["time"].endswith("Z") and line["logger"] and line["message"] for line in found)
    assert found[0]["message"] == "begins: apply"
    assert found[-1]["message"] == "ends: exit code 0"
    of_rollout = [line for line in found if "rollout" in line]
    assert {line["rollout"] for line in of_rollout} == {"base-1"}
    told = [line["message"] for line in of_rollout]
    assert "claimed base-topics" in told
    assert any(line.startswith("operation started: ") for line in told)
    assert "phase: finished, was proving" in told
    for began, ended in zip(told_of(found, "started"), told_of(found, "ended"), strict=True):
        for field in ("wave", "stack_set", "operation_id"):
            assert began[field] == ended[field]


def test_every_call_is_a_line_at_level_debug(patient: Program, file: Path) -> None:
    asked = ("--log-level", "debug", "--log-format", "json", "--log-file", file)
    assert patient("apply", patient.manifest(), "--yes", *asked).code == 0

    calls = [line for line in lines(file) if line["message"].startswith("call ")]
    sent = [c.operation for c in patient.sandbox.calls]
    assert sorted(line["operation"] for line in calls) == sorted(sent)
    assert all(line["attempt"] == 1 and line["duration_ms"] >= 0 for line in calls)
    assert all(line["region"] and line["service"] for line in calls)
    named = [line for line in calls if line["service"] == "cloudformation"]
    assert len({line["request_id"] for line in named}) == len(named)
    known = [line for line in calls if line["operation"] != "GetCallerIdentity"]
    assert {line.get("account") for line in known} == {
        patient.sandbox.organization.management_account_id
    }
    created = next(line for line in calls if line["operation"] == "CreateStackInstances")
    assert created["rollout"] == "base-1"
    assert created["stack_set"] == "base-topics"
    assert created["operation_id"].startswith("or-base-1-")
    assert created["wave"]


def test_a_repeated_call_is_logged_with_the_error(patient: Program, file: Path) -> None:
    patient.sandbox.throttle("ListStackSets", times=2)
    assert patient("plan", patient.manifest(), "--log-format", "json", "--log-file", file).code == 0

    again = [line for line in lines(file) if line["message"].startswith("repeating ")]
    assert [(line["operation"], line["attempt"], line["error"]) for line in again] == [
        ("ListStackSets", 1, "Throttling"),
        ("ListStackSets", 2, "Throttling"),
    ]


def test_no_secret_is_ever_logged(
    patient: Program, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials of the caller and of member accounts, an external id, and spoiled responses."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{SECRET}-key")
    drift = {"resync_role": ROLE, "external_id": f"{SECRET}-id"}
    path = patient.manifest(**{**BASE, "drift": drift})
    asked = ("--log-level", "debug", "--log-format", "json", "--log-file", file)
    with between(patient.sandbox) as faulty:
        assert patient("apply", path, "--yes", *asked).code == 0
        patient.sandbox.tamper(*Pair(PROD[0], US), "base-topics", "Topic", "/DisplayName", "theirs")
        faulty.spoil("AssumeRole", "cut", times=1)
        faulty.spoil("ListStackInstances", "html", times=1)
        assert patient("resync", path, "--yes", *asked).code == 0
        whole = [message.body for message in faulty.seen["AssumeRole"]]

    issued = {found.decode() for body in whole for found in CREDENTIALS.findall(body)}
    assert len(issued) > 2
    text = file.read_text()
    assert [secret for secret in {SECRET, *issued} if secret in text] == []
    found = lines(file)
    warned = {line["operation"] for line in found if line["level"] == "warning"}
    assert warned == {"AssumeRole", "ListStackInstances"}
    inside = {line["account"] for line in found if line.get("operation") == "ExecuteChangeSet"}
    assert inside == {PROD[0]}, "the account that answers"
    assert {line.get("rollout") for line in found} == {None, "base-1", "base-2"}


def test_debug_logs_to_stderr_and_leaves_stdout_to_the_result(program: Program) -> None:
    ran = program("plan", program.manifest(), "--debug", "--format", "json")

    assert ran.json["format_version"] == 1
    line = next(line for line in ran.err.splitlines() if "DescribeOrganization" in line)
    assert re.match(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z DEBUG   call organizations:DescribeOrganization [\d,]+ ms "
        r"service=organizations operation=DescribeOrganization account=\d{12} region=us-east-1 "
        r"attempt=1 duration_ms=\d+( request_id=\S+)?$",
        line,
    )


def test_environment_and_defaults_file_set_the_log_for_all_commands(
    program: Program, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = program.folder / "config.toml"
    config.write_text('[defaults]\nlog_file = "from-config.log"\nlog_format = "json"\n')
    monkeypatch.setenv("ORGROLLOUT_CONFIG", str(config))
    assert program("plan", program.manifest()).code == 0
    assert lines(program.folder / "from-config.log"), "beside the file that names it"

    monkeypatch.setenv("ORGROLLOUT_LOG_FILE", str(file))
    monkeypatch.setenv("ORGROLLOUT_LOG_LEVEL", "debug")
    assert program("plan", program.manifest()).code == 0
    assert "debug" in {line["level"] for line in lines(file)}

    assert program("plan", program.manifest(), "--log-level", "error").code == 0
    assert "ends" in lines(file)[-1]["message"], "the option wins: nothing was added"

    monkeypatch.setenv("ORGROLLOUT_LOG_LEVEL", "loud")
    ran = program("plan", program.manifest())
    assert ran.code == 2
    assert "log_level is set to loud" in ran.err


def test_a_log_file_is_its_owners_only_and_is_appended_to(program: Program, file: Path) -> None:
    for _ in range(2):
        assert program("plan", program.manifest(), "--log-file", file).code == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().count("begins: plan") == 2


def test_an_unwritable_log_file_is_reported_before_anything_is_done(program: Program) -> None:
    ran = program("apply", program.manifest(), "--yes", "--log-file", program.folder / "no" / "log")

    assert ran.code == 2
    assert "it cannot be written: No such file or directory. Nothing was done." in ran.err
    assert not program.sandbox.calls


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")  # noqa: PTH110
def test_a_full_disk_ends_the_log_and_not_the_rollout(patient: Program) -> None:
    ran = patient("apply", patient.manifest(), "--yes", "--log-file", "/dev/full")

    assert ran.code == 0
    assert ran.err.count("the log /dev/full cannot be written: No space left on device.") == 1
    assert "Traceback" not in ran.err


def test_an_error_is_a_line_of_its_own(program: Program, file: Path) -> None:
    ran = program("plan", program.folder / "none.yaml", "--log-format", "json", "--log-file", file)

    assert ran.code != 0
    error, end = lines(file)[-2:]
    assert error["level"] == "error"
    assert "none.yaml" in error["message"]
    assert end["message"] == f"ends: exit code {ran.code}"


def test_without_logs_an_error_is_printed_once(tmp_path: Path) -> None:
    """A process of its own: the handlers of pytest would hide what Python prints by itself."""
    ran = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "orgrollout", "plan", str(tmp_path / "missing.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.count("missing.yaml") == 1
