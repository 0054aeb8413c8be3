"""An organization behind a proxy that spoils responses, made ready once and tried in copies."""

import gc
import io
import json
import os
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any, TypeVar
from unittest.mock import patch

import yaml

from orgrollout.cli import session
from orgrollout.cli.main import main
from orgrollout.cli.sandboxes import Simulation
from orgrollout.manifest.lint import lint_manifest
from orgrollout.reconcile.advice import preflight
from orgrollout.sandbox import Sandbox, VirtualClock
from orgrollout.sandbox.in_process import HOOK
from tests.cli.support import write_manifest
from tests.faulty import SECRET, Faulty, between
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, TOPIC, US

T = TypeVar("T")
STACK_SET, SECOND = "base-topics", "base-more"
SELECTED = (PROD[0], DEV[0])
EVERYWHERE = {(account, region) for account in SELECTED for region in (US, EU)}
BY_HAND = (PROD[0], US)  # where a person changes something
# By id, accounts without the tag follow on those with it. So the response to one request, given to
# the next, makes a member of none: it looks like a right one, and may only not remove.
ORGANIZATION = """\
organization: o-a1b2c3d4e5
management_account: {id: "999999999999", name: management}
home_region: us-east-1
regions: [us-east-1, eu-west-1]
root:
  organizational_units:
    Prod:
      accounts: [{name: p1, id: "100000000001"}]
    Dev:
      accounts:
        - {name: d1, id: "200000000001"}
        - {name: gone, id: "200000000003", state: SUSPENDED}
    Lab:
      accounts: [{name: l1, id: "300000000001"}]
"""
TOPIC_OF_NOTICES = "arn:aws:sns:us-east-1:999999999999:rollouts"
HERE = "http://in.this.process"
ENOUGH = 4000  # requests; no command needs a twentieth, and one that does not end needs them all
OWN_SECRETS = {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
CREDENTIALS = re.compile(rb"<(?:SecretAccessKey|SessionToken)>([^<]+)<")
CHECKED = """\
AWSTemplateFormatVersion: "2010-09-09"
Metadata:
  orgrollout:
    version: 1
    posture:
      - {check: config-recorder}
      - {check: config-rule, rule: flow-logs}
      - {check: config-compliance, rule: flow-logs}
      - {check: ssm-document, resource: Runbook}
      - {check: vpc-flow-logs, traffic: ALL}
Parameters:
  Suffix: {Type: String, Default: a}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Suffix}
  Recorder:
    Type: AWS::Config::ConfigurationRecorder
    Properties: {Name: main, RoleARN: "arn:aws:iam::123456789012:role/config"}
  Channel:
    Type: AWS::Config::DeliveryChannel
    Properties: {Name: main, S3BucketName: history}
  Rule:
    Type: AWS::Config::ConfigRule
    DependsOn: [Recorder, Channel]
    Properties:
      ConfigRuleName: flow-logs
      Source: {Owner: AWS, SourceIdentifier: VPC_FLOW_LOGS_ENABLED}
  Runbook:
    Type: AWS::SSM::Document
    Properties:
      Name: runbook
      DocumentType: Automation
      Content: {schemaVersion: "0.3", mainSteps: []}
"""
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "plan": ("plan", "--format", "json", "--out", "plan.json"),
    "coverage": ("coverage", "--format", "json"),
    "preflight": ("preflight", "--format", "json", "--probe-role", ROLE),
    "drift": ("drift", "--detect", "--format", "json"),
    "apply": (
        "apply",
        "--unattended",
        "--allow",
        "create,update,detach,delete",
        "--format",
        "json",
    ),
    "resync": ("resync", "--yes", "--format", "json"),
}
WRITING = ("apply", "drift", "resync")


@dataclass(frozen=True)
class Ran:
    """The result of a command; tracebacks and log lines are elsewhere."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return stdout as JSON; None, if it is empty."""
        return json.loads(self.out) if self.out.strip() else None


