"""Plans as files: a plan that a person agreed to is carried out unchanged, or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgrollout.cli.actions.rollout.saved_plan import Options
from orgrollout.cli.options.groups import Narrow
from orgrollout.model.ids import digest_of
from tests.cli.support import Program, Ran
from tests.stage import DEV, EU, LAB, PROD, TOPIC, US, exactly

pytestmark = pytest.mark.slow

OTHER = TOPIC.replace("Default: b", "Default: c")


def saved(program: Program, **changes: Any) -> Path:
    """Return a saved plan for the small manifest."""
    path = program.folder / "base.plan"
    assert program("plan", program.manifest(**changes), "--out", path).code == 0
    return path


def asked_of(path: Path) -> Options:
    """Return the arguments of `apply`."""
    return Options(manifest=path, narrow=Narrow(), allow_removals=None)


def test_a_saved_plan_is_carried_out_without_asking_and_then_there_is_nothing_left(
    program: Program,
) -> None:
    plan = saved(program)

    first, second = program("apply", plan), program("apply", plan)

    assert first.code == 0
    assert program.operations()[0].targets == {(a, r) for a in (*PROD, *DEV) for r in (US, EU)}
    assert second.code == 1
    assert "it exists by now" in second.err
    assert len(program.operations()) == 1


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "2026-00-10"])
def test_a_saved_plan_with_an_impossible_date_is_refused(program: Program, day: str) -> None:
    """Once edited by hand, and once as a program with a broken clock would write it."""
    path = saved(program, rollout={"freeze": "2030-12-20/2031-01-04"})
    document = json.loads(path.read_text())
    document["plan"]["freezes"][0]["start"] = f"{day}T00:00:00Z"
    edited = json.dumps(document, separators=(",", ":"))
    del document["digest"]
    sealed = json.dumps({**document, "digest": digest_of(document)}, separators=(",", ":"))

    for text, said in ((edited, "is not as it was written"), (sealed, "is damaged")):
        path.write_text(text)
        ran = program("apply", path)
        assert ran.code == 1
        assert said in ran.err
        assert "lan again" in ran.err
    assert not program.writes()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"destroy": "perhaps"}, "destroy"),
        ({"allow_removals": "many"}, "allow_removals"),
        ({"allow_departed": []}, "allow_departed"),
        ({"narrow": {"account": 5}}, "narrow.account"),
        ({"narrow": None}, "narrow"),
        ({"manifest": 5}, "manifest"),
        ({"manifest": "x" * 5000}, ""),
        ({"plan": None}, ""),
        ({"windows": [{"days": [0], "begins": "25:00", "ends": "P2D"}]}, "windows.0"),
        ({"windows": [{"days": [], "begins": "PT8H", "ends": "PT9H"}]}, "windows.0"),
    ],
)
def test_a_saved_plan_that_is_damaged_under_its_seal_is_refused_with_the_place(
    program: Program, changes: dict[str, Any], place: str
) -> None:
    path = saved(program)
    document = json.loads(path.read_text())
    inside = document["plan"] if "windows" in changes else document
    inside.update(changes)
    del document["digest"]
    path.write_text(json.dumps({**document, "digest": digest_of(document)}, separators=(",", ":")))

    ran = program("apply", path)

    assert ran.code == 1
    assert "is damaged, or was made by another version" in ran.err
    assert f"(at {place}" in ran.err or not place
    assert "Nothing was sent. Plan again." in ran.err
    assert not program.writes()


def test_a_saved_plan_can_be_read_by_its_owner_only(program: Program) -> None:
    assert saved(program).stat().st_mode & 0o077 == 0


def test_new_pairs_that_a_saved_plan_lacks_are_a_warning_and_stay_as_they_are(
    program: Program,
) -> None:
    """A large organization changes every day: pairs outside of the plan do not matter to it."""
    plan = saved(program)
    before = set(program.sandbox.organization.accounts)
    program.sandbox.add_account("newcomer", "/Dev")
    (newcomer,) = set(program.sandbox.organization.accounts) - before

    ran = program("apply", plan)

    assert ran.code == 0
    assert "2 more stack instances would change by now" in ran.out
    assert newcomer not in {account for account, _ in program.operations()[0].targets}


def _override(program: Program) -> None:
    topics = {"template": "topic.yaml", "parameters": {"Suffix": "z"}}
    program.manifest(stack_sets={"topics": topics})


def _template(program: Program) -> None:
    (program.folder / "topic.yaml").write_text(OTHER)


def _suspended(program: Program) -> None:
    program.sandbox.suspend(DEV[0])


def _moved_out(program: Program) -> None:
    program.sandbox.move(DEV[0], "/Lab")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_override, "topics: what is wanted of it: parameter Suffix"),
        (_template, "topics: what is wanted of it: template"),
        (_suspended, f"topics {DEV[0]} eu-west-1: was to create, and nothing is left to do"),
        (_moved_out, f"topics {DEV[0]} us-east-1: was to create, and nothing is left to do"),
    ],
)
def test_a_saved_plan_is_refused_if_its_pairs_are_now_planned_differently(
    program: Program, change: Callable[[Program], None], said: str
) -> None:
    plan = saved(program)
    change(program)

    ran = program("apply", plan)

    assert ran.code == 1
    assert said in ran.err
    assert "nothing was applied" in ran.err
    assert program.writes() == []


def test_a_saved_plan_is_refused_where_a_stack_instance_of_it_was_changed_by_others(
    program: Program,
) -> None:
    """Its parameters count, and not its last operation: another user has set other parameters."""
    program("apply", program.manifest(), "--yes")
    plan = saved(program, stack_sets={"topics": _overridden([*DEV])})
    _foreign_update(program, DEV[0])

    ran = program("apply", plan)

    assert ran.code == 1
    assert f"topics {DEV[0]} us-east-1: another process or person has changed it" in ran.err
    assert DEV[1] not in ran.err


def test_a_saved_plan_is_valid_after_others_change_pairs_outside_of_it(program: Program) -> None:
    program("apply", program.manifest(), "--yes")
    plan = saved(program, stack_sets={"topics": _overridden([*DEV])})
    _foreign_update(program, PROD[0])

    ran = program("apply", plan)

    assert ran.code == 0
    assert "1 more stack instance would change by now" in ran.out
    assert program.operations()[-1].targets == {(a, r) for a in DEV for r in (US, EU)}


@pytest.mark.slow
def test_a_saved_plan_is_valid_after_a_detection(program: Program) -> None:
    """A drift run becomes the last operation of every stack instance, and changes nothing."""
    program("apply", program.manifest(), "--yes")
    plan = saved(program, stack_sets={"topics": _overridden([*DEV])})
    client = _console(program)
    client.detect_stack_set_drift(StackSetName="base-topics")
    program.sandbox.run_to_end()

    assert program("apply", plan).code == 0


def test_a_saved_plan_removes_nothing_from_an_account_that_became_protected(
    program: Program,
) -> None:
    """Guards hold when a plan is carried out, and not only when it was made."""
    program("apply", program.manifest(), "--yes")
    targets = {"organizational_units": ["/Prod"]}
    plan = saved(program, targets=targets)
    program.manifest(
        targets=targets,
        accounts={"second": DEV[1]},
        guards={"never_remove_from": {"accounts": ["second"]}},
    )

    ran = program("apply", plan)

    assert ran.code == 1
    assert f"account {DEV[1]} is in guards.never_remove_from" in ran.err


@pytest.mark.slow
def test_a_plan_with_a_wider_guard_elsewhere_is_not_refused_for_it(program: Program) -> None:
    """Guards that protect other accounts are a matter of the next plan."""
    program("apply", program.manifest(), "--yes")
    plan = saved(program, targets={"organizational_units": ["/Prod", "/Dev", "/Lab"]})
    for account in PROD:
        program.sandbox.move(account, "/")

    ran = program("apply", plan)

    assert ran.code == 0
    assert program.operations()[-1].targets == {(a, r) for a in LAB for r in (US, EU)}


def _edited(text: str) -> str:
    document = json.loads(text)
    document["plan"]["operations"][0]["accounts"].append("300000000001")
    return json.dumps(document, separators=(",", ":"))


NOT_WHOLE: tuple[tuple[Callable[[str], str], str], ...] = (
    (_edited, "is not as it was written"),
    (lambda text: text[: len(text) // 2], "of which a part is missing"),
    (lambda text: text.replace('"format_version":1', '"format_version":9'), "format_version 9"),
    (lambda text: text.replace('"manifest":', '"manifesto":', 1), "is not as it was written"),
)


def test_an_incomplete_plan_file_is_refused_before_anything_is_read(program: Program) -> None:
    plan = saved(program)
    whole = plan.read_text()
    before = len(program.sandbox.calls)
    for change, said in NOT_WHOLE:
        plan.write_text(change(whole))

        ran = program("apply", plan)

        assert ran.code == 1
        assert said in ran.err
        assert "Traceback" not in ran.err
    assert len(program.sandbox.calls) == before


def test_a_plan_of_another_home_region_is_refused(program: Program) -> None:
    plan = saved(program)

    ran = program("apply", plan, "--home-region", "eu-west-1")

    assert ran.code == 1
    assert "the plan is for o-a1b2c3d4e5 in us-east-1, and o-a1b2c3d4e5 in eu-west-1" in ran.err


def test_a_plan_whose_file_cannot_be_written_says_so(program: Program) -> None:
    ran: Ran = program("plan", program.manifest(), "--out", program.folder / "no" / "base.plan")

    assert ran.code == 1
    assert "cannot write" in ran.err


def test_options_that_would_change_a_saved_plan_are_wrong_usage(program: Program) -> None:
    plan = saved(program)

    assert program("apply", plan, "--account", "p1").code == 2
    assert program("apply", plan, "--allow-removals", "2").code == 2


def _overridden(accounts: list[str]) -> dict[str, Any]:
    override = {"targets": {"accounts": accounts}, "parameters": {"Suffix": "x"}}
    return {"template": "topic.yaml", "parameter_overrides": [override]}


def _foreign_update(program: Program, account: str) -> None:
    """Let another user set a parameter of one stack instance, as in the console."""
    client = _console(program)
    client.update_stack_instances(
        StackSetName="base-topics",
        DeploymentTargets=exactly(program.sandbox, account),
        Regions=[US],
        ParameterOverrides=[{"ParameterKey": "Other", "ParameterValue": "foreign"}],
    )
    program.sandbox.run_to_end()


def _console(program: Program) -> Any:
    """Return a client as another user has it."""
    session = program.sandbox.session()
    return session.client("cloudformation", endpoint_url=program.server.endpoint)
