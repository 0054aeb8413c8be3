"""`--refresh`: the remembered inventory saves calls, and a full reading is always possible."""

import pytest

from tests.cli.support import Program

LIST = "ListStackInstances"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["plan", "coverage"])
def test_a_remembered_organization_is_not_listed_again(program: Program, command: str) -> None:
    program("apply", program.manifest(), "--yes")

    before = len(program.sandbox.calls)
    remembered = program(command, program.folder / "manifest.yaml", "--format", "json")
    between = len(program.sandbox.calls)
    again = program(
        command, program.folder / "manifest.yaml", "--refresh", "full", "--format", "json"
    )

    calls = [call.operation for call in program.sandbox.calls]
    assert LIST not in calls[before:between]
    assert LIST in calls[between:]
    assert remembered.code == again.code == 0
    assert remembered.json.get("summary") == again.json.get("summary")


@pytest.mark.slow
def test_a_saved_plan_may_be_checked_against_a_full_reading(program: Program) -> None:
    """The plan has the same changes with either reading of the organization."""
    saved = program.folder / "base.plan"
    program("plan", program.manifest(), "--out", saved)

    ran = program("apply", saved, "--refresh", "full")

    assert ran.code == 0
    assert [len(o.targets) for o in program.operations()] == [14]
