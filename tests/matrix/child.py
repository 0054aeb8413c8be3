"""A process that drives the story against a served sandbox, and is really killed at a point.

`python -m tests.matrix.child ENDPOINT FOLDER POINT`; point 0 means that it lives.
"""

import json
import os
import signal
import sys
from pathlib import Path

from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.plan.model.document import read_plan
from orgrollout.sandbox.server.client import SandboxClient
from tests.matrix.killing import Fuse, fused_context
from tests.matrix.story import go_on


def sigkill() -> None:
    """End this process as nothing can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Resume the rollout, or begin it."""
    endpoint, folder, point = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    plan = read_plan(json.loads((folder / "plan.json").read_text()))
    journal = SqliteJournal(folder / "journal.sqlite")
    fuse = Fuse(at={point}, die=sigkill)
    go_on(plan, fused_context(journal, SandboxClient(endpoint).clock(), fuse))
    print(len(fuse.points))


if __name__ == "__main__":
    main()
