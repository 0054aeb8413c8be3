"""The journal as the command line shows it: in a bucket, taken over, unlocked, exported, pruned."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from tests.cli.support import Program

pytestmark = pytest.mark.slow

APPROVAL = {
    "waves": [{"name": "canary", "sample": {"per_ou": 1}, "after": {"approval": "required"}}]
}


@pytest.fixture
def bucket(program: Program) -> str:
    """Return a journal in a bucket of the organization's management account."""
    keys = program.sandbox.environment()
    boto3.client(
        "s3",
        endpoint_url=program.server.endpoint,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    ).create_bucket(Bucket="acme-orgrollout")
    return "s3://acme-orgrollout/journal"


@pytest.mark.parametrize("journal", ["", " "])
def test_a_journal_without_a_name_is_refused(program: Program, journal: str) -> None:
    """An empty variable must not put a journal into the folder one happens to be in."""
    ran = program.alone("rollouts", "--sandbox", program.server.endpoint, f"--journal={journal}")

    assert ran.code == 2
    assert "--journal names nothing" in ran.err


def test_a_rollout_is_kept_in_a_bucket_that_the_manifest_names(
    program: Program, bucket: str
) -> None:
    manifest = program.manifest(journal=bucket, rollout=APPROVAL)
    sandbox = ("--sandbox", program.server.endpoint)

    begun = program.alone("apply", manifest, "--yes", *sandbox)
    assert begun.code == 4, begun.err
    assert f"journal {bucket}/999999999999-us-east-1-127.0.0.1" in begun.out
    assert f"--journal {bucket}" in begun.out

    assert program.alone("approve", "--yes", "--journal", bucket, *sandbox).code == 0
    shown = program.alone("status", "--journal", bucket, "--format", "json", *sandbox)
    assert shown.json["outcome"] == "succeeded"
    assert list((program.folder).glob("**/*.sqlite")) == []


def test_a_missing_bucket_is_reported_with_how_to_create_it(program: Program) -> None:
    ran = program.alone(
        "rollouts", "--sandbox", program.server.endpoint, "--journal", "s3://nowhere/j"
    )
    assert ran.code == 1
    assert "orgrollout service template --only journal" in ran.err


def test_an_export_that_fails_in_the_middle_is_no_success(program: Program) -> None:
    """Half a document must not be taken for all of it, by a script that looks at the exit code."""
    program("apply", program.manifest(), "--yes")
    (path,) = program.folder.glob("**/journal.sqlite")
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute("UPDATE documents SET value = '{' WHERE key LIKE 'rollout/%'")

    ran = program("journal", "export")

    assert ran.code == 1
    assert "is not JSON" in ran.err
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(ran.out)


def test_a_journal_in_the_home_of_an_unknown_user_is_refused(program: Program) -> None:
    told = program.alone("rollouts", "--journal", "~nosuchuser/x")
    assert told.code == 1
    assert "~nosuchuser/x cannot be a journal: there is no such user" in told.err
    named = program.manifest(journal="~nosuchuser/x")
    planned = program.alone("plan", named, "--sandbox", program.server.endpoint)
    assert planned.code == 1
    assert "~nosuchuser/x cannot be a journal" in planned.err


@pytest.mark.parametrize("named", ["s3://NO/x", "gs://bucket/x"])
def test_a_name_that_is_no_journal_is_refused_before_anything_is_read(
    program: Program, named: str
) -> None:
    told = program.alone("rollouts", "--sandbox", program.server.endpoint, "--journal", named)
    assert told.code == 1
    assert "s3://BUCKET/PREFIX" in told.err
    checked = program.alone("validate", program.manifest(journal=named))
    assert checked.code != 0
    assert "names no bucket" in checked.out + checked.err


def test_unlocking_needs_force_and_allows_another_rollout(program: Program) -> None:
    manifest = program.manifest(rollout=APPROVAL)
    assert program("apply", manifest, "--yes").code == 4

    refused = program("unlock", "base-1")
    assert refused.code == 2
    assert "--force" in refused.err
    unlocked = program("unlock", "base-1", "--force", "--format", "json")
    assert unlocked.json == {"rollout": "base-1", "unlocked": ["base-topics"]}

    assert program("apply", program.manifest(), "--yes").code == 0
    cut_off = program("approve", "--yes", "base-1")
    assert cut_off.code == 1
    assert "base-2" in cut_off.err


def test_the_history_shows_each_order_with_its_person(program: Program) -> None:
    program.sandbox.fail(None, None, reason="Topic is not allowed here.")
    program("apply", program.manifest(rollout=APPROVAL), "--yes")
    for order in ("retry", "stop", "resume"):
        program(order, "base-1")
    program("approve", "--yes", "base-1", "--detach")
    program("unlock", "base-1", "--force")

    lines = program("journal", "export").json["streams"]["history/base-1"]

    orders = [line for line in lines if line["events"][0]["kind"] == "order"]
    given = [line["events"][0]["text"] for line in orders]
    assert given == ["retry", "stop", "resume", "approve", "unlock"]
    (who,) = {line["by"] for line in orders}
    assert who.startswith("arn:aws:sts::999999999999:assumed-role/")


def test_journal_export_writes_all_and_prune_removes_old_rollouts(
    patient: Program, tmp_path: Path
) -> None:
    program = patient
    assert program("apply", program.manifest(), "--yes").code == 0
    again = program.manifest(
        stack_sets={"topics": {"template": "topic.yaml", "parameters": {"Suffix": "b"}}}
    )
    assert program("apply", again, "--yes").code == 0

    everything = program("journal", "export").json
    assert {"rollout/base-1", "rollout/base-2"} <= everything["documents"].keys()
    file = tmp_path / "journal.json"
    assert program("journal", "export", "--out", file).code == 0
    assert json.loads(file.read_text()) == everything
    assert file.stat().st_mode & 0o077 == 0
    nowhere = program("journal", "export", "--out", tmp_path / "no" / "where")
    assert nowhere.code == 1
    assert "cannot write" in nowhere.err

    lately = program("journal", "prune", "--keep", "1", "--format", "json")
    assert lately.json["rollouts"] == []
    program.sandbox.clock.sleep(timedelta(minutes=16))
    pruned = program("journal", "prune", "--keep", "1", "--format", "json")
    assert pruned.json["freed_bytes"] > 0
    assert pruned.json | {"freed_bytes": 0} == {
        "freed_bytes": 0,
        "rollouts": ["base-1"],
        "plans": 1,
        "findings": 0,
        "detections": 0,
    }
    listed = program("rollouts", "--format", "json").out
    assert "base-2" in listed
    assert "base-1" not in listed
