"""Approvals of a rollout: what waits for one, what is shown before it, what it lets go on."""

import pytest
from rich.console import Console

from orgrollout.cli.terminal.screen import Screen
from tests.cli.support import Program
from tests.stage import PROD

pytestmark = pytest.mark.slow

APPROVAL = {"waves": [{"name": "canary", "accounts": [PROD[0]], "after": {"approval": "required"}}]}


def test_a_wave_that_needs_approval_waits_for_it(program: Program) -> None:
    waiting = program("apply", program.manifest(rollout=APPROVAL), "--yes")
    still = program("resume")
    approved = program("approve", "--yes")

    assert waiting.code == 4
    assert "orgrollout approve base-1" in waiting.out
    assert still.code == 4
    assert approved.code == 0
    assert "approved by arn:aws:sts::999999999999" in approved.out
    assert [len(operation.targets) for operation in program.operations()] == [2, 12]


def test_an_approval_shows_what_starts_and_asks(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bare word let a wave go, and line breaks were not shown as such."""
    program("apply", program.manifest(rollout=APPROVAL), "--yes")

    blind = program("approve")
    assert blind.code == 2
    assert "there is no terminal to ask on. Nothing was approved. Add --yes." in blind.err
    monkeypatch.setattr(Screen, "is_terminal", property(lambda _: True))
    monkeypatch.setattr(Console, "input", lambda *_, **__: "no")
    declined = program("approve")
    assert declined.code == 1
    assert "Not approved; nothing was changed." in declined.err
    assert "\\n" not in declined.out
    assert declined.out.count("6 accounts") == 1
    assert "next: wave rest, 6 accounts\nin wave 2 rest:\n" in declined.out
    assert "0 accounts" not in declined.out
    assert "  topics: create 12 stack instances\n" in declined.out
    assert len(program.operations()) == 1
    monkeypatch.setattr(Console, "input", lambda *_, **__: "yes")
    assert program("approve", "--detach").code == 0
    assert program("status", "--format", "json").json["outcome"] != "waiting"


def on_the_page(program: Program) -> list[str]:
    """Return which commands the page of the rollout has to copy."""
    commands = program("report", "base-1", "--format", "json").json["commands"]
    return [each["command"].split()[1] for each in commands]


def test_an_approval_alone_starts_nothing(program: Program) -> None:
    program("apply", program.manifest(rollout=APPROVAL), "--yes")
    before = on_the_page(program)

    program("approve", "--yes", "--detach")

    assert before == ["approve", "stop"]
    assert on_the_page(program) == ["resume", "stop"]
    assert len(program.operations()) == 1
    assert program("resume").code == 0


def test_an_approval_is_shown_with_its_person_and_time(program: Program) -> None:
    program("apply", program.manifest(rollout=APPROVAL), "--yes")
    waiting = program("status")
    program("approve", "--yes", "--detach")

    shown, found = program("status"), program("status", "--format", "json").json
    listed = program("rollouts")

    operator = "arn:aws:sts::999999999999:assumed-role/Rollout/operator"
    assert "waiting for approval after wave canary" in waiting.out
    assert f"begun by {operator}" in shown.out
    assert f"after wave canary, approved by {operator} on 20" in shown.out
    assert "\n  wave canary: 2 stack instances done" in shown.out
    assert "-> to go on with it: orgrollout resume base-1" in shown.out
    (approval,) = found["approvals"]
    assert (approval["wave"], approval["name"], approval["by"]) == (1, "canary", operator)
    assert "next: wave rest, 6 accounts" in approval["shown"]
    assert (found["begun_by"], found["superseded_by"]) == (operator, None)
    assert "approved by assumed-role/Rollout/operator" in listed.out
