"""`explain` for one Region, and where it has to say that a plan would be refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import Program
from tests.stage import DEV, EU, PROD, US

pytestmark = pytest.mark.slow


def test_a_region_selected_by_enabled_is_explained(program: Program) -> None:
    ran = program("explain", program.manifest(regions=["enabled"]), "p1", EU)

    assert ran.code == 0, ran.err
    assert "eu-west-1: not deployed; plan: create" in ran.out


def test_a_region_that_left_the_manifest_is_explained_while_a_stack_is_there(
    program: Program,
) -> None:
    """A user who asks about a Region that leaves names exactly that Region."""
    assert program("apply", program.manifest(), "--yes").code == 0

    ran = program("explain", program.manifest(regions=[US]), "p1", EU)

    assert ran.code == 0, ran.err
    assert "eu-west-1: deployed, CURRENT" in ran.out
    assert "plan: detach" in ran.out


@pytest.mark.parametrize(
    "command", [("explain", "p1"), ("preflight",), ("bootstrap",)], ids=lambda command: command[0]
)
def test_the_region_option_is_never_read_as_the_home_region(
    program: Program, command: tuple[str, ...]
) -> None:
    """`plan --region` is a filter: a user who means a filter must not get another home Region."""
    name, *rest = command
    ran = program(name, program.manifest(), *rest, "--region", EU)

    assert ran.code == 2
    assert "--home-region" in ran.err
    assert not program.sandbox.calls


PROTECTED = {"guards": {"never_remove_from": {"accounts": [DEV[1]]}}}
WITHOUT = {
    "targets": {
        "include": [{"organizational_units": ["/Prod", "/Dev"]}],
        "exclude": [{"accounts": [DEV[1]], "reason": "moved out"}],
    }
}
SELF_MANAGED = {
    "targets": {"accounts": [*PROD, *DEV]},
    "stack_sets": {
        "topics": {
            "template": "topic.yaml",
            "permission_model": "self_managed",
            "administration_role_arn": "arn:aws:iam::999999999999:role/Admin",
            "execution_role_name": "Exec",
        }
    },
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({**PROTECTED, **WITHOUT}, f"account {DEV[1]} is in guards.never_remove_from"),
        (
            {"guards": {"max_removed_accounts": 0}, **WITHOUT},
            "guards.max_removed_accounts is 0",
        ),
        (SELF_MANAGED, "a stack set cannot become SELF_MANAGED"),
    ],
)
def test_a_refusal_of_the_plan_is_shown_where_the_account_is_explained(
    program: Program, changes: dict[str, Any], why: str
) -> None:
    assert program("apply", program.manifest(), "--yes").code == 0
    edited: Path = program.manifest(**changes)
    assert why in program("plan", edited).err

    ran = program("explain", edited, DEV[1])

    assert ran.code == 0
    assert "a plan is refused:" in ran.out
    assert why in ran.out
    assert program("explain", edited, DEV[1], "--format", "json").json["stack_sets"][0]["refused"]
