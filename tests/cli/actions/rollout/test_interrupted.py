"""An interrupted rollout goes on in AWS; `resume` attaches and starts nothing twice."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from orgrollout.sandbox import ScaledClock, serve
from orgrollout.sandbox.server.client import SandboxClient
from tests.cli.pseudo_terminal import PROGRAM, begun
from tests.cli.support import Program, write_manifest
from tests.stage import BASE, DEV, US, organization

START = "CreateStackInstances"
SPEED = 600
LONG = timedelta(minutes=20)  # of the organization: two seconds here


@pytest.fixture
def program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    with serve(organization(), clock=ScaledClock(SPEED)) as server:
        yield Program(server, tmp_path, capsys)


@pytest.mark.slow
def test_an_apply_killed_during_an_operation_attaches_and_starts_none_twice(
    program: Program,
) -> None:
    program.sandbox.slow(DEV[0], US, seconds=LONG)
    with _apply(program) as applying:
        _wait(lambda: START in program.writes())
        applying.kill()

    status = program("status")
    resumed = program("resume", "--format", "json")

    assert "AWS says RUNNING" in status.out
    assert resumed.code == 0
    assert resumed.json["outcome"] == "succeeded"
    assert program.writes().count(START) == 1
    assert len(program.operations()) == 1
    assert [each["id"] for each in resumed.json["operations"]] == [program.operations()[0].id]


@pytest.mark.slow
def test_an_interrupted_apply_says_how_to_resume_and_stop_and_both_work(
    program: Program,
) -> None:
    program.sandbox.slow(DEV[0], US, seconds=LONG)
    with _apply(program) as applying:
        _wait(lambda: START in program.writes())
        applying.send_signal(signal.SIGINT)
        told = applying.communicate(timeout=60)[1]

    stopped = program("stop")
    resumed = program("resume", "base-1")

    assert applying.returncode == 130
    assert "base-1 is left running in AWS" in told
    where = f"base-1 --sandbox {program.server.endpoint} --journal {program.folder / 'journal'}"
    assert f"orgrollout resume {where}" in told
    assert f"orgrollout stop {where}" in told
    assert "Traceback" not in told
    assert stopped.code == 0
    assert resumed.code == 0
    done = [pair for operation in program.operations() for pair in operation.succeeded]
    assert len(done) == len(set(done)) == 14


@pytest.mark.slow
def test_an_apply_killed_against_another_process_starts_no_operation_twice(
    tmp_path: Path,
) -> None:
    """As a person does it: an endpoint in the environment, the machine's clock, and kill -9."""
    with _serving() as environment:
        client = SandboxClient(environment["AWS_ENDPOINT_URL"])
        client.add_fault({"slow": {"region": "us-east-1", "seconds": 6 * SPEED}})
        targets = {"organizational_units": ["/Workloads/Legacy"]}
        manifest = write_manifest(tmp_path, {**BASE, "targets": targets})
        place = ("--journal", str(tmp_path / "mine"))
        env = {**os.environ, **environment}
        apply = [*PROGRAM, "apply", str(manifest), "--yes", *place]
        with begun(apply, env=env, stdout=subprocess.DEVNULL) as applying:
            _wait(lambda: START in [call["operation"] for call in client.calls()])
            applying.kill()
        assert client.operations("base-topics")[0]["status"] == "RUNNING"

        resumed = subprocess.run(  # noqa: S603
            [*PROGRAM, "resume", *place], env=env, capture_output=True, text=True, check=False
        )

        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        assert "base-1 succeeded: 4 stack instances done" in resumed.stdout
        assert [call["operation"] for call in client.calls()].count(START) == 1
        assert [each["status"] for each in client.operations("base-topics")] == ["SUCCEEDED"]


@contextmanager
def _serving() -> Iterator[dict[str, str]]:
    """Serve the bundled organization, and yield the environment variables that it prints."""
    command = [*PROGRAM, "sandbox", "serve", "--port", "0", "--speed", str(SPEED)]
    with begun(command, stdout=subprocess.PIPE) as serving:
        assert serving.stdout is not None
        try:
            told = ""
            while line := serving.stdout.readline():
                told += line
                if line.startswith("Ctrl-C"):
                    break
            yield dict(re.findall(r"^export (\w+)=(.*)$", told, re.MULTILINE))
        finally:
            serving.send_signal(signal.SIGINT)
            assert serving.wait(timeout=60) == 0


def _apply(program: Program) -> AbstractContextManager["subprocess.Popen[str]"]:
    where = ("--sandbox", program.server.endpoint, "--journal", str(program.folder / "journal"))
    apply = [*PROGRAM, "apply", str(program.manifest()), "--yes", *where]
    return begun(apply, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _wait(is_so: Callable[[], bool], limit: float = 90) -> None:
    deadline = time.monotonic() + limit
    while not is_so():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
