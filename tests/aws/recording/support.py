"""A connection that is recorded, in a simulated organization."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orgrollout.aws.recording.recorder import Recorder
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.exchange_record import Answer, Line, Request, read_record
from orgrollout.sandbox import Sandbox

PUBLIC = """\
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""


@contextmanager
def recorded(
    sandbox: Sandbox, file: Path, told: list[str] | None = None
) -> Iterator[tuple[Connection, Recorder]]:
    """Give a connection to a sandbox that was entered, and what records it."""
    warned = told if told is not None else []
    recorder = Recorder(file, templates=[PUBLIC], warn=warned.append)
    try:
        yield connect(clock=sandbox.clock, recorder=recorder), recorder
    finally:
        recorder.close()


def exchanges(file: Path) -> list[tuple[Request, Answer]]:
    """Return the requests of a record with their answers."""
    lines: Sequence[Line] = tuple(read_record(file))
    answers = {line.number: line for line in lines if isinstance(line, Answer)}
    asked = [line for line in lines if isinstance(line, Request)]
    return [(request, answers[request.number]) for request in asked]


def deploy(connection: Connection, name: str, body: str, **more: Any) -> None:
    """Create a stack set in every account below the root."""
    root = connection.call("organizations", "ListRoots")["Roots"][0]["Id"]
    set_ = {"StackSetName": name, "TemplateBody": body, "PermissionModel": "SERVICE_MANAGED"}
    off = {"AutoDeployment": {"Enabled": False}}
    connection.call("cloudformation", "CreateStackSet", {**set_, **off, **more})
    where = {"DeploymentTargets": {"OrganizationalUnitIds": [root]}, "Regions": ["us-east-1"]}
    connection.call("cloudformation", "CreateStackInstances", {"StackSetName": name, **where})
