"""`plan show FILE`: a saved plan is shown again, without a call."""

from tests.cli.support import Program


def test_a_saved_plan_is_shown_again_as_it_was_made(program: Program) -> None:
    path, file = program.manifest(), program.folder / "base.plan"
    made = program("plan", path, "--out", file)
    program.sandbox.calls.clear()

    again = program.alone("plan", "show", file)
    as_json = program.alone("plan", "show", file, "--format", "json", "--pairs")

    assert (made.code, again.code, as_json.code) == (0, 0, 0)
    assert "Plan: 14 to create, 0 to update" in again.out
    assert "calls: about " in again.out
    assert again.out.splitlines()[-1] in made.out
    assert as_json.json["summary"]["create"] == 14
    assert as_json.json["takes"] == as_json.json["cost"]
    assert not program.sandbox.calls


def test_a_file_that_is_not_a_saved_plan_is_refused_by_name(program: Program) -> None:
    path = program.manifest()

    shown = program.alone("plan", "show", path)
    both = program.alone("plan", path, path)

    assert (shown.code, both.code) == (2, 2)
    assert f"{path} is no saved plan" in shown.err
    assert "`plan show FILE`" in both.err


def test_calls_are_listed_only_with_debug(program: Program) -> None:
    path = program.manifest()
    program("apply", path, "--yes")

    assert "ListStackInstances" not in program("status").out
    assert "calls: " in program("status", "--debug").out
    assert program("status", "--format", "json").json["calls"]["CreateStackInstances"] == 1
