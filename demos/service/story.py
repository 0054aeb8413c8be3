"""What the demo shows, one thing after the other. Each line is said after it was found to be so."""

import json
from collections.abc import Iterator
from typing import Any

from demos.service.cloud import BUCKET, HERE, TOPIC, Cloud
from demos.service.events import account_created, called

NAME, STACK_SET = "alerts", "alerts-alerts"
PLACES = ("us-east-1", "eu-west-1")
STOPPED = ("100000000003", "eu-west-1")
NEW, DRIFTED, BROKEN = "billing", "100000000002", "100000000001"
MANIFEST = (HERE / "manifest.yaml").read_text(encoding="utf-8")
AUTO = (HERE / "auto_approve.yaml").read_text(encoding="utf-8")
ALERTS = (HERE / "alerts.yaml").read_text(encoding="utf-8")


REFUSED = "Invalid parameter: DisplayName"


class NotSoError(RuntimeError):
    """What the demo says is not so."""


def uploaded(cloud: Cloud) -> Iterator[str]:
    """A manifest is uploaded, and waits for an approval."""
    rule, answer = cloud.send(cloud.upload(NAME, alerts=ALERTS, manifest=MANIFEST))
    yield f"s3://{BUCKET}/manifests/{NAME}/manifest.yaml is there; the rule {rule} took the event"
    yield f"look: {_said(answer, 'waits for an approval')}"
    if sent := _writes(cloud):
        raise NotSoError(f"sent without an approval: {sent}")
    yield "StackSets got no request that changes anything"


def approved(cloud: Cloud) -> Iterator[str]:
    """An approval is given from a laptop, and the rollout is done."""
    cloud.laptop("approve", f"{NAME}-1", "--yes", "--detach")
    yield f"$ orgrollout approve {NAME}-1 --yes --detach --journal s3://{BUCKET}/journal"
    yield from _carried_out(cloud, cloud.function("reconcile").call({}), "reconcile, by schedule")
    places = _instances(cloud)
    accounts, regions = ({each[n] for each in places} for n in (0, 1))
    if len(places) != len(accounts) * len(regions) or regions != set(PLACES):
        raise NotSoError(f"not everywhere: {sorted(places)}")
    yield f"StackSets has {len(places)} stack instances: {len(accounts)} accounts, 2 Regions"


def enrolled(cloud: Cloud) -> Iterator[str]:
    """A new account is enrolled from its event."""
    _, answer = cloud.send(cloud.upload(NAME, manifest=MANIFEST + AUTO))
    yield f"the manifest says service.auto_approve from now on; look: {_said(answer, 'nothing')}"
    cloud.server.sandbox.add_account(NEW, "/Workloads")
    account = cloud.server.sandbox.organization.find(NEW)
    rule, answer = cloud.send(account_created(account))
    yield f"the account {NEW} was created; the rule {rule} took the event of Organizations"
    yield f"look: {_said(answer, 'approved by its conditions')}"
    yield from _carried_out(cloud, {"started": [f"{NAME}-2_1"]}, "look")
    there = sorted(region for where, region in _instances(cloud) if where == account)
    if there != sorted(PLACES):
        raise NotSoError(f"{NEW} has stack instances in {there} only")
    yield f"{NEW} has its stack instances in {' and '.join(there)}"
    for place in sorted(_instances(cloud)):
        _config(cloud, place).start_configuration_recorder(ConfigurationRecorderName="main")


def repaired(cloud: Cloud) -> Iterator[str]:
    """What a person changed by hand is found by schedule, and repaired."""
    cloud.server.sandbox.tamper(
        DRIFTED, PLACES[0], STACK_SET, "Alerts", "/DisplayName", "do not call"
    )
    yield f"in {DRIFTED} {PLACES[0]} a person renames the topic to {_display_name(cloud)!r}"
    yield from _carried_out(cloud, cloud.function("drift").call({}), "drift, by schedule")
    yield from _carried_out(cloud, {"started": [f"{NAME}-3_1"]}, "the repair")
    if (name := _display_name(cloud)) != "security alerts":
        raise NotSoError(f"the topic is still called {name!r}")
    yield f"the topic is called {name!r} again"


