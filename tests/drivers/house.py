"""A simulated organization on a port, and drivers as processes of their own at work on it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import connect
from orgrollout.model.ids import RolloutId
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.open_journal import open_journal
from orgrollout.reconcile.process.lease import CLOCKS_DIFFER, SPAN
from orgrollout.sandbox import OperationRecord, SandboxServer, ScaledClock, Settings, serve
from orgrollout.sandbox.server.client import SandboxClient
from tests.paths import ROOT
from tests.stage import new_session, organization

SPEED = 60
BEYOND_THE_LEASE = (SPAN + CLOCKS_DIFFER + timedelta(seconds=15)) / SPEED
QUICK = Settings(median_duration=timedelta(seconds=30), deploy_resources=False)


@dataclass
class House:
    """A simulated organization on a port, a journal, and the processes at work on it."""

    server: SandboxServer
    folder: Path
    journal: str
    running: list["subprocess.Popen[str]"]

    def context(self) -> Context:
        clock = SandboxClient(self.server.endpoint).clock()
        connection = connect(session=new_session(), clock=clock)
        journal, _ = open_journal(self.journal, connection)
        return Context(
            connection=connection,
            stack_sets=StackSets(connection),
            journal=journal,
            clock=connection.clock,
        )

    def start(self, rollout: RolloutId, point: str = "") -> "subprocess.Popen[str]":
        number = len(self.running)
        log = self.folder / f"driver-{number}.log"
        arguments = [self.server.endpoint, self.journal, rollout, str(log), point]
        return self.run("tests.drivers.driver", *arguments)

    def run(self, module: str, *arguments: str) -> "subprocess.Popen[str]":
        """Start a process at the sandbox's endpoint."""
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={
                **os.environ,
                **self.server.environment(),
                "PYTHONPATH": str(ROOT),
            },
        )
        self.running.append(process)
        return process

    def operations(self) -> list[tuple[str, OperationRecord]]:
        """Return every operation that AWS started, with its stack set."""
        made = {stack_set.name for stack_set in self.server.sandbox.simulation.stack_sets}
        sandbox = self.server.sandbox
        return [(name, o) for name in sorted(made) for o in sandbox.operations(name)]

    def writes(self) -> list[dict[str, Any]]:
        """Return all attempts of all drivers to write the rollout."""
        logs = self.folder.glob("driver-*.log")
        return [json.loads(line) for log in logs for line in log.read_text().splitlines()]


@contextmanager
def house_at(
    journal: str, folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings = QUICK
) -> Iterator[House]:
    """Give a house whose journal is of a kind; no process is left at work afterwards."""
    with serve(organization(), clock=ScaledClock(SPEED), settings=settings) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        named = str(folder / "journal")
        if journal == "s3":
            named = "s3://acme-orgrollout/journal"
            new_session().client("s3").create_bucket(Bucket="acme-orgrollout")
        made = House(server, folder, named, [])
        try:
            yield made
        finally:
            for process in made.running:
                with suppress(ProcessLookupError):
                    process.kill()
                process.communicate()


def stopped_itself(process: "subprocess.Popen[str]") -> None:
    """Return when the process has stopped itself."""
    pid, status = os.waitpid(process.pid, os.WUNTRACED)
    assert (pid, os.WIFSTOPPED(status)) == (process.pid, True)


def ended(process: "subprocess.Popen[str]") -> str:
    """Return in which phase a driver left the rollout."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.strip()


def must_be_one_line(writes: list[dict[str, Any]]) -> None:
    """Check that each version was replaced once, by a fence that is no older."""
    taken = [write for write in writes if write["after"]]
    assert len({write["before"] for write in taken}) == len(taken)
    by_version = {write["after"]: write["fence"] for write in taken}
    for write in taken:
        assert by_version.get(write["before"], 0) <= write["fence"]


def send_signal(processes: list["subprocess.Popen[str]"], number: signal.Signals) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)
