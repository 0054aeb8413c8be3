"""How the rollouts before ended decides whether the next one may start without a person."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from tests.service.house import AUTO, House, manifest
from tests.stage import DEV, TOPIC, US

Z = TOPIC.replace("Default: a", "Default: z")
Y = TOPIC.replace("Default: a", "Default: y")
STARTED = "approved by its conditions, and started"
DENIED = "User is not authorized to perform: sns:CreateTopic"


def look(house: House) -> str:
    (said,) = house.functions.look({})["looked"].values()
    return str(said)


def stop(house: House, name: str) -> None:
    with house.client() as client:
        stopped = client.stop(client.rollout(name))
        while not client.rollout(name).state.phase.is_over:
            client.tick(stopped)


@pytest.fixture
def deployed(house: House) -> House:
    house.upload(manifest(service=AUTO))
    assert look(house) == STARTED
    house.run("base-1_1")
    return house


def told(house: House) -> int:
    return sum(call.operation == "Publish" for call in house.sandbox.calls)


def test_what_a_person_stopped_is_not_begun_again(house: House) -> None:
    house.upload(manifest(service=AUTO))
    look(house)
    stop(house, "base-1")

    for _ in range(2):
        assert look(house) == "left to a person: a rollout of the same plan was stopped"
        house.sandbox.clock.sleep(timedelta(hours=1))

    assert house.states() == {"base-1": "stopped"}
    house.upload(manifest(service=AUTO), topic=Z)
    waits = "waits for an approval: base-1, the rollout before, is: stopped"
    assert [look(house), look(house)] == [waits, waits]
    assert house.states() == {"base-1": "stopped", "base-2": "waiting for approval"}
    assert house.writes() == []


def test_what_was_taken_back_is_not_deployed_again(deployed: House) -> None:
    """The template is still in the bucket; else it would be deployed and taken back each hour."""
    house = deployed
    waves = [{"name": "first", "accounts": [DEV[0]]}]
    rollout = {"waves": waves, "max_failed_accounts": 0, "on_failure": "rollback"}
    house.sandbox.fail(None, None, times=None, reason=DENIED, action="UPDATE")
    house.upload(manifest(service=AUTO, rollout=rollout), topic=Z)
    look(house)
    assert house.run("base-2_1")["said"] == "halted"
    house.sandbox.simulation.faults.instances.clear()
    assert house.run("base-3_1")["said"] == "succeeded"

    assert look(house) == "waits for an approval: base-3, the rollout before, took base-2 back"


def test_what_failed_somewhere_is_not_tried_again_without_a_person(house: House) -> None:
    house.sandbox.fail(DEV[0], US, times=None, reason=DENIED)
    house.upload(manifest(service=AUTO, rollout={"max_failed_accounts": 1}))
    look(house)
    assert house.run("base-1_1")["said"] == "succeeded with failures"

    said = look(house)

    assert said == "waits for an approval: base-1, the rollout before, is: succeeded with failures"
    assert list(house.running()) == []
    with house.client() as client:
        client.approve(client.rollout("base-2"))
    assert house.functions.reconcile({}) == {"started": ["base-2_1"]}


def test_what_the_service_withdrew_itself_needs_no_person(deployed: House) -> None:
    deployed.upload(manifest(), topic=Z)
    assert look(deployed).startswith("waits")
    deployed.upload(manifest(service=AUTO), topic=Y)

    assert look(deployed) == STARTED

    assert deployed.states()["base-2"] == "stopped"


def test_a_plan_that_was_withdrawn_for_nothing_to_do_is_begun_again(deployed: House) -> None:
    deployed.upload(manifest(), topic=Z)
    look(deployed)
    deployed.upload(manifest())
    assert look(deployed) == "nothing to do"
    deployed.upload(manifest(service=AUTO), topic=Z)

    assert look(deployed) == STARTED

    assert list(deployed.running()) == ["base-3_1"]


def test_a_freeze_that_is_added_replaces_the_plan_that_waits(house: House) -> None:
    house.upload(manifest())
    look(house)
    look(house)
    assert list(house.states()) == ["base-1"]
    house.upload(manifest(rollout={"freeze": ["2036-12-20/2037-01-04"]}))

    look(house)
    look(house)

    assert house.states() == {"base-1": "stopped", "base-2": "waiting for approval"}
    with house.client() as client:
        assert len(client.rollout("base-2").plan.freezes) == 1


def test_an_account_that_left_the_unit_is_judged_where_it_is_now(house: House) -> None:
    def conditions(most: int) -> dict[str, Any]:
        approve = {"actions": ["create"], "max_accounts": most, "units": ["/Dev"]}
        return manifest(targets={"accounts": DEV}, service={"auto_approve": approve})

    house.upload(conditions(1))
    assert look(house).startswith("waits for an approval: 2 accounts would change")
    organizations = boto3.client("organizations")
    (root,) = organizations.list_roots()["Roots"]
    units = organizations.list_organizational_units_for_parent(ParentId=root["Id"])
    by_name = {unit["Name"]: unit["Id"] for unit in units["OrganizationalUnits"]}
    organizations.move_account(
        AccountId=DEV[0], SourceParentId=by_name["Dev"], DestinationParentId=by_name["Lab"]
    )
    house.upload(conditions(2))

    said = look(house)

    assert said == f"waits for an approval: below none of service.auto_approve.units: {DEV[0]}"


def test_that_a_plan_waits_is_told_once(house: House) -> None:
    topic = boto3.client("sns", region_name=US).create_topic(Name="rollouts")["TopicArn"]
    house.upload(manifest(notifications=[{"sns": topic, "on": ["halted"]}]))

    look(house)
    assert told(house) == 1
    house.sandbox.clock.sleep(timedelta(hours=1))
    look(house)

    assert told(house) == 1
    assert house.states() == {"base-1": "waiting for approval"}


def test_an_hour_later_a_plan_that_a_rule_lets_wait_is_the_same_one(house: House) -> None:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    rule = {"then": "approve", "windows": [{"days": days}], "reason": "a second pair of eyes"}
    house.upload(manifest(service=AUTO, guards={"rules": [rule]}))

    look(house)
    house.sandbox.clock.sleep(timedelta(hours=1))
    look(house)

    assert house.states() == {"base-1": "waiting for approval"}


def test_nothing_is_begun_in_a_freeze(house: House) -> None:
    start = house.sandbox.clock.now()
    freeze = f"{start:%Y-%m-%d}/{start.replace(year=start.year + 1):%Y-%m-%d}"
    house.upload(manifest(service=AUTO, rollout={"freeze": [freeze]}))

    assert look(house).startswith("waits for an approval: no operation may start before")

    assert house.running() == {}


def test_the_environment_of_a_function_gets_into_no_plan(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN_OF_A_TEST", "very-secret")
    house.upload(manifest(tags={"t": "${env:AWS_SESSION_TOKEN_OF_A_TEST}"}))

    assert look(house) == "failed: ManifestError"

    assert house.states() == {}
