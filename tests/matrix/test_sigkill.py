"""The same with real processes, a real signal, and the sandbox behind a port."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

import pytest

from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.plan.model.document import plan_document
from orgrollout.reconcile.documents.rollouts import rollouts
from orgrollout.sandbox import SandboxServer, VirtualClock, serve
from tests.matrix.killing import count
from tests.matrix.story import QUICK as SETTINGS
from tests.matrix.story import Ending, Story
from tests.matrix.test_kill import undisturbed
from tests.paths import ROOT
from tests.stage import organization

pytestmark = pytest.mark.slow

SEED = 20260106


@dataclass
class Served:
    """The story behind a port, and the folder that its processes share."""

    server: SandboxServer
    story: Story
    folder: Path

    def run(self, point: int) -> subprocess.CompletedProcess[str]:
        """Drive the rollout in a process that is killed at ``point``; 0: never."""
        command = [sys.executable, "-m", "tests.matrix.child", self.server.endpoint]
        return subprocess.run(  # noqa: S603
            [*command, str(self.folder), str(point)],
            cwd=ROOT,
            env={**os.environ, **self.server.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def ending(self) -> Ending:
        """Return the final state."""
        journal = SqliteJournal(self.folder / "journal.sqlite")
        try:
            return self.story.ending(list(rollouts(journal))[-1])
        finally:
            journal.close()


@contextmanager
def served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        serve(organization(), clock=VirtualClock(), settings=SETTINGS) as server,
    ):
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        story = Story(server.sandbox, Path(place))
        (Path(place) / "plan.json").write_text(json.dumps(plan_document(story.plan)))
        yield Served(server, story, Path(place))


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, point: int) -> tuple[Ending, int]:
    """Return the ending after a death at ``point``, and how many points there were afterwards."""
    with served(folder, monkeypatch) as here:
        if point:
            assert here.run(point).returncode == -SIGKILL
        done = here.run(0)
        assert done.returncode == 0, done.stderr
        at_aws = here.story.ids_at_aws()
        assert len(at_aws) == len(set(at_aws))
        return here.ending(), int(done.stdout)


def test_a_really_killed_process_ends_as_a_simulated_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed behind a port, it ends as an undisturbed rollout within one process does."""
    expected, points = undisturbed(tmp_path)
    point = random.Random(SEED).randint(len(points) // 4, len(points) // 2)  # noqa: S311

    assert told(tmp_path, monkeypatch, point)[0] == expected


@pytest.mark.slow
def test_processes_really_killed_at_many_points_end_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    expected, points = told(tmp_path, monkeypatch, 0)
    sample = sorted(random.Random(SEED + 1).sample(range(1, points + 1), 20))  # noqa: S311
    for point in sample:
        assert told(tmp_path, monkeypatch, point)[0] == expected, point
    count(record_property, "SIGKILL of a real process", len(sample))
