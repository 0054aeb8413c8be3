"""Help is grouped by purpose, and a flag that takes no value says so by naming no type."""

import pytest

from orgrollout.cli.main import main


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert main([*command, "--help"]) == 0
    return capsys.readouterr().out


def test_commands_are_grouped_by_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys)

    places = [
        text.index(f" {name} ──") for name in ("Begin", "Plan and roll out", "Keep it running")
    ]
    assert places == sorted(places)
    assert " Commands ──" not in text  # every command has its group


@pytest.mark.parametrize(
    "command", ["", "apply", "drift", "status", "sandbox start", "journal prune"]
)
def test_flags_are_shown_without_a_type(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = help_of(capsys, *command.split())

    assert "--help" in text
    assert "<bool>" not in text.lower()
    assert "boolean" not in text.lower()
