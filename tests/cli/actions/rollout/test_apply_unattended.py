"""`apply --unattended`: the changes a cron job may make alone, and those it leaves to people."""

from datetime import timedelta
from typing import Any

import pytest

from tests.cli.support import Program
from tests.stage import EU, LAB, PROD, TOPIC, US

pytestmark = pytest.mark.slow

NOT_READY = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: cloudformation:X"
WIDER = {"organizational_units": ["/Prod", "/Dev", "/Lab"]}
GATED = {
    "waves": [{"name": "canary", "accounts": ["300000000001"], "after": {"approval": "required"}}]
}


def enrol(program: Program, *options: object, **changes: Any) -> Any:
    return program("apply", program.manifest(**changes), "--unattended", *options)


def newcomer(program: Program, unit: str = "/Dev") -> str:
    before = set(program.sandbox.organization.accounts)
    program.sandbox.add_account("newcomer", unit)
    (account,) = set(program.sandbox.organization.accounts) - before
    return account


def test_new_and_moved_accounts_are_enrolled_and_nothing_else_changes(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    account = newcomer(program)
    program.sandbox.move(LAB[0], "/Prod")

    ran = enrol(program, "--allow", "create")

    assert ran.code == 0
    assert program.operations()[-1].targets == {(a, r) for a in (account, LAB[0]) for r in (US, EU)}
    assert len(program.operations()) == 2


def test_changes_that_are_not_allowed_are_reported_and_not_made(program: Program) -> None:
    """A removal that no person has seen must not happen at night."""
    program("apply", program.manifest(), "--yes")
    account = newcomer(program, "/Lab")
    override = {"targets": {"accounts": [PROD[0]]}, "parameters": {"Suffix": "x"}}
    changes = {
        "targets": {"organizational_units": ["/Prod", "/Lab"]},
        "stack_sets": {"topics": {"template": "topic.yaml", "parameter_overrides": [override]}},
    }

    ran = enrol(program, "--format", "json", **changes)
    later = enrol(program, "--detailed-exitcode", **changes)

    assert ran.code == 0
    assert ran.json["held_back"] == {"update": 2, "detach": 4}
    assert {account for account, _ in program.operations()[-1].targets} == {account, *LAB}
    assert "not allowed here, and only reported: 2 to update, 4 to detach" in later.out
    assert later.code == 10
    assert len(program.operations()) == 2


@pytest.mark.slow
def test_options_allow_more_kinds_of_changes(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    override = {"targets": {"accounts": [PROD[0]]}, "parameters": {"Suffix": "x"}}
    topics = {"template": "topic.yaml", "parameter_overrides": [override]}

    ran = enrol(program, "--allow", "create,update", stack_sets={"topics": topics})

    assert ran.code == 0
    assert program.operations()[-1].targets == {(PROD[0], US), (PROD[0], EU)}


def test_a_new_account_never_gets_an_old_definition(program: Program) -> None:
    """The stack set still has the old template: to create now would roll that one out."""
    program("apply", program.manifest(), "--yes")
    newcomer(program)
    (program.folder / "new.yaml").write_text(TOPIC.replace("Default: b", "Default: c"))

    ran = enrol(program, stack_sets={"topics": {"template": "new.yaml"}})

    assert ran.code == 0
    assert "only reported: 2 to create, 14 to update" in ran.out
    assert len(program.operations()) == 1


@pytest.mark.slow
def test_a_stack_set_that_depends_on_one_held_back_is_held_back_too(program: Program) -> None:
    stack_sets: dict[str, Any] = {
        "roles": {"template": "roles.yaml", "regions": [US]},
        "topics": {"template": "topic.yaml", "depends_on": ["roles"]},
    }
    (program.folder / "roles.yaml").write_text(f"# first\n{TOPIC}")
    program("apply", program.manifest(stack_sets=stack_sets), "--yes")
    newcomer(program)
    (program.folder / "roles.yaml").write_text(f"# second\n{TOPIC}")

    ran = enrol(program, stack_sets=stack_sets)

    assert "only reported: 3 to create, 7 to update" in ran.out
    assert len(program.operations()) == 1


def test_enrolment_waits_for_no_gate(program: Program) -> None:
    """There is nothing deployed in a new account that an approval would protect."""
    program("apply", program.manifest(), "--yes")

    ran = enrol(program, targets=WIDER, rollout=GATED)

    assert ran.code == 0
    assert program.operations()[-1].action == "CREATE"
    assert program("rollouts", "--format", "json").json["rollouts"][0]["outcome"] == "succeeded"


@pytest.mark.slow
def test_a_young_account_that_is_not_ready_is_pending_and_tried_again_later(
    program: Program,
) -> None:
    """Account factories hand accounts out before everything in them works."""
    program("apply", program.manifest(), "--yes")
    account = newcomer(program)
    program.sandbox.fail(account, US, times=None, reason=NOT_READY)

    first = enrol(program, "--format", "json")
    detailed = enrol(program, "--detailed-exitcode")
    program.sandbox.simulation.faults.instances.clear()
    last = enrol(program, "--detailed-exitcode")

    assert first.code == 0
    (failure,) = [f for f in first.json["failures"] if f["final"]]
    assert (failure["account"], failure["pending"]) == (account, True)
    assert detailed.code == 10
    assert f"just joined and not been ready: {account}" in detailed.out
    assert last.code == 0
    assert "1 stack instance done" in last.out


def test_an_account_that_is_not_young_and_fails_is_a_finding(patient: Program) -> None:
    patient("apply", patient.manifest(), "--yes")
    patient.sandbox.fail(LAB[0], US, times=None, reason=NOT_READY)
    patient.sandbox.clock.sleep(timedelta(days=2))

    ran = enrol(patient, "--format", "json", targets=WIDER)

    assert ran.code == 3
    assert [f["pending"] for f in ran.json["failures"] if f["final"]] == [False]


@pytest.mark.slow
def test_a_failure_in_one_account_does_not_stop_the_others(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    program.sandbox.fail(LAB[0], US, times=None, reason=NOT_READY)

    enrol(program, targets=WIDER)

    assert (LAB[1], US) in program.operations()[1].succeeded


def test_allow_without_unattended_and_a_misspelt_kind_are_wrong_usage(program: Program) -> None:
    attended = program("apply", program.manifest(), "--allow", "create")
    misspelt = program("apply", program.manifest(), "--unattended", "--allow", "creat")

    assert attended.code == misspelt.code == 2
    assert "go with --unattended only" in attended.err
    assert "Did you mean `create`?" in misspelt.err


def test_an_unattended_apply_takes_over_no_rollout_of_others(program: Program) -> None:
    """No person is present to see that a rollout is superseded for good."""
    before = len(program.sandbox.calls)

    ran = enrol(program, "--supersede")

    assert ran.code == 2
    assert "--unattended goes without --supersede" in ran.err
    assert len(program.sandbox.calls) == before
