"""A tamper event: exactly that account and Region is looked at at once, and repaired."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from demos.service.events import batch, called
from orgrollout.errors import OrgRolloutError
from orgrollout.journal.sqlite import SqliteJournal
from orgrollout.model.ids import Pair
from orgrollout.reconcile.documents.tampering import (
    MOST,
    TAMPERING,
    Tampered,
    note_look,
    note_tampering,
)
from orgrollout.service.tampering import RefusedEventError, read_tampering
from tests.resyncing import NAME, TEMPLATE, start_recorders
from tests.resyncing import manifest as drifting
from tests.service.house import AUTO, House, standing
from tests.stage import DEV, US, Stage, pairs

STOPPED = "config:StopConfigurationRecorder"
HERE = Pair(DEV[0], US)
PLACE = str(HERE)
ROLE = "OrganizationAccountAccessRole"
MALLORY = f"arn:aws:iam::{DEV[0]}:user/mallory"


@pytest.fixture
def guarded() -> Iterator[House]:
    """Give a house with a rolled out baseline, whose recorders record."""
    with standing() as house:
        deploy(house)
        yield house


def deploy(
    house: House, *, notifications: list[dict[str, Any]] | None = None, **unattended: object
) -> None:
    wanted = drifting(
        targets={"organizational_units": ["/Dev"]},
        regions=["us-east-1"],
        service=AUTO,
        notifications=notifications or [],
        drift={"resync_role": ROLE, "unattended": unattended},
    )
    house.upload(wanted, guard=TEMPLATE)
    if not house.states():
        house.functions.look({})
        house.run("base-1_1")
        start_recorders(Stage(house.sandbox, Path()), pairs(DEV, [US]))


def stopped(event: str = "e-1", **changes: Any) -> dict[str, Any]:
    """Return the event of a recorder that mallory stopped, with parts of its detail changed."""
    made = called(STOPPED, DEV[0], US, by=MALLORY, event=event)
    made["detail"] |= changes
    return made


def records(house: House, pair: Pair = HERE) -> bool:
    client = house.sandbox.session(pair.account, pair.region).client("config")
    (status,) = client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    return bool(status["recording"])


def kept(house: House, place: str = f"{DEV[0]}/{US}") -> Tampered:
    with house.client() as client:
        found = TAMPERING.get(client.context.journal, place)
    assert found is not None
    return found.value


def looks(house: House, since: int) -> set[tuple[str, str]]:
    """Return the accounts and Regions that were looked into, by calls made in them."""
    calls = house.sandbox.calls[since:]
    return {(c.account, c.region) for c in calls if c.account != "999999999999"}


def test_a_stopped_recorder_records_again_within_one_event(
    guarded: House, caplog: pytest.LogCaptureFixture
) -> None:
    guarded.sandbox.stop_recorder(DEV[0], US)
    guarded.sandbox.stop_recorder(DEV[1], US)  # no event tells of it
    before = len(guarded.sandbox.calls)

    answer = guarded.functions.tampered(batch(stopped()))

    assert answer == {"looked": [PLACE], "said": {"base": "base-2 repairs; nothing is left"}}
    assert looks(guarded, before) == {(DEV[0], US)}
    assert guarded.run("base-2_1")["said"] == "succeeded"
    assert records(guarded)
    assert not records(guarded, Pair(DEV[1], US))
    known = kept(guarded)
    assert [(e.event, e.call, e.by) for e in known.events] == [("e-1", STOPPED, MALLORY)]
    assert not known.is_due
    assert f"tampering: {STOPPED} by {MALLORY}" in [r.getMessage() for r in caplog.records]


def test_a_changed_resource_is_seen_though_no_detection_told_of_it(guarded: House) -> None:
    guarded.sandbox.tamper(DEV[0], US, NAME, "Topic", "/DisplayName", "theirs")
    guarded.sandbox.tamper(DEV[1], US, NAME, "Topic", "/DisplayName", "theirs")
    before = len(guarded.sandbox.calls)

    answer = guarded.functions.tampered(batch(stopped()))

    assert answer["said"] == {"base": "base-2 repairs; nothing is left"}
    sent = [c for c in guarded.sandbox.calls[before:] if c.operation.startswith("Detect")]
    assert {(c.operation, c.account) for c in sent} == {("DetectStackDrift", DEV[0])}
    assert guarded.run("base-2_1")["said"] == "succeeded"
    with guarded.client() as client:
        plan = client.rollout("base-2").plan
    assert plan.unattended
    assert {pair for _, pair, _ in plan.changes()} == {HERE}


def test_an_event_that_comes_twice_is_looked_at_once(guarded: House) -> None:
    guarded.functions.tampered(batch(stopped(), stopped()))
    before = len(guarded.sandbox.calls)

    assert guarded.functions.tampered(batch(stopped())) == {"looked": [], "said": {}}

    assert looks(guarded, before) == set()
    assert kept(guarded).asked == kept(guarded).looked == 1


@pytest.mark.slow
def test_a_late_event_that_comes_after_a_newer_one_is_looked_at(guarded: House) -> None:
    guarded.functions.tampered(batch(stopped("newer")))
    guarded.sandbox.stop_recorder(DEV[0], US)

    late = stopped("older", eventTime="2026-01-05T07:00:00Z")
    assert guarded.functions.tampered(batch(late))["looked"] == [PLACE]

    assert guarded.run("base-2_1")["said"] == "succeeded"
    assert records(guarded)


@pytest.mark.slow
def test_a_look_that_failed_is_due_when_the_message_comes_again(guarded: House) -> None:
    guarded.sandbox.stop_recorder(DEV[0], US)
    iam = guarded.sandbox.session(DEV[0], US).client("iam")
    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName=ROLE)

    with pytest.raises(OrgRolloutError, match=r"could not be looked at: .*AssumeRole"):
        guarded.functions.tampered(batch(stopped()))

    assert kept(guarded).is_due
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    assert guarded.functions.tampered(batch(stopped()))["looked"] == [PLACE]
    assert not kept(guarded).is_due
    assert sorted(guarded.states()) == ["base-1", "base-2"]


@pytest.mark.slow
def test_a_manifest_that_is_wrong_in_itself_makes_no_look_fail(guarded: House) -> None:
    guarded.sandbox.stop_recorder(DEV[0], US)
    guarded.upload({"name": "wrong", "version": 1})

    said = guarded.functions.tampered(batch(stopped()))["said"]

    assert said == {"base": "base-2 repairs; nothing is left", "wrong": "failed: ManifestError"}
    assert not kept(guarded).is_due


@pytest.mark.slow
def test_what_happens_there_again_is_told_again(guarded: House) -> None:
    topic = boto3.client("sns", region_name=US).create_topic(Name="drift")["TopicArn"]
    deploy(guarded, notifications=[{"sns": topic, "on": ["drift"]}])
    for number in (1, 2):
        guarded.sandbox.stop_recorder(DEV[0], US)
        guarded.functions.tampered(batch(stopped(f"e-{number}")))
        if number == 1:
            guarded.run("base-2_1")

    published = [call for call in guarded.sandbox.calls if call.operation == "Publish"]
    assert len(published) == 2  # though it is left to a person now, since it came back
    assert not records(guarded)


@pytest.mark.slow
def test_what_unattended_repairs_may_not_do_is_found_and_left(guarded: House) -> None:
    deploy(guarded, max_instances=0)
    guarded.sandbox.stop_recorder(DEV[0], US)

    said = guarded.functions.tampered(batch(stopped()))["said"]["base"]

    assert said.startswith("nothing was repaired: 1 stack instances would be repaired")
    assert not records(guarded)
    assert list(guarded.states()) == ["base-1"]


def test_a_changed_role_is_looked_at_where_stack_sets_made_it() -> None:
    """IAM tells one Region of it (EventBridge User Guide), wherever the stack is."""
    told = called("iam:DeleteRolePolicy", DEV[0], "us-gov-west-1")

    assert read_tampering(told, US)[0] == HERE


def forged(**changes: Any) -> dict[str, Any]:
    return {**stopped(), **changes}


REFUSED = {
    "it arose in another account": forged(account=DEV[1]),
    "it arose in another Region": forged(region="eu-west-1"),
    "no account and Region": called(STOPPED, "../../../x", US),
    "no detail": forged(detail="x"),
    "no eventID": stopped(eventID=7),
    "no recipientAccountId": stopped(recipientAccountId=""),
    "does not say when": stopped(eventTime="yesterday"),
}


@pytest.mark.parametrize("why", sorted(REFUSED))
def test_an_event_that_is_not_whole_or_contradicts_itself_is_refused(why: str) -> None:
    with pytest.raises(RefusedEventError, match=why):
        read_tampering(REFUSED[why], US)


def test_a_refused_event_is_looked_at_nowhere_and_holds_up_no_other(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    outside = called(STOPPED, "123456789012", US)
    told = batch(forged(account=DEV[1]), outside, stopped())
    told["Records"] = [{"body": "{"}, {}, *told["Records"]]

    assert house.functions.tampered(told) == {"looked": [PLACE], "said": {}}

    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("tamper event")]
    assert len(lines) == 4
    assert any("123456789012 is not in the organization" in line for line in lines)
    with house.client() as client:
        assert TAMPERING.names(client.context.journal) == (f"{DEV[0]}/{US}",)


def test_who_called_is_told_as_well_as_cloudtrail_knows() -> None:
    service = stopped(userIdentity={"type": "AWSService", "invokedBy": "config.amazonaws.com"})
    refused = stopped(userIdentity={}, errorCode="AccessDenied")

    assert read_tampering(service, US)[1].by == "config.amazonaws.com"
    assert read_tampering(refused, US)[1].by == "unknown"
    assert read_tampering(refused, US)[1].error == "AccessDenied"


def test_only_so_many_events_are_kept(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite")
    events = [read_tampering(stopped(f"e-{number}"), US)[1] for number in range(MOST + 10)]

    noted = note_tampering(journal, HERE, events)

    assert (len(noted.events), noted.asked) == (MOST, MOST + 10)
    assert noted.events[-1].event == f"e-{MOST + 9}"
    note_look(journal, HERE, MOST)
    assert note_tampering(journal, HERE, ()).is_due  # ten came after that look began
    note_look(journal, HERE, noted.asked)
    assert not note_tampering(journal, HERE, events[-1:]).is_due


@pytest.mark.slow
def test_events_of_our_own_repair_begin_nothing_more(guarded: House) -> None:
    guarded.sandbox.stop_recorder(DEV[0], US)
    guarded.functions.tampered(batch(stopped()))
    guarded.run("base-2_1")
    guarded.sandbox.clock.sleep(timedelta(minutes=5))

    ours = called("config:PutConfigurationRecorder", DEV[0], US, event="ours")
    said = guarded.functions.tampered(batch(ours))["said"]

    assert said == {"base": "nothing is repaired; nothing is left"}
    assert sorted(guarded.states()) == ["base-1", "base-2"]
