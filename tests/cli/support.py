"""The program as a person uses it, against an organization that is simulated on a port."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgrollout.cli.main import main
from orgrollout.sandbox import OperationRecord, Sandbox, SandboxServer
from tests.stage import BASE, READS, TOPIC


@dataclass(frozen=True)
class Ran:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the content of stdout, which must be JSON alone."""
        return json.loads(self.out)


@dataclass
class Program:
    """Runs commands in this process, each against the same simulated organization."""

    server: SandboxServer
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: object) -> Ran:
        """Run one command with the options for organization and journal."""
        where = ("--sandbox", self.server.endpoint, "--journal", self.folder / "journal")
        return self.alone(*arguments, *where)

    def alone(self, *arguments: object) -> Ran:
        """Run one command exactly as it is given."""
        self.capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = self.capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    @property
    def sandbox(self) -> Sandbox:
        """Return the organization, to inject faults and to read its calls."""
        return self.server.sandbox

    def operations(self, stack_set: str = "base-topics") -> list[OperationRecord]:
        """Return the operations of CloudFormation."""
        return self.sandbox.operations(stack_set)

    def writes(self) -> list[str]:
        """Return the calls so far that are no reads."""
        return [c.operation for c in self.sandbox.calls if not c.operation.startswith(READS)]

    def manifest(self, **changes: Any) -> Path:
        """Return the path of the small manifest, with some of it replaced."""
        return write_manifest(self.folder, {**BASE, **changes})


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> Path:
    """Write a manifest with its template, and return its path."""
    (folder / "topic.yaml").write_text(TOPIC)
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(dict(manifest), sort_keys=False))
    return path
