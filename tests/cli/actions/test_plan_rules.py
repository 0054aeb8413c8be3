"""Rules on plans at the command line: refused before anything is asked, or approved first."""

import pytest

from tests.cli.support import Program
from tests.stage import DEV

pytestmark = pytest.mark.slow


def test_a_refused_plan_is_shown_and_nothing_of_it_is_sent(patient: Program) -> None:
    rules = [{"then": "refuse", "units": ["/Dev"], "reason": "the team is away"}]
    path = patient.manifest(guards={"rules": rules})
    why = "guards.rules[0]: the team is away (4 stack instances in 2 accounts)"

    planned = patient("plan", path)
    told = patient("plan", path, "--format", "json")
    saved = patient("plan", path, "--out", patient.folder / "saved")
    ran = [
        patient("apply", path, "--yes"),
        patient("apply", patient.folder / "saved"),
        patient("apply", path, "--unattended", "--allow", "create"),
    ]

    assert (planned.code, told.code, saved.code) == (1, 1, 1)
    assert f"refused: {why}" in planned.out
    assert told.json["refused"] == [why]
    assert told.json["facts"]["units"] == {"/Dev": 2, "/Prod": 3, "/Prod/Regulated": 2}
    assert [each.code for each in ran] == [1, 1, 1]
    assert all(why in each.err for each in ran)
    assert not patient.writes()


def test_a_saved_plan_is_judged_by_the_units_of_now(patient: Program) -> None:
    rules = [{"then": "refuse", "units": ["/Lab"], "reason": "the lab is closed"}]
    path = patient.manifest(guards={"rules": rules})
    assert patient("plan", path, "--out", patient.folder / "saved").code == 0
    patient.sandbox.move(DEV[0], "/Lab")

    ran = patient("apply", patient.folder / "saved", "--yes")

    assert ran.code == 1
    assert not patient.writes()


def test_a_plan_that_wants_an_approval_begins_with_it(patient: Program) -> None:
    rules = [{"then": "approve", "more_accounts_than": 5, "reason": "a second pair of eyes"}]
    path = patient.manifest(guards={"rules": rules})

    ran = patient("apply", path, "--yes")

    assert ran.code == 4
    assert "waits for an approval first: guards.rules[0]: a second pair of eyes" in ran.out
    assert not patient.writes()
    approved = patient("approve", "--yes")
    assert approved.code == 0, approved.err
    assert patient("plan", path, "--detailed-exitcode").code == 0
