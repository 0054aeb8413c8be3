"""`sandbox replay`: as text, as JSON, in a server, and what it refuses."""

import json
from pathlib import Path

import pytest

from orgrollout.sandbox import VirtualClock, serve
from tests.cli.support import Program


@pytest.fixture
def record(patient: Program) -> Path:
    """Return a record of a plan, which two accounts of a unit are left out of."""
    file = patient.folder / "record.jsonl"
    assert patient("plan", patient.manifest(), "--record", file).code == 0
    return file


def test_the_same_ends_with_0(patient: Program, record: Path) -> None:
    ran = patient.alone("sandbox", "replay", record)

    assert ran.code == 0
    assert ran.out.startswith("Replayed ")
    assert ran.out.rstrip().endswith(" compared, 0 differences.")


def test_a_difference_ends_with_3_as_text_and_as_json(patient: Program, record: Path) -> None:
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    changed = next(line for line in lines if "Organization" in line.get("result", {}))
    changed["result"]["Organization"]["FeatureSet"] = "ALL"
    del changed["result"]["Organization"]["Arn"]
    record.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    text = patient.alone("sandbox", "replay", record)
    found = patient.alone("sandbox", "replay", record, "--format", "json")

    number = changed["answer"]
    assert text.code == found.code == 3
    assert text.out.splitlines()[1:] == [
        f"request {number} organizations:DescribeOrganization",
        "  members Organization.Arn: recorded missing; here text",
    ]
    assert found.json["differences"] == [
        {
            "request": number,
            "service": "organizations",
            "operation": "DescribeOrganization",
            "kind": "members",
            "place": "Organization.Arn",
            "recorded": "missing",
            "sandbox": "text",
        }
    ]
    assert found.json["compared"] == found.json["requests"] == len(lines) // 2


def test_a_server_with_the_organization_of_the_record(patient: Program, record: Path) -> None:
    out = patient.folder / "organization.yaml"
    wrote = patient.alone("sandbox", "replay", record, "--organization", out)
    with serve(out, clock=VirtualClock()) as server:
        ran = patient.alone("sandbox", "replay", record, "--url", server.endpoint)

    assert wrote.code == 0
    assert "o-a1b2c3d4e5" not in out.read_text()
    assert (ran.code, ran.out.splitlines()[1:]) == (0, [])


def test_what_is_refused(patient: Program, record: Path) -> None:
    out = patient.folder / "organization.yaml"
    out.write_text("mine")
    there = patient.alone("sandbox", "replay", record, "--organization", out)
    both = patient.alone("sandbox", "replay", record, "--organization", out, "--url", "http://x")
    nothing = patient.alone("sandbox", "replay", record, "--url", "http://127.0.0.1:9")
    record.write_text("no record\n")
    damaged = patient.alone("sandbox", "replay", record)

    assert (there.code, both.code, nothing.code, damaged.code) == (2, 2, 1, 1)
    assert "exists, and was left alone" in there.err
    assert out.read_text() == "mine"
    assert "leave out --url" in both.err
    assert "no sandbox answers at http://127.0.0.1:9" in nothing.err
    assert "record.jsonl:1: not a line of JSON" in damaged.err
