"""The re-sync that is killed repeatedly, and the invariants of its end.

Two stack sets of which one waits for the other, three waves, a soak: drift that is reverted, that a
change set would replace, that another user changes back, a change set that fails and works the
second time, a recorder that was stopped, and a stack instance that is missing.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import StackSetName
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.reconcile.drift.resync import seek_repairs
from orgrollout.reconcile.reading.plan_request import look
from orgrollout.sandbox import Sandbox, Settings
from tests.resyncing import ROLE
from tests.stage import BASE, DEV, EU, PROD, TOPIC, US, Stage, exactly, organization

QUICK = Settings(
    median_duration=timedelta(seconds=3),
    duration_spread=0.2,
    deploy_resources=False,
)
FIRST, SECOND = StackSetName("base-first"), StackSetName("base-second")
RECORDED = TOPIC.replace(
    "Parameters:\n",
    "Metadata: {orgrollout: {version: 1, posture: [{check: config-recorder}]}}\nParameters:\n",
    1,
)
# A second one would be another change set, or start a recorder stopped meanwhile.
NEVER_TWICE = ("CreateChangeSet", "ExecuteChangeSet", "StartConfigurationRecorder")
DIFFERENCE = ("/DisplayName", "a-b", "theirs", "NOT_EQUAL")
REVERTED = [(PROD[0], US), (PROD[1], US), (PROD[1], EU), (PROD[4], EU), (DEV[0], US), (DEV[1], EU)]
REFUSED, FOUGHT, STUMBLES = (PROD[2], US), (PROD[3], US), (DEV[1], EU)
MISSING, STOPPED = (PROD[3], EU), (PROD[1], US)


def manifest() -> dict[str, Any]:
    """Return the manifest that was applied long ago."""
    wanted = deepcopy(BASE)
    wanted["stack_sets"] = {
        "first": {"template": "recorded.yaml"},
        "second": {"template": "topic.yaml", "depends_on": ["first"]},
    }
    wanted["drift"] = {"resync_role": ROLE}
    wanted["rollout"] = {
        "waves": [
            {"name": "canary", "sample": {"per_ou": 1}, "after": {"soak": "30m"}},
            {"name": "dev", "organizational_units": ["/Dev"]},
        ],
        "max_failed_accounts": 2,
    }
    return wanted


@dataclass(frozen=True)
class Ending:
    """All that two runs of the same re-sync must agree on."""

    outcome: str
    failures: frozenset[tuple[Any, ...]]
    completed: tuple[tuple[Any, ...], ...]
    written: tuple[tuple[Any, ...], ...]  # effective calls in accounts, by call and place
    drifted: frozenset[tuple[str, ...]]
    records: frozenset[tuple[Any, ...]]  # of findings: repaired, and whether it is there again


class ResyncStory:
    """One telling of it: a sandbox in which people changed things, and a plan to repair them."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.stage = Stage(sandbox, folder)
        (folder / "recorded.yaml").write_text(RECORDED)
        self.stage.apply(manifest())
        self._people_change_things()
        self.plan: Plan = self._seek()

    def journal(self) -> SqliteJournal:
        """Return the journal as a new process opens it."""
        return SqliteJournal(self.stage.folder / "journal.sqlite")

    def ending(self, rollout: Rollout) -> Ending:
        """Return the final state, apart from times and ids."""
        state = rollout.state
        calls = Counter(
            (call.operation, call.account, call.region, _stack_set(call.params))
            for call in self.sandbox.calls
            if call.operation in NEVER_TWICE and call.error is None
        )
        records = [r for n in (FIRST, SECOND) for r in history(self.journal(), n).values()]
        return Ending(
            outcome=state.outcome,
            failures=frozenset(
                (f.planned, f.pair, f.kind, f.attempts, f.final) for f in state.failures
            ),
            completed=tuple(
                sorted(
                    (o.planned, o.attempt, o.succeeded, o.failed, o.cancelled)
                    for o in state.completed
                )
            ),
            written=tuple(sorted(calls.items())),
            drifted=frozenset(_where(s) for s in self.sandbox.simulation.deployer.drifted),  # type: ignore[attr-defined]
            records=frozenset(
                (r.stack_set, r.pair, r.what, r.repaired is not None, r.is_open, r.came_back)
                for r in records
            ),
        )

    def _people_change_things(self) -> None:
        sandbox = self.sandbox
        for account, region in (*REVERTED, REFUSED):
            sandbox.drifted(
                FIRST, "Topic", "AWS::SNS::Topic", [DIFFERENCE], pairs=[(account, region)]
            )
        sandbox.drifted(SECOND, "Topic", "AWS::SNS::Topic", [DIFFERENCE], pairs=[REVERTED[0]])
        sandbox.drifted(
            *(SECOND, "Topic", "AWS::SNS::Topic", [DIFFERENCE]),
            pairs=[FOUGHT],
            again=timedelta(seconds=1),
        )
        sandbox.replaces(*REFUSED, FIRST, logical_id="Topic")
        sandbox.fail_change_set(*STUMBLES, FIRST, reason="Rate exceeded")
        self._recorders()
        self._remove(*MISSING)

    def _recorders(self) -> None:
        for account in (*PROD, *DEV):
            for region in (US, EU):
                client = self.sandbox.session(account, region).client("config")
                role = f"arn:aws:iam::{account}:role/config"
                client.put_configuration_recorder(
                    ConfigurationRecorder={"name": "main", "roleARN": role}
                )
                client.put_delivery_channel(
                    DeliveryChannel={"name": "main", "s3BucketName": "history"}
                )
                if (account, region) != STOPPED:
                    client.start_configuration_recorder(ConfigurationRecorderName="main")

    def _remove(self, account: str, region: str) -> None:
        self.sandbox.session().client("cloudformation").delete_stack_instances(
            StackSetName=SECOND,
            DeploymentTargets=exactly(self.sandbox, account),
            Regions=[region],
            RetainStacks=False,
        )
        self.sandbox.run_to_end()

    def _seek(self) -> Plan:
        client = self.sandbox.session().client("cloudformation")
        for name in (FIRST, SECOND):
            client.detect_stack_set_drift(StackSetName=name)
            self.sandbox.run_to_end()
        self.sandbox.clock.sleep(timedelta(minutes=2))  # lists may be behind
        context = self.stage.context()
        loaded = load_manifest(self.stage._write(manifest()))
        picture = look(loaded, context, lambda _: None, drift=True)
        return seek_repairs(loaded, picture, context, lambda _: None).resync.plan


def _stack_set(params: Mapping[str, Any]) -> str:
    """Return the stack set whose stack a call is about; nothing where it is about none."""
    return _where(str(params["StackName"]))[2] if "StackName" in params else ""


def _where(stack: str) -> tuple[str, ...]:
    """Return account, Region and stack set of a stack, without the random part of its name."""
    _, _, _, region, account, name = stack.split(":")
    return account, region, name.split("/")[1].rsplit("-", 5)[0]


@contextmanager
def telling(folder: Path, settings: Settings = QUICK) -> Iterator[ResyncStory]:
    """Give the story in a sandbox of its own."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        Sandbox.start(organization(), settings=settings) as sandbox,
    ):
        yield ResyncStory(sandbox, Path(place))
