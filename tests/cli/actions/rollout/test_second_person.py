"""`not_by: planner`: another person approves than the one who planned or began."""

import json

import pytest

from orgrollout.model.ids import digest_of
from tests.cli.support import Program, Ran
from tests.stage import PROD

pytestmark = pytest.mark.slow

AFTER = {"approval": "required", "not_by": "planner"}
GATED = {"waves": [{"name": "canary", "accounts": [PROD[0]], "after": AFTER}]}


def run_as(program: Program, name: str, *arguments: object) -> Ran:
    """Run one command in a session of the operators' role that is called ``name``."""
    identities = program.sandbox.simulation.identities
    identities.operator = identities.role_in("999999999999", "Rollout", name)
    return program(*arguments)


def test_the_next_process_of_the_same_person_does_not_approve(program: Program) -> None:
    """Without a name of its own, each process of one person has another ARN."""
    begun = run_as(
        program, "botocore-session-1767600000", "apply", program.manifest(rollout=GATED), "--yes"
    )

    refused = run_as(program, "botocore-session-1767600042", "approve", "--yes")

    assert begun.code == 4
    assert refused.code == 1
    assert "a name that a tool made up" in refused.err
    assert "`role_session_name` in the profile" in refused.err
    assert len(program.operations()) == 1


def test_the_persons_who_saved_and_applied_a_plan_cannot_approve(program: Program) -> None:
    plan = program.folder / "base.plan"
    manifest = program.manifest(rollout=GATED)
    assert run_as(program, "ada", "plan", manifest, "--out", plan).code == 0
    assert run_as(program, "grace", "apply", plan).code == 4

    planner, beginner = (
        run_as(program, "ada", "approve", "--yes"),
        run_as(program, "grace", "approve", "--yes"),
    )
    another = run_as(program, "edith", "approve", "--yes")

    assert "assumed-role/Rollout/ada planned base-1" in planner.err
    assert "assumed-role/Rollout/grace began base-1" in beginner.err
    assert (planner.code, beginner.code, another.code) == (1, 1, 0)
    assert "planned by arn:aws:sts::999999999999:assumed-role/Rollout/ada" in another.out


def test_a_plan_without_the_name_of_its_author_is_carried_out(program: Program) -> None:
    """As earlier versions wrote them."""
    plan = program.folder / "base.plan"
    assert run_as(program, "ada", "plan", program.manifest(), "--out", plan).code == 0
    document = json.loads(plan.read_text())
    del document["plan"]["planned_by"], document["digest"]
    written = {**document, "digest": digest_of(document)}
    plan.write_text(json.dumps(written, separators=(",", ":")))

    assert run_as(program, "grace", "apply", plan).code == 0
