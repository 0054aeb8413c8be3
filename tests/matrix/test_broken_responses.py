"""Every command, with every response spoiled in every way: nothing removed, nothing let out.

The proxy stands between the program and the simulated organization. Each case is one command with
one operation whose responses are spoiled, once or always.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orgrollout.cli.main import main
from orgrollout.sandbox import Sandbox, SandboxServer, VirtualClock, serve
from tests.cli.support import write_manifest
from tests.faulty import KINDS, SECRET, Faulty, between
from tests.matrix.resync_story import RECORDED
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, PROD, US, organization

STACK_SET = "base-topics"
REMOVALS = {"DeleteStackInstances", "DeleteStackSet"}
CREDENTIALS = re.compile(rb"<(?:SecretAccessKey|SessionToken)>([^<]+)<")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "plan": ("plan", "--format", "json"),
    "coverage": ("coverage", "--format", "json"),
    "preflight": ("preflight", "--format", "json"),
    "drift": ("drift", "--detect", "--format", "json"),
    "apply": ("apply", "--unattended", "--allow", "create,update,detach,delete"),
    "resync": ("resync", "--yes"),
}
WRITING = ("apply", "drift", "resync")
# Once: it is asked again, and nothing is noticed. Always: it never becomes an answer.
CASES = (*((kind, None) for kind in KINDS), ("cut", 1), ("stale", 1))
SAMPLE = (
    ("plan", "ListAccounts", "empty", None),
    ("plan", "ListTagsForResource", "wrong json", 1),
    ("plan", "DescribeStackSet", "html", 1),
    ("apply", "ListTagsForResource", "stale", None),
    ("apply", "DescribeStackSetOperation", "cut", 1),
    ("resync", "AssumeRole", "cut", None),
)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def verdict(self) -> Any:
        """Return what it comes to, without times and numbers of calls."""
        try:
            document = json.loads(self.out)
        except ValueError:
            return None
        checks = [(c.get("check"), c.get("outcome")) for c in document.get("checks", ())]
        return document.get("summary"), document.get("operations"), checks


@dataclass
class House:
    """An organization with a stack set everywhere, tags that select, and a change by hand."""

    server: SandboxServer
    faulty: Faulty
    folder: Path
    turn: int = 0
    written: list[str] = field(default_factory=list)
    expected: dict[str, Ran] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    def run(self, *arguments: object) -> Ran:
        where = ("--sandbox", self.server.endpoint, "--journal", self.folder / "journal")
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(argument) for argument in (*arguments, "--debug", *where)])
        self.written += [out.getvalue(), err.getvalue()]
        return Ran(code, out.getvalue(), err.getvalue())

    def manifest(self) -> Path:
        shared = {**BASE["stack_sets"]["topics"], "parameters": {"Suffix": f"v{self.turn}"}}
        wanted = {
            **BASE,
            "targets": {"tags": {"baseline": "core"}},
            "stack_sets": {"topics": shared},
            "drift": {"resync_role": ROLE},
        }
        path = write_manifest(self.folder, wanted)
        (self.folder / "topic.yaml").write_text(RECORDED)
        return path

    def command(self, name: str) -> Ran:
        """Run a command with something for it to do."""
        if name == "apply":
            self.turn += 1
        if name == "resync":
            self.sandbox.tamper(PROD[0], US, STACK_SET, "Topic", "/DisplayName", f"by{self.turn}")
        path = self.manifest()
        first, *rest = COMMANDS[name]
        return self.run(first, path, *rest)

    def put_right(self) -> None:
        """Take the proxy away, and bring what was begun to its end."""
        self.faulty.changes.clear()
        self.sandbox.settle()
        listed = json.loads(self.run("rollouts", "--format", "json").out)["rollouts"]
        for each in listed:
            if each["phase"] not in {"over", "ended"} and each.get("ended") is None:
                self.run("resume", each["rollout"])
        self.run("apply", self.manifest(), "--yes")

    def deployed(self) -> set[tuple[str, str]]:
        return {(key[0], key[1]) for key in self.sandbox.stack_set(STACK_SET).instances}

    def secrets(self) -> set[str]:
        """Return every credential that went over the wire, and what was planted."""
        bodies = (message.body for message in self.faulty.seen.get("AssumeRole", ()))
        found = {text.decode() for body in bodies for text in CREDENTIALS.findall(body)}
        return {SECRET, *found}


@contextmanager
def a_house(folder: Path) -> Iterator[House]:
    with (
        serve(organization(), clock=VirtualClock()) as server,
        between(server.sandbox) as faulty,
    ):
        made = House(server, faulty, folder)
        for account in (*PROD, *DEV):
            made.sandbox.organization.accounts[account].tags = {"baseline": "core"}
        assert made.run("apply", made.manifest(), "--yes").code == 0
        yield made


def spoiled(house: House, command: str, operation: str, kind: str, times: int | None) -> None:
    """Run one case, and hold what must be true whatever is spoiled."""
    before = house.deployed()
    house.written.clear()
    house.faulty.spoil(operation, kind, times=times)
    calls = len(house.faulty.answered)
    ran = house.command(command)
    sent = house.faulty.answered[calls:]
    house.faulty.changes.clear()
    case = f"{command}, {operation} {kind} {times or 'always'}: {ran.code}\n{ran.out}\n{ran.err}"
    assert operation in sent, case
    assert REMOVALS.isdisjoint(sent), case
    assert house.deployed() == before, case
    assert "this is a bug" not in ran.err, case
    assert "html" not in ran.out + ran.err, case
    written = "".join(house.written).encode() + b"".join(
        path.read_bytes() for path in house.folder.rglob("*") if path.is_file()
    )
    assert not [s for s in house.secrets() if s.encode() in written], case
    assert ran.code in {0, 1, 3, 4, 5, 10}, case
    expected = house.expected.get(command)
    told = "broken response" in ran.out + ran.err or "no answer" in ran.out + ran.err
    if expected is not None and ran.code == expected.code:
        assert told or ran.verdict == expected.verdict, case


def learn(house: House, command: str) -> list[str]:
    """Return which operations a command sends, after it has run with every response whole."""
    calls = len(house.faulty.answered)
    house.expected[command] = house.command(command)
    house.put_right()
    return sorted(set(house.faulty.answered[calls:]) - {""})


def test_a_sample_of_responses_that_are_spoiled(tmp_path: Path) -> None:
    """An empty page detached three accounts; AssumeRole's response was printed and kept."""
    with a_house(tmp_path) as house:
        for case in SAMPLE:
            spoiled(house, *case)
            house.put_right()
        assert house.deployed() == {(a, r) for a, r in house.deployed() if a in {*PROD, *DEV}}
        assert len(house.deployed()) == 14


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_response_of_a_command_spoiled_in_every_way(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = 0
    with a_house(tmp_path) as house:
        for operation in learn(house, command):
            for kind, times in CASES:
                spoiled(house, command, operation, kind, times)
                if command in WRITING:
                    house.put_right()
                cases += 1
    with capsys.disabled():
        print(f"\n{command}: {cases} cases of spoiled responses")
    assert cases > 50
