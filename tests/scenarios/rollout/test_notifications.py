"""A rollout that halts or finishes is notified once, and no notice can fail it."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.drivers.local import drive
from orgrollout.journal.errors import JournalConflictError
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.model.notice import Destination, Way
from orgrollout.reconcile.documents.rollouts import give_order, load_rollout
from orgrollout.reconcile.lifecycle.notify import tell_of_drift, tell_of_rollout
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.state.decision import EventKind
from orgrollout.rollout.state.state import Outcome
from tests.stage import BASE, DEV, EU, PROD, TOPICS, US, Stage

ALL = ["halted", "finished", "drift"]
SMALL: dict[str, Any] = {**BASE, "targets": {"organizational_units": ["/Dev"]}}
NOT_ALLOWED = "ResourceLogicalId:Topic, ResourceStatusReason:Topic is not allowed here."


@dataclass
class Inbox:
    """A topic in another Region, and a queue subscribed to it."""

    arn: str
    queue: str
    sqs: Any

    def read(self) -> list[dict[str, Any]]:
        """Return the messages since the last call, as programs receive them."""
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [json.loads(m["Body"]) for m in found.get("Messages", ())]
        for message in found.get("Messages", ()):
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [{"subject": b["Subject"], **json.loads(b["Message"])} for b in bodies]


@pytest.fixture
def inbox(stage: Stage) -> Inbox:
    assert stage.sandbox is not None
    sns = boto3.client("sns", region_name=EU)
    sqs = boto3.client("sqs", region_name=EU)
    arn = sns.create_topic(Name="rollouts")["TopicArn"]
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{EU}:{arn.split(':')[4]}:inbox"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    return Inbox(arn, queue, sqs)


def telling(inbox: Inbox, *events: str, **more: Any) -> dict[str, Any]:
    return {**SMALL, **more, "notifications": [{"sns": inbox.arn, "on": list(events) or ALL}]}


def test_the_end_of_a_rollout_is_notified_once(stage: Stage, inbox: Inbox) -> None:
    rollout = stage.apply(telling(inbox))
    stage.finish(rollout.state.id)

    (told,) = inbox.read()
    assert told["event"] == "finished"
    assert told["manifest"] == "base"
    assert told["rollout"] == rollout.state.id
    assert (told["outcome"], told["succeeded_instances"]) == ("succeeded", 4)
    assert told["subject"] == f"orgrollout {rollout.state.id}: succeeded"
    assert told["text"].startswith(
        f"Rollout {rollout.state.id} of base in o-a1b2c3d4e5: succeeded."
    )


@pytest.mark.slow
def test_a_halt_and_the_end_after_a_retry_are_two_notices(stage: Stage, inbox: Inbox) -> None:
    stage.sandbox.fail(DEV[0], US, times=1, reason=NOT_ALLOWED)
    manifest = telling(inbox, rollout={"max_failed_accounts": 0, "retry": {"attempts": 1}})
    halted = stage.apply(manifest)
    assert halted.state.outcome is Outcome.HALTED
    (told,) = inbox.read()
    assert (told["event"], told["failed_accounts"]) == ("halted", 1)
    assert "Topic is not allowed here" in told["causes"][0]["reason"]

    order = give_order(
        stage.context().journal, halted.state.id, lambda r: operator_commands.retry(r.plan, r.state)
    )
    assert order.state.outcome is Outcome.RUNNING
    stage.finish(halted.state.id)
    (told,) = inbox.read()
    assert told["event"] == "finished"


@pytest.mark.slow
def test_only_requested_events_are_notified(stage: Stage, inbox: Inbox) -> None:
    stage.apply(telling(inbox, "halted", "drift"))
    assert inbox.read() == []


def test_an_unreachable_topic_is_a_warning_and_fails_no_rollout(stage: Stage) -> None:
    gone = "arn:aws:sns:eu-west-1:999999999999:nowhere"
    ended = stage.apply({**SMALL, "notifications": [{"sns": gone, "on": ALL}]})

    assert ended.state.outcome is Outcome.SUCCEEDED
    (warning,) = [e.text for e in stage.events if e.kind is EventKind.NOTICE]
    assert warning.startswith(f"warning: {gone} was not told that base-1: succeeded.")


@pytest.mark.slow
@pytest.mark.parametrize("write", [1, 2])
def test_an_unwritable_journal_does_not_suppress_a_notice(
    stage: Stage, inbox: Inbox, write: int
) -> None:
    """A notice that cannot be claimed is a warning; one that cannot be marked as sent is sent."""
    rollout = stage.apply(telling(inbox, "halted")).state.id
    context = stage.context()
    notes: list[str] = []

    class Contended:
        def __getattr__(self, name: str) -> Any:
            return getattr(context.journal, name)

        def put(self, key: str, *args: Any, **more: Any) -> Any:
            if key.startswith("notices/"):
                notes.append(key)
                if len(notes) >= write:
                    raise JournalConflictError(key)
            return context.journal.put(key, *args, **more)

    contended: Any = Contended()
    told = (Destination(way=Way.SNS, place=inbox.arn, on=tuple(ALL)),)
    known = load_rollout(context.journal, rollout)
    warnings: list[str] = []
    tell_of_rollout(
        replace(known, plan=replace(known.plan, destinations=told)),
        replace(context, journal=contended),
        warnings.append,
    )

    assert bool(warnings) is (write == 1)
    assert len(inbox.read()) == write - 1


@pytest.mark.slow
def test_a_notice_missed_by_a_killed_process_is_sent_later(stage: Stage, inbox: Inbox) -> None:
    """At least once: the next process sends it once the first had time enough."""
    rollout = stage.begin(telling(inbox))
    stage.sandbox.throttle("Publish", times=None, service="sns")
    stage.finish(rollout)
    assert inbox.read() == []
    stage.sandbox.simulation.faults.calls.clear()

    stage.finish(rollout)
    assert inbox.read() == []
    stage.sandbox.clock.sleep(timedelta(minutes=11))
    stage.finish(rollout)
    assert [told["event"] for told in inbox.read()] == ["finished"]


def finding(pair: Pair, **more: Any) -> Finding:
    given: dict[str, Any] = {"kind": FindingKind.RESOURCE, "verdict": Verdict.REAL, **more}
    return Finding(
        stack_set=TOPICS, pair=pair, what="Topic", path="/DisplayName", actual="s3cr3t", **given
    )


def all_kinds(*findings: Finding) -> Findings:
    return Findings(findings=findings, kinds=frozenset(FindingKind))


def test_drift_is_notified_once_for_the_same_findings_and_without_values(
    stage: Stage, inbox: Inbox
) -> None:
    stage._write(telling(inbox))
    manifest = load_manifest(stage.folder / "manifest.yaml").manifest
    context = stage.context()
    context = replace(context, connection=context.connection.planning())
    one, two = (finding(Pair(account, US)) for account in PROD[:2])
    ignored = finding(Pair(DEV[0], EU), verdict=Verdict.IGNORED)

    def tell(*findings: Finding) -> list[dict[str, Any]]:
        tell_of_drift(manifest, all_kinds(*findings), context, pytest.fail)
        return inbox.read()

    (told,) = tell(one, ignored)
    assert (told["event"], told["findings"], told["accounts"]) == ("drift", 1, 1)
    assert told["examples"][0]["account"] == PROD[0]
    assert "s3cr3t" not in json.dumps(told)
    assert tell(one) == []
    assert len(tell(two, one)) == 1
    assert tell(ignored) == []
    assert len(tell(one, two)) == 1


def test_drift_is_not_notified_again_after_a_failed_detection(stage: Stage, inbox: Inbox) -> None:
    stage._write(telling(inbox, drift={"resync_role": "role"}))
    manifest = load_manifest(stage.folder / "manifest.yaml").manifest
    context = stage.context()
    context = replace(context, connection=context.connection.planning())
    here = Pair(PROD[0], US)
    drift = all_kinds(finding(here))
    look = StackSetLook(key=TOPICS, name=StackSetName("base-topics"), meant=frozenset({here}))
    closed = finding(here, verdict=Verdict.NOT_CHECKABLE, unseen=True)
    no_result = finding(here, verdict=Verdict.NOT_CHECKABLE)

    def tell(found: Findings) -> int:
        tell_of_drift(manifest, found, context, pytest.fail)
        return len(inbox.read())

    assert tell(drift) == 1
    for blind in (
        all_kinds(closed),
        replace(all_kinds(), stack_sets=(look,)),
        replace(all_kinds(), kinds=frozenset(FindingKind) - {FindingKind.POSTURE}),
    ):
        assert (tell(blind), tell(drift)) == (0, 0)
    assert (tell(all_kinds(no_result)), tell(drift)) == (0, 1)


@pytest.mark.slow
def test_two_drivers_send_one_notice(stage: Stage, inbox: Inbox) -> None:
    rollout = stage.begin(telling(inbox))
    for _ in range(2):
        drive(rollout, stage.context(), lambda _: None)
    assert len(inbox.read()) == 1
