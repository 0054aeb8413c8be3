"""`report`: the page of a manifest or a rollout, from real reads, and it changes nothing."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Program
from tests.stage import DEV, EU, PROD, US

NOT_ALLOWED = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."


def document_in(page: Path) -> Any:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'id="document">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def out_of(program: Program, manifest: Path, folder: Path) -> Path:
    program("report", manifest, "--out", folder / "page.html")
    return folder / "page.html"


def test_the_page_of_a_manifest_that_was_never_applied(program: Program, tmp_path: Path) -> None:
    out = tmp_path / "page.html"

    ran = program("report", program.manifest(), "--out", out)

    assert ran.code == 0, ran.err
    assert "22 stack instances" in ran.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600  # it names accounts
    document = document_in(out)
    assert document["sum"] == [{"stack_set": "topics", "accounts": 11, "regions": 2, "besides": 0}]
    assert {s: n for s, n in document["summary"].items() if n} == {
        "missing": 14,
        "skipped": 2,
        "out_of_scope": 6,
    }
    assert document["rollouts"] == []
    assert document["plan"]["summary"]["create"] == 14
    assert [each["what"] for each in document["commands"]] == [
        "what would change",
        "carry it out",
        "look for drift",
        "repair what drifted",
    ]
    assert program.writes() == []


@pytest.mark.slow
def test_the_page_tells_failures_drift_and_history(program: Program, tmp_path: Path) -> None:
    program.sandbox.fail(DEV[1], EU, times=None, reason=NOT_ALLOWED)
    manifest = program.manifest()
    program("apply", manifest, "--yes")
    program.sandbox.tamper(PROD[0], US, "base-topics", "Topic", "/DisplayName", "<b>by hand</b>")
    program("drift", manifest, "--detect")
    before = program.writes()

    document = program("report", manifest, "--format", "json").json

    assert program.writes() == before
    assert (document["summary"]["failed"], document["summary"]["drifted"]) == (1, 1)
    (cause,) = document["rollouts"][0]["causes"]
    assert (cause["instances"], cause["named"]) == (1, [f"d2 {DEV[1]}"])
    assert document["rollouts"][0]["left"] == [
        {
            "planned": 0,
            "state": "failed",
            "reason": f"permanent: {NOT_ALLOWED}",
            "where": document["rollouts"][0]["failed_in"][-1]["where"],
        }
    ]
    (failed,) = [f for f in document["rollouts"][0]["failed_in"] if f["reason"] == NOT_ALLOWED]
    assert failed["operation"] == program.operations()[0].id
    (finding,) = document["drift"]["findings"]
    assert document["accounts"]["id"][finding["account"]] == PROD[0]
    assert (finding["expected"], finding["actual"]) == ("a-b", "<b>by hand</b>")
    assert "Topic/DisplayName" in {each["what"] for each in document["history"]}
    assert "<b>" not in out_of(program, manifest, tmp_path).read_text(encoding="utf-8")

    live = program("status", "--web")
    name = document["rollouts"][0]["rollout"]
    assert live.code == 3
    assert f"{name} is over (succeeded with failures): there is nothing to follow" in live.out
    assert f"orgrollout report {name} --" in live.out
    assert "It is for this machine alone" not in live.out

    out = tmp_path / "rollout.html"
    assert program("report", document["rollouts"][0]["rollout"], "--out", out).code == 0
    rollout = document_in(out)
    assert {s: n for s, n in rollout["summary"].items() if n} == {"done": 13, "failed": 1}
    assert rollout["commands"][0]["command"].startswith("orgrollout retry ")

    fewer = program.manifest(
        targets={"organizational_units": ["/Dev"]}, guards={"max_removed_accounts": 0}
    )
    refused = program("report", fewer, "--format", "json").json
    assert refused["plan"] is None
    assert "max_removed_accounts" in refused["plan_refused"]


def test_a_rollout_that_there_is_not_is_said(program: Program, tmp_path: Path) -> None:
    out = tmp_path / "page.html"

    ran = program("report", "base-9", "--out", out)

    assert ran.code == 1
    assert "there is no rollout base-9" in ran.err
    assert not out.exists()


def test_a_name_that_cannot_be_written_is_refused_before_anything_is_read(
    program: Program, tmp_path: Path
) -> None:
    ran = program("report", program.manifest(), "--out", tmp_path)

    assert ran.code == 1
    assert "is a folder" in ran.err
    assert program.sandbox.calls == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--web", "--watch"], "leave out --watch"),
        (["--web", "--format", "json"], "leave out --watch, --format"),
        (["--web", "--region", "us-east-1"], "The page has filters"),
        (["--web", "--for", "soon"], "--for soon"),
        (["--for", "1h"], "add --web"),
    ],
)
def test_what_does_not_go_with_the_live_page_is_refused(
    program: Program, options: list[str], said: str
) -> None:
    ran = program("status", *options)

    assert ran.code == 2
    assert said in ran.err
