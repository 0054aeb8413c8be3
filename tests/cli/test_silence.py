"""An endpoint that does not answer is not silence at the command line."""

import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml

from tests.cli.pseudo_terminal import PROGRAM, begun
from tests.cli.support import write_manifest
from tests.silence import silent_endpoint
from tests.stage import BASE, organization

LIMIT = 10.0  # seconds until a line must have been printed


def _until_said(process: "subprocess.Popen[str]", what: str, limit: float = LIMIT) -> str:
    """Return the line of the wait, which must be printed within ``limit`` of now."""
    assert process.stderr is not None
    deadline, seen = time.monotonic() + limit, ""
    while time.monotonic() < deadline:
        if select.select([process.stderr], [], [], 0.2)[0]:
            line = process.stderr.readline()
            if what in line:
                return line
            seen += line
        assert process.poll() is None, seen
    raise AssertionError(f"not said within {limit} s: {what}; but: {seen}")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with silent_endpoint() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url


def _begin(*arguments: object) -> AbstractContextManager["subprocess.Popen[str]"]:
    command = [*PROGRAM, *map(str, arguments)]
    return begun(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _says_it_waits(arguments: Sequence[object], what: str) -> None:
    with _begin(*arguments) as process:
        # The program itself takes a while to begin on a machine that is busy.
        line = _until_said(process, f"waiting for {what}", limit=LIMIT + 30)
        waited = re.search(r": (\d+)s", line)
        assert waited is not None
        assert int(waited[1]) <= LIMIT
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_plan_names_the_call_it_waits_for(silent: str, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, BASE)
    _says_it_waits(
        ("plan", manifest, "--journal", tmp_path),
        f"sts:GetCallerIdentity in us-east-1, {silent}",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("preflight", "MANIFEST"),
        ("coverage", "MANIFEST", "--format", "json"),
        ("drift", "MANIFEST", "--detect"),
        ("resync", "MANIFEST", "--unattended"),
        ("apply", "MANIFEST", "--yes"),
        ("explain", "MANIFEST", "111111111111"),
        ("bootstrap", "MANIFEST"),
        ("init", "--from-aws"),
        ("sandbox", "init", "--from-aws"),
        ("status",),
        ("rollouts",),
        ("stop",),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("silent")
def test_every_command_names_the_call_it_waits_for(tmp_path: Path, command: Sequence[str]) -> None:
    manifest = write_manifest(tmp_path, BASE)
    _says_it_waits([manifest if each == "MANIFEST" else each for each in command], "")


@pytest.mark.slow
def test_a_sandbox_that_does_not_answer_is_named(silent: str, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, BASE)
    _says_it_waits(("plan", manifest, "--sandbox", silent), f"the sandbox at {silent}")


@pytest.mark.slow
def test_a_server_that_freezes_during_a_command_is_reported_repeatedly(tmp_path: Path) -> None:
    """It was silent for 72 s, as if all were well."""
    file = tmp_path / "organization.yaml"
    file.write_text(yaml.safe_dump(organization()))
    manifest = write_manifest(tmp_path, BASE)
    with begun(
        [*PROGRAM, "sandbox", "serve", str(file), "--port", "0", "--speed", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        url = (
            next(line for line in server.stdout if "http://" in line).split("at ")[1].split(",")[0]
        )
        arguments = ("apply", manifest, "--yes", "--sandbox", url, "--journal", tmp_path)
        with _begin(*arguments) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "create" in line and "wave" in line)
            server.send_signal(signal.SIGSTOP)
            try:
                _until_said(process, "waiting for cloudformation:")
                _until_said(process, "waiting for cloudformation:", limit=15)
            finally:
                server.send_signal(signal.SIGCONT)
            assert "succeeded" in process.communicate(timeout=120)[0]
