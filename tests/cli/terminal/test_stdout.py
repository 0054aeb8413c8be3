"""The standard output: full, closed, or a pipe that no process reads any more."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cli.pseudo_terminal import PROGRAM
from tests.cli.support import write_manifest
from tests.stage import BASE, organization

pytestmark = pytest.mark.slow

FULL = Path("/dev/full")
COMMANDS = ("schema", "--help", "--version", "sandbox init", "templates list", "validate --help")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_results_in_one_message(command: str) -> None:
    with FULL.open("w") as full:
        ran = _run(command, stdout=full)

    assert ran.returncode == 1
    assert ran.stderr == (
        "the output cannot be written: No space left on device. What follows was not shown. "
        "Make room, or send the output elsewhere, and repeat the command.\n"
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_during_apply_is_reported_and_nothing_is_started(
    tmp_path: Path,
) -> None:
    file = tmp_path / "organization.yaml"
    file.write_text(yaml.safe_dump(organization()))
    command = f"apply {write_manifest(tmp_path, BASE)} --yes --sandbox {file}"
    with FULL.open("w") as full:
        ran = _run(command, stdout=full)

    assert ran.returncode == 1
    assert "the output cannot be written: No space left on device" in ran.stderr
    assert "bug" not in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_pipe_ends_the_command_quietly(command: str) -> None:
    with subprocess.Popen(  # noqa: S603
        [*PROGRAM, *command.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_closed_output_is_reported_before_anything_is_done(tmp_path: Path) -> None:
    manifest = tmp_path / "orgrollout.yaml"
    shell = ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "init", str(manifest)]
    ran = subprocess.run(  # noqa: S603
        shell, capture_output=True, text=True, timeout=60, check=False
    )

    assert ran.returncode == 1
    assert ran.stderr.startswith("stdout is closed, so nothing was done.")
    assert not manifest.exists()


def _run(command: str, **options: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # type: ignore[call-overload, no-any-return]  # noqa: S603
        [*PROGRAM, *command.split()],
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
