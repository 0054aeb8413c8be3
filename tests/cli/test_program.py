"""The program itself: how it starts, how it ends, and where its words go."""

import subprocess
import sys
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest

from orgrollout.cli.main import main
from orgrollout.manifest.load import load_manifest
from tests.cli.support import Program, write_manifest
from tests.stage import BASE

SLOW = {"boto3", "botocore", "moto", "cfnlint", "yaml", "sqlite3", "rich", "packaging"} | {
    "orgrollout.manifest.schema"
}


def imported_by(*arguments: str) -> tuple[int, set[str]]:
    """Return how a command ends, and the modules that its process has imported by then."""
    script = (
        "import sys\n"
        "from orgrollout.cli.main import main\n"
        f"code = main({arguments!r})\n"
        "print('\\nimported', code, *sorted(sys.modules))\n"
    )
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    code, *modules = ran.stdout.rpartition("imported")[2].split()
    return int(code), set(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plan", "--help"]])
def test_help_imports_no_slow_module(arguments: list[str]) -> None:
    """Help and completion are printed at once."""
    code, imported = imported_by(*arguments)
    assert code == 0
    assert "orgrollout.cli.main" in imported
    assert not imported & SLOW


def test_a_sandbox_in_another_process_is_used_without_moto() -> None:
    """A plan at a running sandbox took more than half of its CPU for that import."""
    _, imported = imported_by("rollouts", "--sandbox", "http://127.0.0.1:9")
    assert "orgrollout.sandbox.server.client" in imported
    assert not imported & {"moto", "orgrollout.sandbox.sandbox"}


@pytest.mark.parametrize("command", ["apply", "drift", "resync", "unlock"])
def test_help_is_wrapped_at_the_width_of_the_terminal(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nowhere else: the source is wider than many a terminal."""
    assert main([command, "--help"]) == 0

    lines = capsys.readouterr().out.partition(":\n")[0].rpartition("\n")[0].splitlines()
    width = max(map(len, lines))
    for line, following in pairwise(map(str.strip, lines)):
        if line and following:
            assert len(line) + len(f" {following.split()[0]}") > width - 4, line


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"orgrollout {version('orgrollout')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["plam"],
        ["explain"],
        ["plan", "m.yaml", "--nonsense"],
        ["plan", "m.yaml", "--format", "yaml"],
        ["apply", "m.yaml", "--allow-removals", "-1"],
        ["sandbox", "serve", "--port", "99999"],
        ["sandbox", "serve", "--speed", "0"],
        ["plan", "m.yaml", "--sandbox", "o.yaml", "--profile", "p"],
    ],
)
def test_wrong_usage_ends_with_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_manifest(tmp_path, BASE).rename("m.yaml")

    assert main(arguments) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err


def test_every_command_and_option_is_explained() -> None:
    """A user cannot use an option that no help explains."""
    import typer.main  # noqa: PLC0415

    from orgrollout.cli.main import app  # noqa: PLC0415

    def unexplained(command: object, path: str) -> list[str]:
        found = [] if getattr(command, "help", None) else [path]
        for name, below in getattr(command, "commands", {}).items():
            found += unexplained(below, f"{path} {name}")
        for parameter in getattr(command, "params", []):
            if not getattr(parameter, "help", None):
                found.append(f"{path} {parameter.name}")
        return found

    assert unexplained(typer.main.get_command(app), "orgrollout") == []


def test_an_unexpected_error_is_called_a_bug_in_one_line(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgrollout.cli.actions.rollout.plan.load_manifest", _broken)

    plain = program("plan", program.manifest())
    debugged = program("plan", program.manifest(), "--debug")

    assert plain.code == 1
    assert plain.err.strip() == (
        "this is a bug in orgrollout: ZeroDivisionError: division by zero. "
        "Repeat the command with --debug for the traceback. Where AWS was asked, --record FILE "
        "keeps requests and responses for the report, without secrets."
    )
    assert "Traceback" in debugged.err
    assert "in _broken" in debugged.err


def _broken(path: Path) -> object:
    load_manifest(path)
    return 1 / 0


def test_debug_shows_the_calls_and_their_duration(program: Program) -> None:
    ran = program("plan", program.manifest(), "--debug", "--format", "json")

    assert "call organizations:DescribeOrganization " in ran.err
    assert " ms" in ran.err
    assert ran.json["format_version"] == 1


def test_missing_credentials_are_reported_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert main(["plan", str(write_manifest(tmp_path, BASE))]) == 1

    told = capsys.readouterr().err
    assert "no AWS credentials were found" in told
    assert "Traceback" not in told


def test_a_missing_region_is_reported_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    assert main(["rollouts"]) == 1
    assert "no home Region is set" in capsys.readouterr().err


def test_another_home_region_than_the_manifests_is_refused(program: Program) -> None:
    ran = program("plan", program.manifest(home_region="us-east-1"), "--home-region", "eu-west-1")

    assert ran.code == 1
    assert "has home_region us-east-1, but eu-west-1 is called" in ran.err