def tampered(cloud: Cloud) -> Iterator[str]:
    """A recorder that a person stops records again within one event."""
    _config(cloud, STOPPED).stop_configuration_recorder(ConfigurationRecorderName="main")
    who = f"arn:aws:iam::{STOPPED[0]}:user/mallory"
    yield f"in {' '.join(STOPPED)} a person stops the recorder of AWS Config"
    rule, answer = cloud.send(called("config:StopConfigurationRecorder", *STOPPED, by=who))
    (line,) = {m for m in cloud.function("tampered").messages() if m.startswith("tampering: ")}
    yield f"the rule {rule} took the event of CloudTrail; {line}"
    said = str(answer["said"][NAME])
    if answer["looked"] != [" ".join(STOPPED)] or not said.startswith(f"{NAME}-4 repairs"):
        raise NotSoError(f"tampered answers {answer}")
    yield f"tampered: looked at {STOPPED[0]} {STOPPED[1]} alone; {said}"
    yield from _carried_out(cloud, {"started": [f"{NAME}-4_1"]}, "the repair")
    (status,) = _config(cloud, STOPPED).describe_configuration_recorder_status()[
        "ConfigurationRecordersStatus"
    ]
    if not status["recording"]:
        raise NotSoError("the recorder does not record")
    yield "the recorder records again"


def halted(cloud: Cloud) -> Iterator[str]:
    """A rollout that fails halts, and tells."""
    queue = _subscribed(cloud)
    cloud.server.sandbox.fail(BROKEN, None, times=None, reason=REFUSED)
    changed = ALERTS.replace("security alerts", "alerts of security")
    _, answer = cloud.send(cloud.upload(NAME, alerts=changed, manifest=MANIFEST + AUTO))
    yield f"another template is uploaded; look: {_said(answer, 'approved by its conditions')}"
    ended = cloud.wait_for(f"{NAME}-5_1")
    if ended["said"] != "halted":
        raise NotSoError(f"{NAME}-5 {ended['said']}, though an account failed")
    yield f"execution {NAME}-5_1 ended: {NAME}-5 {ended['said']}, for {BROKEN} failed"
    (line,) = {m for m in cloud.function("tick").messages() if m.startswith("phase: halted,")}
    yield f"the log has what HaltedAlarm looks for: {line}"
    told = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    notice = json.loads(told[0]["Body"])
    yield f"the topic {TOPIC} was told: {notice['Subject']}"


SCENES = (uploaded, approved, enrolled, repaired, tampered, halted)


def _carried_out(cloud: Cloud, answer: dict[str, Any], who: str) -> Iterator[str]:
    """Wait for what was started."""
    (execution,) = answer["started"]
    ended = cloud.wait_for(execution)
    yield f"{who}: started {execution}; {ended['ticks']} ticks later: {ended['said']}"


def _said(answer: dict[str, Any], wanted: str) -> str:
    said = str(answer["looked"][NAME])
    if not said.startswith(wanted):
        raise NotSoError(f"look answers {said!r}, and not {wanted!r}")
    return said


def _writes(cloud: Cloud) -> list[str]:
    calls = [c for c in cloud.server.sandbox.calls if c.service == "cloudformation"]
    return [c.operation for c in calls if c.is_write]


def _instances(cloud: Cloud) -> set[tuple[str, str]]:
    found = cloud.client("cloudformation").list_stack_instances(StackSetName=STACK_SET)
    current = [each for each in found["Summaries"] if each["Status"] == "CURRENT"]
    return {(each["Account"], each["Region"]) for each in current}


def _config(cloud: Cloud, place: tuple[str, str]) -> Any:
    """Return a client of AWS Config in an account and Region."""
    return cloud.client("config", cloud.server.sandbox.session(*place))


def _display_name(cloud: Cloud) -> str:
    """Return what the topic is called, asked in the account itself."""
    sns = cloud.client("sns", cloud.server.sandbox.session(DRIFTED, PLACES[0]))
    (topic,) = sns.list_topics()["Topics"]
    found = sns.get_topic_attributes(TopicArn=topic["TopicArn"])
    return str(found["Attributes"]["DisplayName"])


def _subscribed(cloud: Cloud) -> str:
    """Return the URL of a queue that gets what the topic is told."""
    account = cloud.template.account
    url = cloud.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    cloud.client("sns").subscribe(
        TopicArn=f"arn:aws:sns:us-east-1:{account}:{TOPIC}",
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:{account}:told",
    )
    return str(url)
