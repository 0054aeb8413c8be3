"""`apply --supersede`: the other rollout is stopped, and its final state is reported."""

from typing import Any

import pytest

from tests.cli.pseudo_terminal import Terminal
from tests.cli.support import Program
from tests.stage import DEV, PROD

pytestmark = pytest.mark.slow

APPROVAL = {"waves": [{"name": "canary", "accounts": [PROD[0]], "after": {"approval": "required"}}]}
ONLY_DEV = {"organizational_units": ["/Dev"]}
QUESTION = "Only `yes` is taken for a yes: "
LEFT = "base-1 is stopped, was not superseded, and holds what it held."


@pytest.fixture
def waiting(program: Program) -> Program:
    """A rollout that waits for an approval after its canary."""
    assert program("apply", program.manifest(rollout=APPROVAL), "--yes").code == 4
    return program


def supersede(program: Program, *options: object, **changes: Any) -> Any:
    return program("apply", program.manifest(**changes), "--yes", "--supersede", *options)


def phase(program: Program) -> str:
    return str(program("status", "base-1", "--format", "json").json["phase"])


def test_supersede_stops_the_other_rollout_and_plans_the_rest(waiting: Program) -> None:
    refused = waiting("apply", waiting.manifest(), "--yes")
    assert refused.code == 1
    assert "`--supersede` stops it" in refused.err

    ran = supersede(waiting)

    assert ran.code == 0, ran.err
    assert "base-1 is stopped; what begins now supersedes it" in ran.out
    assert "was not superseded" not in ran.out
    first, second = waiting.operations()
    assert first.targets.isdisjoint(second.targets)
    again = waiting("resume", "base-1")
    assert again.code == 1
    assert "superseded by base-2" in again.err
    shown = waiting("status", "base-1")
    assert "superseded by base-2, for good" in shown.out
    assert "-> base-2 took over from base-1: orgrollout status base-2" in shown.out


def test_a_rollout_stopped_in_vain_is_named_with_how_to_continue(waiting: Program) -> None:
    """Nothing to do begins no rollout, and so nothing takes over."""
    ran = supersede(waiting, "--account", PROD[0])

    assert ran.code == 0
    assert LEFT in ran.out
    assert "-> to go on with it: orgrollout resume base-1" in ran.out
    assert waiting("resume", "base-1").code == 4


def test_a_no_names_the_rollout_already_stopped(waiting: Program) -> None:
    where = ("--sandbox", waiting.server.endpoint, "--journal", str(waiting.folder / "journal"))
    terminal = Terminal(("apply", str(waiting.manifest()), "--supersede", *where))
    terminal.until(lambda seen: seen.count(QUESTION) == 1)
    terminal.type("yes")
    terminal.until(lambda seen: seen.count(QUESTION) == 2)
    terminal.type("no")

    assert terminal.end() == 1
    assert "nothing else was changed" in terminal.seen
    assert LEFT in terminal.seen
    assert "orgrollout resume base-1" in terminal.seen
    assert phase(waiting) == "stopped"


def test_a_no_to_stopping_stops_no_rollout(waiting: Program) -> None:
    where = ("--sandbox", waiting.server.endpoint, "--journal", str(waiting.folder / "journal"))
    terminal = Terminal(("apply", str(waiting.manifest()), "--supersede", *where))
    terminal.until(lambda seen: QUESTION in seen)
    terminal.type("no")

    assert terminal.end() == 1
    assert "Not applied; nothing was changed." in terminal.seen
    assert phase(waiting) == "waiting for approval"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": {"organizational_units": ["/Nowhere"]}}, "/Nowhere"),
        ({"targets": ONLY_DEV, "guards": {"max_removed_accounts": 0}}, "max_removed_accounts"),
    ],
)
def test_a_refused_plan_stops_no_rollout(
    waiting: Program, changes: dict[str, Any], said: str
) -> None:
    ran = supersede(waiting, **changes)

    assert ran.code == 1
    assert said in ran.err
    assert phase(waiting) == "waiting for approval"


def test_an_outdated_saved_plan_stops_no_rollout(waiting: Program) -> None:
    plan = waiting.folder / "base.plan"
    assert waiting("plan", waiting.manifest(), "--out", plan).code == 0
    waiting.sandbox.suspend(DEV[0])

    ran = waiting("apply", plan, "--supersede")

    assert ran.code == 1
    assert "what it touches has changed" in ran.err
    assert phase(waiting) == "waiting for approval"
