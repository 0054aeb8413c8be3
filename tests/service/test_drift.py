"""Looking for drift without a person, one step at a time, and repairing what may be repaired."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from orgrollout.reconcile.documents.notices import NOTICES
from tests.resyncing import NAME, TEMPLATE, start_recorders
from tests.resyncing import manifest as drifting
from tests.service.house import AUTO, House
from tests.stage import DEV, US, Stage, pairs


def drifted(
    house: House, *, notifications: list[dict[str, Any]] | None = None, **unattended: object
) -> None:
    wanted = drifting(
        targets={"organizational_units": ["/Dev"]},
        regions=["us-east-1"],
        service=AUTO,
        drift={"resync_role": "OrganizationAccountAccessRole", "unattended": unattended},
        notifications=notifications or [],
    )
    house.upload(wanted, guard=TEMPLATE)
    house.functions.look({})
    house.run("base-1_1")
    start_recorders(Stage(house.sandbox, Path()), pairs(DEV, [US]))
    house.sandbox.tamper(DEV[0], US, NAME, "Topic", "/DisplayName", "theirs")
    house.sandbox.clock.sleep(timedelta(hours=1))


def test_drift_is_found_and_repaired_by_schedule(house: House) -> None:
    drifted(house)

    assert house.functions.drift({}) == {"started": ["drift_base_1"]}
    assert house.functions.drift({}) == {"started": []}  # one at a time
    looked = house.run("drift_base_1")

    assert looked["said"].startswith("base-2 repairs")
    assert house.run("base-2_1")["said"] == "succeeded"
    assert house.functions.drift({}) == {"started": ["drift_base_2"]}
    assert house.run("drift_base_2")["said"].startswith("nothing is repaired")
    with house.client() as client:
        plan = client.rollout("base-2").plan
    assert plan.drift_rules
    assert plan.rollout_rules
    assert plan.unattended  # as `resync --unattended` begins it


def test_only_what_was_told_of_drift_is_deleted(house: House) -> None:
    """When there is no drift any more. The policy of the function allows this prefix alone."""
    topic = boto3.client("sns", region_name=US).create_topic(Name="drift")["TopicArn"]
    drifted(house, notifications=[{"sns": topic, "on": ["drift"]}])
    house.functions.drift({})
    house.run("drift_base_1")
    with house.client() as client:
        assert NOTICES.names(client.context.journal) == ("base/drift",)
    house.run("base-2_1")
    house.functions.drift({})
    house.run("drift_base_2")

    with house.client() as client:
        assert NOTICES.names(client.context.journal) == ()
    assert [c.operation for c in house.sandbox.calls].count("DeleteObject") == 1


def test_a_step_that_is_repeated_begins_no_second_detection(house: House) -> None:
    """Step Functions tries a step again whose answer it did not get."""
    drifted(house)
    house.functions.drift({})
    given = house.running()["drift_base_1"]

    first, again = house.functions.tick(given), house.functions.tick(given)

    assert first["progress"]["detections"] == again["progress"]["detections"]
    sent = [c for c in house.sandbox.calls if c.operation == "DetectStackSetDrift"]
    assert len(sent) == 1


def test_more_than_a_run_may_repair_is_left_to_a_person(house: House) -> None:
    drifted(house, max_instances=0)
    house.functions.drift({})

    said = house.run("drift_base_1")["said"]

    assert said.startswith("nothing was repaired: 1 stack instances would be repaired")
    assert list(house.states()) == ["base-1"]


def test_a_repair_that_was_stopped_is_told_of_as_long_as_it_holds_up_the_others(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    drifted(house)
    house.functions.drift({})
    house.run("drift_base_1")
    with house.client() as client:
        client.stop(client.rollout("base-2"))
    house.run("base-2_1")
    house.sandbox.clock.sleep(timedelta(days=1))
    house.functions.drift({})

    said = house.run("drift_base_2")["said"]

    assert said == "repairs held up: base-2 halted or was stopped, and holds a stack set"
    lines = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("repairs held up: ") for line in lines)  # what the alarm looks for
