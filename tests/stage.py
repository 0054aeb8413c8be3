"""A stage for scenarios: a sandbox, a manifest, and the product between them, over real boto3."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml

from orgrollout.aws.s3_journal import S3Journal
from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.drivers.local import drive
from orgrollout.journal.place import S3Place
from orgrollout.journal.port import Journal
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import AccountId, Pair, Region, RolloutId, StackSetKey, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import Narrowing, Picture, look, plan_from
from orgrollout.reconcile.tick.tick import Tick, tick
from orgrollout.rollout.coverage import CoverageRow, activity_of, cover_stack_set
from orgrollout.rollout.state.decision import Event
from orgrollout.rollout.state.view import RolloutView
from orgrollout.sandbox import Sandbox

TOPIC = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Suffix: {Type: String, Default: a}
  Other: {Type: String, Default: b}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Sub "${Suffix}-${Other}"}
"""

ORGANIZATION = """\
organization: o-a1b2c3d4e5
management_account: {id: "999999999999", name: management}
home_region: us-east-1
regions: [us-east-1, eu-west-1]
root:
  organizational_units:
    Prod:
      accounts:
        - {name: p1, id: "100000000001"}
        - {name: p2, id: "100000000002"}
        - {name: p3, id: "100000000003"}
      organizational_units:
        Regulated:
          accounts:
            - {name: r1, id: "100000000004"}
            - {name: r2, id: "100000000005"}
    Dev:
      accounts:
        - {name: d1, id: "200000000001"}
        - {name: d2, id: "200000000002"}
        - {name: gone, id: "200000000003", state: SUSPENDED}
    Lab:
      accounts:
        - {name: l1, id: "300000000001"}
        - {name: l2, id: "300000000002"}
"""

BASE: dict[str, Any] = {
    "version": 1,
    "name": "base",
    "organization": "o-a1b2c3d4e5",
    "home_region": "us-east-1",
    "targets": {"organizational_units": ["/Prod", "/Dev"]},
    "regions": ["us-east-1", "eu-west-1"],
    "stack_sets": {"topics": {"template": "topic.yaml"}},
}
PROD = tuple(AccountId(f"10000000000{n}") for n in range(1, 6))
DEV = tuple(AccountId(f"20000000000{n}") for n in (1, 2))
LAB = tuple(AccountId(f"30000000000{n}") for n in (1, 2))
US, EU = Region("us-east-1"), Region("eu-west-1")
TOPICS = StackSetKey("topics")
READS = ("Describe", "List", "Get", "Head")


def new_session(region: str | None = "us-east-1") -> boto3.Session:
    """Return a session as a new process has it."""
    return boto3.Session(region_name=region)


def organization(**more: Any) -> dict[str, Any]:
    """Return the organization of the scenarios, with settings or faults on top."""
    loaded: dict[str, Any] = yaml.safe_load(ORGANIZATION)
    return {**loaded, **more}


def pairs(accounts: Iterable[AccountId], regions: Iterable[Region] = (US, EU)) -> set[Pair]:
    """Return every combination."""
    return {Pair(account, region) for account in accounts for region in regions}


def exactly(sandbox: Sandbox, *accounts: str) -> Any:
    """Return deployment targets that are these accounts and no others."""
    return {
        "OrganizationalUnitIds": [sandbox.organization.root_id],
        "Accounts": list(accounts),
        "AccountFilterType": "INTERSECTION",
    }


