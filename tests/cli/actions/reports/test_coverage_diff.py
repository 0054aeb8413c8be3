"""`coverage --diff A B`: what changed between two ledgers that were kept."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgrollout.cli.main import main
from tests.cli.support import Program, Ran
from tests.stage import DEV, EU, US

NOT_ALLOWED = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."
Run = Callable[..., Ran]


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Return what compares two documents, each written to a file of its own."""

    def run(before: Any, after: Any, *options: str) -> Ran:
        for name, document in (("a.json", before), ("b.json", after)):
            text = document if isinstance(document, str) else json.dumps(document)
            (tmp_path / name).write_text(text)
        capsys.readouterr()
        code = main(["coverage", "--diff", f"{tmp_path}/a.json", f"{tmp_path}/b.json", *options])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


def ledger(states: dict[tuple[str, str], str], **changes: Any) -> dict[str, Any]:
    """Return an export: each account and Region of one stack set, and its state."""
    instances = [
        {
            "stack_set": "topics",
            "account": account,
            "account_name": f"n{account}",
            "ou_path": "/Prod/Old" if account == "1" else "/Dev",
            "region": region,
            "state": state,
            "reason": "",
        }
        for (account, region), state in states.items()
    ]
    return {
        "format_version": 1,
        "manifest": "base",
        "organization": "o-a1b2c3d4e5",
        "made": "2026-01-01T00:00:00+00:00",
        "narrowed": False,
        "summary": {"current": len(instances)},
        "instances": instances,
        **changes,
    }


THEN = ledger({("1", US): "current", ("1", EU): "missing", ("2", US): "drifted"})
NOW = ledger({("1", US): "current", ("1", EU): "current", ("3", US): "failed"})


def test_a_rollout_is_seen_between_two_exports(patient: Program) -> None:
    """An auditor keeps one file a month, and asks what happened in between."""
    path = patient.manifest()
    for name in ("before.json", "after.json"):
        exported = patient("coverage", path, "--format", "json")
        (patient.folder / name).write_text(exported.out)
        patient.sandbox.fail(DEV[1], EU, times=None, reason=NOT_ALLOWED)
        patient("apply", path, "--yes")
    after = patient.folder / "after.json"
    sides = ("--diff", patient.folder / "before.json", after)

    found = patient.alone("coverage", *sides, "--format", "json").json
    text = patient.alone("coverage", *sides).out
    rows = list(
        csv.DictReader(io.StringIO(patient.alone("coverage", *sides, "--format", "csv").out))
    )

    assert found["summary"] == {
        "changed": 14,
        "same": 8,
        "known_in_one": 0,
        "unknown_in_both": 0,
    }
    assert found["transitions"] == [
        {"stack_set": "topics", "from": "missing", "to": "current", "pairs": 13},
        {"stack_set": "topics", "from": "missing", "to": "failed", "pairs": 1},
    ]
    failed = next(each for each in found["changes"] if each["to"] == "failed")
    assert (failed["account"], failed["account_name"], failed["region"]) == (DEV[1], "d2", EU)
    assert NOT_ALLOWED in failed["reason"]
    assert [{**row, "reason": ""} for row in rows] == [
        {**each, "reason": ""} for each in found["changes"]
    ]
    assert "14 stack instances changed, 8 did not." in text
    assert str(NOT_ALLOWED) in text
    assert patient.alone("coverage", *sides, "--fail-on", "failed").code == 3
    assert patient.alone("coverage", *sides, "--fail-on", "drifted").code == 0
    assert (
        "0 stack instances changed, 22 did not."
        in patient.alone("coverage", "--diff", after, after).out
    )


def test_a_pair_that_a_whole_ledger_lacks_was_not_in_it(diff: Run) -> None:
    ran = diff(THEN, NOW, "--format", "json")

    changes = [(each["account"], each["from"], each["to"]) for each in ran.json["changes"]]
    assert changes == [("1", "missing", "current"), ("2", "drifted", None), ("3", None, "failed")]
    assert "not in it" in diff(THEN, NOW).out


@pytest.mark.parametrize(
    "part",
    [
        {"narrowed": True},
        {"narrowed": None},  # of an older version
        {"summary": {"current": 400}},  # of chosen states
    ],
    ids=["narrowed", "older", "chosen"],
)
def test_a_pair_that_a_part_of_a_ledger_lacks_is_unknown(diff: Run, part: dict[str, Any]) -> None:
    """Otherwise a narrowed export would look as if all else had gone."""
    ran = diff(THEN, {**NOW, **part}, "--format", "json")

    assert [each["to"] for each in ran.json["changes"]] == ["current", "failed"]
    assert ran.json["summary"]["known_in_one"] == 1
    assert {"stack_set": "topics", "from": "drifted", "to": "unknown", "pairs": 1} in ran.json[
        "transitions"
    ]
    text = diff(THEN, {**NOW, **part}).out
    assert "1 stack instance unknown in one of the two: whether the state changed is not" in text


