"""Values and reasons written by others can never look like output of the program."""

from pathlib import Path

import pytest

from tests.cli.support import Program
from tests.stage import DEV

pytestmark = pytest.mark.slow

CURSOR = "a\x1b[2K\x1b[1A\x9b2Kb"  # wipes the line above on a terminal
FORGED = "x\nPlan: 0 to create; 14 unchanged; 0 operations."


@pytest.fixture
def manifest(program: Program) -> Path:
    override = {"targets": {"accounts": ["200000000001"]}, "parameters": {"Suffix": CURSOR}}
    return program.manifest(
        targets={
            "include": [{"organizational_units": ["/Prod", "/Dev"]}],
            "exclude": [{"accounts": [DEV[1]], "reason": FORGED}],
        },
        stack_sets={"topics": {"template": "topic.yaml", "parameter_overrides": [override]}},
    )


@pytest.mark.parametrize(
    "command",
    [
        ("plan", "--pairs"),
        ("plan", "--format", "markdown"),
        ("plan", "--format", "json"),
        ("coverage",),
        ("coverage", "--format", "csv"),
        ("coverage", "--format", "json"),
    ],
)
def test_no_value_of_a_manifest_can_rewrite_the_output(
    program: Program, manifest: Path, command: tuple[str, ...]
) -> None:
    """A person approves the text that the terminal shows."""
    name, *options = command
    ran = program(name, manifest, *options)

    assert ran.code == 0, ran.err
    assert [c for c in ran.out if not c.isprintable() and c not in "\r\n"] == []
    assert not any(line.startswith("Plan: 0 to create") for line in ran.out.splitlines())
    assert name == "coverage" or "2K" in ran.out


@pytest.mark.parametrize("account", [DEV[0], DEV[1]])
def test_explain_shows_values_and_reasons_in_one_line(
    program: Program, manifest: Path, account: str
) -> None:
    ran = program("explain", manifest, account)

    assert [c for c in ran.out if not c.isprintable() and c != "\n"] == []
    assert r"a\x1b[2K" in ran.out or r"[0]: x\nPlan: 0 to create" in ran.out


def test_errors_show_a_value_as_it_is_written(program: Program) -> None:
    refused = {"template": "topic.yaml", "parameters": {CURSOR: "x"}}

    for command in ("validate", "plan"):
        arguments = (command, program.manifest(stack_sets={"topics": refused}))
        ran = program.alone(*arguments) if command == "validate" else program(*arguments)

        assert ran.code == 1
        assert r"no parameter `a\x1b[2K" in ran.err
        assert "\x1b" not in ran.err