@dataclass
class Stage:
    """Plans and applies manifests in one sandbox, each time as a new process would."""

    sandbox: Sandbox
    folder: Path
    events: list[Event] = field(default_factory=list)
    limits: RateLimits | None = None  # those of AWS, if nothing else is said
    bucket: str = ""  # where the journal is kept, if not in the folder

    def context(self, journal: str = "journal.sqlite") -> Context:
        """Return what a process that starts now would work with."""
        session = new_session(self.sandbox.organization.home_region)
        connection = connect(session=session, clock=self.sandbox.clock, limits=self.limits)
        return Context(
            connection=connection,
            stack_sets=StackSets(connection),
            journal=self.journal(connection, SqliteJournal(self.folder / journal)),
            clock=self.sandbox.clock,
        )

    def journal(self, connection: Connection, here: SqliteJournal) -> Journal:
        """Return the journal in the bucket, or the one on this machine where there is none."""
        if not self.bucket:
            return here
        return S3Journal(connection.for_journal(), S3Place(bucket=self.bucket, prefix="journal/"))

    def look(self, manifest: Mapping[str, Any], context: Context | None = None) -> Picture:
        """Return what a manifest wants and what is deployed."""
        return look(load_manifest(self._write(manifest)), context or self.context(), lambda _: None)

    def plan(
        self,
        manifest: Mapping[str, Any] = BASE,
        *,
        narrowing: Narrowing | None = None,
        **options: Any,
    ) -> Plan:
        """Return the plan for a manifest."""
        context = self.context()
        loaded = load_manifest(self._write(manifest))
        picture = look(loaded, context, lambda _: None)
        return plan_from(loaded, picture, context, narrowing=narrowing, **options)

    def apply(self, manifest: Mapping[str, Any] = BASE, **options: Any) -> Rollout:
        """Plan a manifest and carry it out to the end."""
        return self.finish(self.begin(manifest, **options))

    def begin(self, manifest: Mapping[str, Any] = BASE, **options: Any) -> RolloutId:
        """Record a rollout and do nothing else."""
        return begin_rollout(self.plan(manifest, **options), self.context()).state.id

    def finish(self, rollout: RolloutId) -> Rollout:
        """Drive a rollout as far as it goes."""
        return drive(rollout, self.context(), lambda t: self.events.extend(t.events))

    def step(self, rollout: RolloutId, *, wait: bool = True) -> Tick:
        """Do one tick in a process of its own, then let the time pass that it asks for."""
        done = tick(rollout, self.context())
        self.events.extend(done.events)
        if wait and done.wake_after is not None:
            self.sandbox.clock.sleep(done.wake_after)
        return done

    def load(self, rollout: RolloutId) -> Rollout:
        """Return a rollout as the journal has it."""
        return load_rollout(self.context().journal, rollout)

    def coverage(
        self, manifest: Mapping[str, Any] = BASE, rollout: Rollout | None = None
    ) -> dict[Pair, CoverageRow]:
        """Return the ledger of the stack set `topics`."""
        picture = self.look(manifest)
        desired = picture.desired.stack_sets[TOPICS]
        now = activity_of(RolloutView(rollout.plan, rollout.state), TOPICS) if rollout else None
        rows = cover_stack_set(desired, picture.inventory.stack_sets.get(desired.name), now)
        return {row.pair: row for row in rows}

    def writes(self) -> list[str]:
        """Return the names of all calls so far that are no reads."""
        return [c.operation for c in self.sandbox.calls if not c.operation.startswith(READS)]

    def deployed(self, stack_set: str = "base-topics") -> set[Pair]:
        """Return where the stack set has stack instances, as AWS lists them."""
        return {i.pair for i in self.context().stack_sets.instances(StackSetName(stack_set))}

    def display_name(self, pair: Pair) -> str | None:
        """Return what the deployed topic is called, asked in the account itself."""
        client = self.sandbox.session(pair.account, pair.region).client("sns")
        for topic in client.list_topics()["Topics"]:
            found = client.get_topic_attributes(TopicArn=topic["TopicArn"])
            return str(found["Attributes"]["DisplayName"])
        return None

    def _write(self, manifest: Mapping[str, Any]) -> Path:
        (self.folder / "topic.yaml").write_text(TOPIC)
        path = self.folder / "manifest.yaml"
        path.write_text(yaml.safe_dump(dict(manifest), sort_keys=False))
        return path


def changed(plan: Plan, action: OperationAction, key: StackSetKey = TOPICS) -> set[Pair]:
    """Return the pairs a plan changes by one action."""
    return {p for o, p, _ in plan.changes() if o.action is action and o.stack_set == key}