@dataclass
class House:
    """An organization with a stack set in every account that has the tag; commands run in it."""

    sandbox: Sandbox
    faulty: Faulty
    folder: Path
    turn: int = 0
    written: list[str] = field(default_factory=list)  # all that commands printed, tracebacks too
    loaded: set[str] = field(default_factory=set)

    @contextmanager
    def _simulation(self, *_: object) -> Iterator[Simulation]:
        """Replace a server, which would be called for the time more often than for AWS."""
        yield Simulation(clock=self.sandbox.clock, forgets=False, recorded=tuple)

    def in_process(self) -> AbstractContextManager[None]:
        """Have boto3's clients answered by the organization, past no proxy."""
        return _in_process(self.sandbox)

    def move(self, folder: Path) -> None:
        """Go on with copies of all files."""
        copytree(self.folder, folder)
        self.folder = folder

    def run(self, *arguments: object) -> Ran:
        """Run a command, and keep all that it prints."""
        where = ("--sandbox", HERE, "--journal", self.folder / "journal")
        logs = ("--debug", "--log-file", self.folder / "log", "--log-format", "json")
        out, err, traces = io.StringIO(), io.StringIO(), io.StringIO()

        def keep_trace() -> None:
            traces.write(traceback.format_exc())

        with (
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(traceback, "print_exc", keep_trace),
            self.in_process(),
            patch.object(session, "simulation_of", self._simulation),
        ):
            code = main([str(argument) for argument in (*arguments, *where, *logs)])
        self.written += [out.getvalue(), err.getvalue(), traces.getvalue()]
        return Ran(code, out.getvalue(), err.getvalue())

    def load(self, command: str) -> None:
        """Run what loads most, so that no copy has to: models of services, rules of cfn-lint."""
        if command in {"preflight", "resync"} - self.loaded:
            assert self.command(command).code == 0, self.written[-3:]
            self.loaded.add(command)
        gc.collect()
        gc.freeze()

    def command(self, name: str) -> Ran:
        """Run a command with something for it to do."""
        if name == "apply":
            self.turn += 1
        if name in {"drift", "resync", "coverage"}:
            self.sandbox.tamper(*BY_HAND, STACK_SET, "Topic", "/DisplayName", f"by{self.turn}")
        first, *rest = COMMANDS[name]
        more = [self.folder / word if word == "plan.json" else word for word in rest]
        return self.run(first, self.manifest(second=name in {"apply", "plan"}), *more)

    def manifest(self, *, second: bool = False) -> Path:
        """Write the manifest as it is by now, with its templates, and return its path."""
        wanted = deepcopy(BASE)
        topics = {"template": "topic.yaml", "parameters": {"Suffix": f"v{self.turn}"}}
        wanted["targets"] = {"tags": {"baseline": "core"}}
        wanted["stack_sets"] = {"topics": topics}
        wanted["drift"] = {"resync_role": ROLE}
        wanted["notifications"] = [{"sns": TOPIC_OF_NOTICES, "on": ["halted", "finished", "drift"]}]
        wanted["rollout"] = {"waves": [{"name": "canary", "accounts": [SELECTED[0]]}]}
        if second:
            wanted["stack_sets"]["more"] = {"template": "more.yaml"}
        path = write_manifest(self.folder, wanted)
        (self.folder / "topic.yaml").write_text(CHECKED)
        (self.folder / "more.yaml").write_text(TOPIC)
        return path

    def deployed(self, stack_set: str = STACK_SET) -> set[tuple[str, str]]:
        """Return where the stack set has stack instances."""
        found = [each for each in self.sandbox.simulation.stack_sets if each.name == stack_set]
        return {(key[0], key[1]) for each in found for key in each.instances}

    def secrets(self) -> set[str]:
        """Return every credential: the caller's, those sent over the wire, and the planted ones."""
        bodies = (message.body for message in self.faulty.seen.get("AssumeRole", ()))
        found = {text.decode() for body in bodies for text in CREDENTIALS.findall(body)}
        own = {value for name, value in self.sandbox.environment().items() if name in OWN_SECRETS}
        return {SECRET, *own, *found}

    def all_written(self) -> bytes:
        """Return all output of commands: printed, saved, kept in the journal and sent to others."""
        printed = "".join(self.written).encode()
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        rows = "\n".join(row for path in files for row in _rows(path)).encode()
        sent = json.dumps(
            [call.params for call in self.sandbox.calls if call.operation == "Publish"]
        ).encode()
        return b"\n".join((printed, rows, sent, *(path.read_bytes() for path in files)))


@contextmanager
def a_house(folder: Path) -> Iterator[House]:
    """Give the organization with everything deployed, and all that commands need in memory."""
    sandbox = Sandbox.start(yaml.safe_load(ORGANIZATION), clock=VirtualClock())
    with (
        patch.object(preflight, "lint_manifest", _once(lint_manifest)),
        between(sandbox) as faulty,
    ):
        house = House(sandbox, faulty, folder)
        for account in SELECTED:
            sandbox.organization.accounts[account].tags = {"baseline": "core"}
        with _in_process(sandbox):
            sandbox.session().client("sns").create_topic(Name="rollouts")
        assert house.run("apply", house.manifest(), "--yes").code == 0
        _make_healthy(house)
        house.load("resync")
        try:
            yield house
        finally:
            gc.unfreeze()


def _once(lint: Callable[..., T]) -> Callable[..., T]:
    """Return a function that looks at the first manifest only: cfn-lint reads no response."""
    found: list[T] = []

    def linted(*arguments: Any) -> T:
        if not found:
            found.append(lint(*arguments))
        return found[0]

    return linted


def _make_healthy(house: House) -> None:
    """Let recorders record and VPCs have flow logs: any finding later is from a case."""
    for account, region in sorted(EVERYWHERE):
        with _in_process(house.sandbox):
            inside = house.sandbox.session(account, region)
            inside.client("config").start_configuration_recorder(ConfigurationRecorderName="main")
            inside.client("logs").create_log_group(logGroupName="flow-logs")
            ec2 = inside.client("ec2")
            vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
            made = ec2.create_flow_logs(
                ResourceIds=vpcs,
                ResourceType="VPC",
                TrafficType="ALL",
                LogGroupName="flow-logs",
                DeliverLogsPermissionArn=f"arn:aws:iam::{account}:role/flow-logs",
            )
            assert not made["Unsuccessful"]


@contextmanager
def _in_process(sandbox: Sandbox) -> Iterator[None]:
    """Have boto3's clients answered by the sandbox, which goes on afterwards."""
    HOOK.activate(sandbox.simulation.gateway)
    try:
        with patch.dict(os.environ, sandbox.environment()):
            yield
    finally:
        HOOK.deactivate()


def _rows(path: Path) -> Iterator[str]:
    """Yield all rows of all tables of a journal; a value of many pages is in one piece here."""
    if path.read_bytes()[:15] == b"SQLite format 3":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            yield from database.iterdump()
        database.close()
