"""Waivers: left alone while they hold, told of before they end, and counted on their own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.model.ids import Pair
from orgrollout.sandbox import VirtualClock
from tests.cli.support import Program
from tests.drift import stack
from tests.stage import BASE, DEV, EU, PROD, US, Stage

pytestmark = pytest.mark.slow

HERE, THERE = Pair(PROD[0], US), Pair(DEV[0], EU)
TERMS = {"reason": "vendor", "ticket": "SEC-7", "owner": "shop"}


def manifest(program: Program, **more: Any) -> Path:
    (program.folder / "drifting.yaml").write_text(stack.TEMPLATE)
    wanted = {**BASE, "stack_sets": {"topics": {"template": "drifting.yaml"}}, **more}
    path = program.folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(wanted, sort_keys=False))
    return path


def waiver(ends: datetime, **more: Any) -> dict[str, Any]:
    return {**TERMS, "until": ends.isoformat(timespec="seconds"), **more}


def at(program: Program, moment: datetime) -> None:
    """Let time pass until a moment."""
    clock = program.sandbox.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(moment - clock.now())


def states(program: Program, path: Path) -> dict[str, int]:
    found = program("coverage", path, "--format", "json").json
    assert sum(found["summary"].values()) == len(found["instances"]) == 11 * 2
    return {state: number for state, number in found["summary"].items() if number}


def test_a_deployment_waiver_creates_nothing_and_leaves_what_is_there_until_it_ends(
    patient: Program,
) -> None:
    """`p1` has the stack set already and `d1` has not: neither changes before the end."""
    now = patient.sandbox.clock.now()
    ends = (now + timedelta(days=60)).replace(microsecond=0).astimezone(UTC)
    waived = [waiver(ends, waives="deployment", accounts=[PROD[0], DEV[0]])]
    before = patient.manifest(targets={"accounts": [PROD[0], PROD[1]]})
    assert patient("apply", before, "--yes").code == 0
    changed = {"topics": {"template": "topic.yaml", "parameters": {"Suffix": "new"}}}
    path = patient.manifest(waivers=waived, stack_sets=changed)

    applied = patient("apply", path, "--yes")

    assert applied.code == 0, applied.err
    assert "2 waived" in patient("plan", path).out
    assert states(patient, path) == {"current": 10, "waived": 4, "skipped": 2, "out_of_scope": 6}
    listed = patient("waivers", path, "--format", "json").json
    assert [(w["place"], w["instances"], w["state"]) for w in listed["waivers"]] == [
        ("waivers[0]", 4, "in_force")
    ]
    assert (listed["waivers"][0]["ticket"], listed["waivers"][0]["owner"]) == ("SEC-7", "shop")

    at(patient, ends - timedelta(days=30))
    for command in ("plan", "coverage", "waivers"):
        assert 'the waiver "vendor" ends in' in patient(command, path).out
    at(patient, ends - timedelta(minutes=5))
    assert patient("plan", path, "--detailed-exitcode").code == 0
    at(patient, ends)
    over = patient("plan", path, "--format", "json").json
    assert (over["summary"]["create"], over["summary"]["update"]) == (2, 2)
    assert states(patient, path)["missing"] == 2
    ran = patient("waivers", path)
    assert "it no longer leaves anything out; owner: shop." in ran.out
    assert "1 waiver: 0 in force, 0 ending, 1 ended." in ran.out


def test_a_drift_waiver_holds_in_its_account_and_nothing_is_repaired_there(
    patient: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same change in another account is a finding, and counts."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", patient.server.endpoint)  # where the hands are, too
    assert patient("apply", manifest(patient), "--yes").code == 0
    stage = Stage(patient.sandbox, patient.folder)
    for pair in (HERE, THERE):
        stack.rename_topic(stage, pair)
    stack.detect(stage)
    ends = (patient.sandbox.clock.now() + timedelta(days=3)).replace(microsecond=0)
    matter = {"waives": "drift", "stack_sets": ["topics"], "resource": "Topic"}
    path = manifest(patient, waivers=[waiver(ends, **matter, accounts=[HERE.account])])

    found = patient("drift", path, "--format", "json")

    assert found.code == 3
    verdicts = {(f["account"], f["region"]): f["verdict"] for f in found.json["findings"]}
    assert verdicts == {
        (HERE.account, HERE.region): "waived",
        (THERE.account, THERE.region): "real",
    }
    assert found.json["summary"]["waived"] == 1
    assert any('the waiver "vendor" for Topic ends in' in text for text in found.json["warnings"])
    assert states(patient, path) == {
        "current": 12,
        "waived": 1,
        "drifted": 1,
        "skipped": 2,
        "out_of_scope": 6,
    }
    text = patient("coverage", path, "--state", "waived").out
    assert "drift is waived: Topic/DisplayName: SEC-7: vendor" in text
    at(patient, ends)
    assert states(patient, path)["drifted"] == 2
    (said,) = patient("drift", path, "--format", "json").json["warnings"]
    assert "topics Topic held until" in said
    assert "and no longer does (vendor); owner: shop" in said
