"""`sandbox start` and `sandbox stop`: a server that goes on when the command has ended.

A small file in a state folder names its endpoint and process; a file whose server does
not answer any more counts as nothing.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from orgrollout.sandbox.clock import ScaledClock, VirtualClock
from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.organization.starter import STARTER
from orgrollout.sandbox.server.client import IDLE, TOKEN_VARIABLE, SandboxClient

_NAME = "sandbox.json"
_PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Running:
    """A server in the background."""

    endpoint: str
    pid: int
    token: str = ""

    def client(self) -> SandboxClient:
        """Return a way to ask it about itself, and to tell it things."""
        return SandboxClient(self.endpoint, self.token)


def running(state: Path) -> Running | None:
    """Return the server that was started with this state folder, if it still answers."""
    try:
        known = json.loads((state / _NAME).read_text(encoding="utf-8"))
        found = Running(known["endpoint"], known["pid"], known.get("token", ""))
        found.client().now()
    except (OSError, ValueError, KeyError, SandboxError):
        return None
    return found


def start(
    state: Path,
    organization: Path | None = None,
    *,
    speed: float = 60,
    port: int = 0,
    idle: timedelta = IDLE,
    behaviour: Mapping[str, Any] | None = None,
) -> Running:
    """Start a server in the background and return it once it answers.

    Without ``organization`` it simulates the starter's. ``speed`` 0 means a virtual clock.
    ``behaviour`` are single settings that hold instead of those of the file.

    Raises:
        SandboxError: One runs already, or the new one ended at once (with what it said).
    """
    if (other := running(state)) is not None:
        raise SandboxError(
            f"a sandbox runs already, at {other.endpoint}; nothing was started. "
            "`orgrollout sandbox stop` ends it."
        )
    state.mkdir(parents=True, exist_ok=True)
    (state / _NAME).unlink(missing_ok=True)
    if organization is None:
        organization = state / "starter.yaml"
        organization.write_text(STARTER, encoding="utf-8")
    log = state / "sandbox.log"
    arguments = [str(state), str(organization), str(speed), str(port), str(idle.total_seconds())]
    arguments.append(json.dumps(dict(behaviour or {})))
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "orgrollout.sandbox.server.background", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return _answering(state, process, log)


def _answering(state: Path, process: "subprocess.Popen[bytes]", log: Path) -> Running:
    until = time.monotonic() + _PATIENCE.total_seconds()
    while time.monotonic() < until:
        found = running(state)
        if found is not None:
            # It is meant to outlive this process, which therefore does not wait for it.
            process.returncode = 0
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    said = log.read_text(encoding="utf-8").strip().splitlines()
    raise SandboxError(f"the sandbox did not start: {said[-1] if said else 'no reason given'}")


def stop(state: Path) -> bool:
    """Stop the server of this state folder; False if none runs."""
    found = running(state)
    if found is None:
        return False
    found.client().stop()
    until = time.monotonic() + _PATIENCE.total_seconds()
    while running(state) is not None and time.monotonic() < until:
        time.sleep(0.05)
    (state / _NAME).unlink(missing_ok=True)
    return True


def main(arguments: list[str]) -> int:
    """Serve until told to stop or idle for long; what the background process runs."""
    from orgrollout.sandbox.server.http import serve  # noqa: PLC0415 - only a server needs moto

    state, organization, speed, port, idle, behaviour = arguments
    clock = ScaledClock(float(speed)) if float(speed) else VirtualClock()
    try:
        server = serve(
            Path(organization),
            port=int(port),
            clock=clock,
            behaviour=json.loads(behaviour),
            idle=timedelta(seconds=float(idle)),
            token=os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(24),
        )
    except (SandboxError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    file = Path(state) / _NAME
    known = {"endpoint": server.endpoint, "pid": os.getpid(), "token": server.token}
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)  # the token is for its user alone
    draft.write_text(json.dumps(known), encoding="utf-8")
    draft.replace(file)
    server.wait()
    file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