def test_an_account_that_a_past_ledger_lacks_is_unknown_in_it(diff: Run) -> None:
    """It may have joined after the plan that remembers the organization was made."""
    past = ledger({("1", US): "current", ("1", EU): "missing"}, as_of="base-1")
    then = ledger({("1", US): "current", ("3", US): "failed"})

    found = diff(past, then, "--format", "json")

    changes = [(each["account"], each["from"], each["to"]) for each in found.json["changes"]]
    assert changes == [("1", "missing", None)]  # the later ledger is whole
    assert found.json["summary"]["known_in_one"] == 1
    assert {"stack_set": "topics", "from": "unknown", "to": "failed", "pairs": 1} in found.json[
        "transitions"
    ]
    assert "a.json lacks accounts: the journal does not say" in diff(past, then).out
    assert diff(past, then, "--fail-on", "failed").code == 3
    assert diff(past, then, "--fail-on", "drifted").code == 0


@pytest.mark.parametrize(
    ("options", "accounts"),
    [
        (("--account", "n3"), ["3"]),
        (("--account", "2"), ["2"]),
        (("--ou", "/Prod"), ["1"]),
        (("--region", EU), ["1"]),
        (("--stack-set", "topics"), ["1", "2", "3"]),
        (("--state", "drifted"), ["2"]),
        (("--ou", "/Prod", "--account", "n3"), []),
    ],
)
def test_a_difference_is_narrowed(diff: Run, options: tuple[str, ...], accounts: list[str]) -> None:
    ran = diff(THEN, NOW, "--format", "json", *options)

    assert [each["account"] for each in ran.json["changes"]] == accounts


@pytest.mark.parametrize(
    "options", [("--account", "n33"), ("--ou", "/Pro"), ("--region", "eu-west-11")]
)
def test_what_neither_ledger_has_is_wrong_usage(diff: Run, options: tuple[str, ...]) -> None:
    ran = diff(THEN, NOW, *options)

    assert ran.code == 2
    assert "Did you mean" in ran.err


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("stack_set,account\n", "no coverage as JSON: Invalid JSON"),
        ({"format_version": 1}, "summary: Field required"),
        (ledger({("1", US): "currant"}), "instances.0.state: Input should be"),
        (ledger({("", US): "current"}), "instances.0.account: String should have at least 1"),
        ({**NOW, "format_version": 2}, "has format_version 2"),
        (
            {**NOW, "instances": [*NOW["instances"], NOW["instances"][0]]},
            "instances.3: topics 1 us-east-1 is in it twice",
        ),
        ({**NOW, "organization": "o-other"}, "is of organization o-a1b2c3d4e5, and"),
    ],
    ids=["csv", "field", "state", "account", "version", "twice", "organization"],
)
def test_a_file_that_cannot_be_compared_is_refused(diff: Run, document: Any, said: str) -> None:
    ran = diff(THEN, document)

    assert ran.code in {1, 2}
    assert ran.out == ""
    assert said in " ".join(ran.err.split())


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "--diff", "nowhere.json", "nowhere.json"]) == 2
    assert "--diff nowhere.json: it cannot be read" in capsys.readouterr().err


def test_what_a_reader_could_get_wrong_is_said(diff: Run) -> None:
    older = {**NOW, "made": "2025-01-01T00:00:00+00:00", "manifest": "other"}

    text = diff(THEN, older).out

    assert "the second ledger is older than the first" in text
    assert "two manifests are compared: base and other" in text


def test_a_name_that_a_terminal_would_act_on_is_shown(diff: Run) -> None:
    hostile = json.loads(json.dumps(NOW))
    hostile["instances"][2]["account_name"] = "=1+1\x1b[31m<b>|"

    assert "\x1b" not in diff(THEN, hostile).out
    assert "'=1+1" in diff(THEN, hostile, "--format", "csv").out
    assert "\\|" in diff(THEN, hostile, "--format", "markdown").out


def test_a_change_is_neither_passed_nor_failed(diff: Run) -> None:
    ran = diff(THEN, NOW, "--format", "junit")

    assert ran.code == 2
    assert "One of text, json, csv, markdown." in ran.err
