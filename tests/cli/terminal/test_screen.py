"""On a terminal the program asks, moves and has colours; elsewhere it does none of that."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.pseudo_terminal import PROGRAM, Terminal
from tests.cli.support import write_manifest
from tests.stage import BASE, organization

pytestmark = pytest.mark.slow

COLOUR = "\x1b[3"  # of the foreground; moving the cursor is another matter
QUESTION = "Only `yes` is taken for a yes: "


@pytest.fixture
def apply(tmp_path: Path) -> tuple[str, ...]:
    file = tmp_path / "organization.yaml"
    file.write_text(yaml.safe_dump(organization()))
    return ("apply", str(write_manifest(tmp_path, BASE)), "--sandbox", str(file))


def test_a_terminal_is_asked_in_colour_and_only_yes_is_accepted(apply: tuple[str, ...]) -> None:
    terminal = Terminal(apply)
    terminal.until(lambda seen: QUESTION in seen)
    terminal.type("y")

    assert terminal.end() == 1
    assert "Plan: 14 to create" in terminal.seen
    assert "Not applied; nothing was changed." in terminal.seen
    assert "started" not in terminal.seen
    assert COLOUR in terminal.seen


def test_no_color_removes_the_colours_of_an_agreed_apply(
    apply: tuple[str, ...],
) -> None:
    terminal = Terminal(apply, {"NO_COLOR": "1"})
    terminal.until(lambda seen: QUESTION in seen)
    terminal.type("yes")

    assert terminal.end() == 0
    assert "base-1 succeeded: 14 stack instances done" in terminal.seen
    assert COLOUR not in terminal.seen


def test_output_that_is_not_a_terminal_is_plain_text(apply: tuple[str, ...]) -> None:
    ran = subprocess.run(  # noqa: S603
        [*PROGRAM, *apply, "--yes"], capture_output=True, text=True, check=True
    )

    assert "\x1b" not in ran.stdout + ran.stderr
    assert all(line == line.rstrip() for line in ran.stdout.splitlines())
    assert "topics  14/14 done" in ran.stdout
