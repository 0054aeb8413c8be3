"""Help is grouped by purpose, and no type is named where it says nothing."""

import re

import pytest

from orgrollout.cli.main import main


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert main([*command, "--help"]) == 0
    return capsys.readouterr().out


def test_commands_are_grouped_by_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys)

    places = [
        text.index(f"\n{name}:\n") for name in ("Begin", "Plan and roll out", "Keep it running")
    ]
    assert places == sorted(places)
    assert "Commands:" not in text  # every command has its group


@pytest.mark.parametrize(
    "command", ["", "apply", "drift", "status", "sandbox start", "journal prune"]
)
def test_no_type_is_shown_that_says_nothing(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    text = help_of(capsys, *command.split())

    assert "--help" in text
    assert "<bool>" not in text.lower()
    assert "boolean" not in text.lower()
    assert not re.search(r"<(str|int|list|path)", text)
    assert "[[" not in text


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_no_line_is_wider_than_the_terminal_or_than_100_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    widest = max(map(len, help_of(capsys, "apply").splitlines()))

    assert min(columns, 100) - 15 < widest < min(columns, 101)
