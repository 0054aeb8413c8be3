"""A tamper event: exactly that account and Region is looked at at once, and repaired."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from demos.service.events import batch, called
from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import Pair
from orgrollout.reconcile.documents.tampering import MOST, TAMPERING, Tampered
from tests.resyncing import NAME, TEMPLATE, start_recorders
from tests.resyncing import manifest as drifting
from tests.service.house import AUTO, BUCKET, House, standing
from tests.stage import DEV, US, Stage, pairs

STOPPED = "config:StopConfigurationRecorder"
HERE = Pair(DEV[0], US)
PLACE = str(HERE)
MALLORY = f"arn:aws:iam::{DEV[0]}:user/mallory"


@pytest.fixture
def guarded() -> Iterator[House]:
    """Give a house with a rolled out baseline, whose recorders record."""
    with standing() as house:
        deploy(house)
        yield house


def deploy(house: House, **unattended: object) -> None:
    wanted = drifting(
        targets={"organizational_units": ["/Dev"]},
        regions=["us-east-1"],
        service=AUTO,
        drift={"resync_role": "OrganizationAccountAccessRole", "unattended": unattended},
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


def test_a_late_event_that_comes_after_a_newer_one_is_looked_at(guarded: House) -> None:
    guarded.functions.tampered(batch(stopped("newer")))
    guarded.sandbox.stop_recorder(DEV[0], US)

    late = stopped("older", eventTime="2026-01-05T07:00:00Z")
    assert guarded.functions.tampered(batch(late))["looked"] == [PLACE]

    assert guarded.run("base-2_1")["said"] == "succeeded"
    assert records(guarded)


def test_a_look_that_failed_is_due_when_the_message_comes_again(guarded: House) -> None:
    broken = {"name": "wrong", "version": 1}
    guarded.sandbox.stop_recorder(DEV[0], US)
    guarded.upload(broken)

    with pytest.raises(OrgRolloutError):
        guarded.functions.tampered(batch(stopped()))

    assert "base-2" in guarded.states()  # the other manifest was looked at all the same
    assert kept(guarded).is_due
    boto3.client("s3").delete_object(Bucket=BUCKET, Key="manifests/wrong/manifest.yaml")
    assert guarded.functions.tampered(batch(stopped()))["looked"] == [PLACE]
    assert not kept(guarded).is_due
    assert sorted(guarded.states()) == ["base-1", "base-2"]


def test_what_unattended_repairs_may_not_do_is_found_and_left(guarded: House) -> None:
    deploy(guarded, max_instances=0)
    guarded.sandbox.stop_recorder(DEV[0], US)

    said = guarded.functions.tampered(batch(stopped()))["said"]["base"]

    assert said.startswith("nothing was repaired: 1 stack instances would be repaired")
    assert not records(guarded)
    assert list(guarded.states()) == ["base-1"]


def test_only_so_many_events_are_kept(guarded: House) -> None:
    events = [stopped(f"e-{number}") for number in range(MOST + 10)]

    guarded.functions.tampered(batch(*events))

    known = kept(guarded)
    assert (len(known.events), known.asked) == (MOST, MOST + 10)
    assert known.events[-1].event == f"e-{MOST + 9}"


def test_a_changed_role_is_looked_at_where_stack_sets_made_it(guarded: House) -> None:
    """IAM tells one Region of it (EventBridge User Guide), wherever the stack is."""
    told = called("iam:DeleteRolePolicy", DEV[0], "us-gov-west-1")

    assert guarded.functions.tampered(batch(told))["looked"] == [PLACE]


def forged(**changes: Any) -> dict[str, Any]:
    return {**stopped(), **changes}


REFUSED = {
    "it arose in another account": forged(account=DEV[1]),
    "it arose in another Region": forged(region="eu-west-1"),
    "is not in the organization": called(STOPPED, "123456789012", US),
    "no account and Region": called(STOPPED, "../../../x", US),
    "no detail": forged(detail="x"),
    "no eventID": stopped(eventID=7),
    "does not say when": stopped(eventTime="yesterday"),
}


@pytest.mark.parametrize("why", sorted(REFUSED))
def test_an_event_that_is_not_believed_is_refused_and_looked_at_nowhere(
    house: House, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    answer = house.functions.tampered(batch(deepcopy(REFUSED[why]), {}))

    assert answer == {"looked": [], "said": {}}
    lines = [r.getMessage() for r in caplog.records]
    assert any(line.startswith("tamper event refused: ") and why in line for line in lines)
    with house.client() as client:
        assert TAMPERING.names(client.context.journal) == ()
    assert looks(house, 0) == set()


def test_a_message_that_cannot_be_read_holds_up_no_other(guarded: House) -> None:
    told = batch(stopped())
    told["Records"] = [{"body": "{"}, {}, *told["Records"]]

    assert guarded.functions.tampered(told)["looked"] == [PLACE]


def test_events_of_our_own_repair_begin_nothing_more(guarded: House) -> None:
    guarded.sandbox.stop_recorder(DEV[0], US)
    guarded.functions.tampered(batch(stopped()))
    guarded.run("base-2_1")
    guarded.sandbox.clock.sleep(timedelta(minutes=5))

    ours = called("config:PutConfigurationRecorder", DEV[0], US, event="ours")
    said = guarded.functions.tampered(batch(ours))["said"]

    assert said == {"base": "nothing is repaired; nothing is left"}
    assert sorted(guarded.states()) == ["base-1", "base-2"]
