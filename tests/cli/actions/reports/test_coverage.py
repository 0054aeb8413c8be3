"""`coverage`: each account and Region in exactly one state, and an exit code to rely on."""

import csv
import io
import json
from collections import Counter
from xml.etree.ElementTree import fromstring

import pytest

from tests.cli.support import Program
from tests.stage import DEV, EU

NOT_ALLOWED = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."
KEYS = [
    "stack_set",
    "account",
    "account_name",
    "ou_path",
    "region",
    "state",
    "reason",
    "drift",
    "posture",
    "last_operation",
    "since",
    "posture_since",
]


@pytest.mark.slow
def test_every_pair_is_in_exactly_one_state(program: Program) -> None:
    program.sandbox.fail(DEV[1], EU, times=None, reason=NOT_ALLOWED)
    program("apply", program.manifest(), "--yes")

    ledger = program("coverage", program.folder / "manifest.yaml", "--format", "json").json

    assert ledger["format_version"] == 1
    rows = ledger["instances"]
    assert len(rows) == 11 * 2
    assert len({(row["account"], row["region"]) for row in rows}) == len(rows)
    states = {state: number for state, number in ledger["summary"].items() if number}
    assert states == Counter(row["state"] for row in rows)
    assert states == {"current": 13, "failed": 1, "skipped": 2, "out_of_scope": 6}
    failed = next(row for row in rows if row["state"] == "failed")
    assert list(failed) == [*KEYS, "flow_logs"]
    assert failed["account"] == DEV[1]
    assert failed["account_name"] == "d2"
    assert failed["ou_path"] == "/Dev"
    assert failed["region"] == EU
    assert NOT_ALLOWED in failed["reason"]
    assert failed["last_operation"] == program.operations()[0].id


def test_csv_holds_the_chosen_rows_and_nothing_else(program: Program) -> None:
    ran = program("coverage", program.manifest(), "--state", "skipped", "--format", "csv")

    rows = list(csv.reader(io.StringIO(ran.out)))
    assert rows[0] == [*KEYS, "vpcs", "covered_elsewhere"]
    assert [(row[2], row[5]) for row in rows[1:]] == [("gone", "skipped")] * 2
    assert "arn:aws:sts::999999999999" in ran.err


def test_text_names_the_pairs_that_need_attention(program: Program) -> None:
    ran = program("coverage", program.manifest(), "--account", "d1")

    assert ran.code == 0
    assert "0 of 2 stack instances current, 0 skipped." in ran.out
    assert ran.out.count("not deployed") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fail_on", "code"), [("failed,drifted", 0), ("missing", 3), ("drifted, missing", 3)]
)
def test_fail_on_fails_for_the_states_named(program: Program, fail_on: str, code: int) -> None:
    assert program("coverage", program.manifest(), "--fail-on", fail_on).code == code


def test_a_pair_that_waits_for_its_wave_is_pending_and_not_missing(program: Program) -> None:
    waves = [{"name": "canary", "accounts": [DEV[0]], "after": {"approval": "required"}}]
    program("apply", program.manifest(rollout={"waves": waves}), "--yes")

    ledger = program("coverage", program.folder / "manifest.yaml", "--format", "json").json

    assert ledger["summary"]["pending"] == 12
    assert ledger["summary"]["current"] == 2


def test_a_misspelt_state_is_wrong_usage(program: Program) -> None:
    """Otherwise a gate would let everything pass."""
    ran = program("coverage", program.manifest(), "--fail-on", "mising")

    assert ran.code == 2
    assert "Did you mean `missing`?" in ran.err


@pytest.mark.parametrize("format_", ["junit", "sarif"])
def test_stdout_holds_junit_or_sarif_alone(program: Program, format_: str) -> None:
    ran = program("coverage", program.manifest(), "--format", format_)

    if format_ == "junit":
        suites = fromstring(ran.out)  # noqa: S314 - our own
        assert [suite.get("tests") for suite in suites] == ["22"]
        assert suites.get("failures") == "14"
    else:
        results = json.loads(ran.out)["runs"][0]["results"]
        assert {result["ruleId"] for result in results} == {"missing"}
        assert len(results) == 14
        line = results[0]["locations"][0]["physicalLocation"]["region"]["startLine"]
        written = (program.folder / "manifest.yaml").read_text().splitlines()
        assert written[line - 1].strip().startswith("topics:")
