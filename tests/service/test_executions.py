"""One execution at a time drives a rollout, however often it is started, killed or continued."""

from datetime import timedelta

import pytest

from orgrollout.reconcile.documents.executions import EXECUTIONS, LastExecution
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS
from orgrollout.rollout.state.document import NewerStateError
from orgrollout.service.driving import LONGEST_WAIT
from orgrollout.service.jobs import JobError
from tests.service.house import AUTO, House, manifest
from tests.stage import DEV, TOPIC

ROLLOUT = {"job": "rollout", "name": "base-1"}


@pytest.fixture
def begun(house: House) -> House:
    house.upload(manifest(service=AUTO))
    house.functions.look({})
    assert list(house.running()) == ["base-1_1"]
    return house


def test_starting_again_starts_nothing(begun: House) -> None:
    assert begun.functions.start(ROLLOUT)["started"] is None
    assert begun.functions.reconcile({}) == {"started": []}
    assert list(begun.running()) == ["base-1_1"]


def test_a_killed_execution_is_started_again_and_the_rollout_is_done_once(
    begun: House, caplog: pytest.LogCaptureFixture
) -> None:
    state = begun.running()["base-1_1"]
    while "CreateStackInstances" not in begun.writes():
        state = begun.functions.tick(state)
    begun.kill("base-1_1")

    assert begun.functions.reconcile({}) == {"started": ["base-1_2"]}
    assert begun.run("base-1_2")["said"] == "succeeded"

    assert begun.writes().count("CreateStackInstances") == 1
    assert "execution lost: base-1_1 is ABORTED" in caplog.text  # what the alarm looks for
    assert begun.functions.reconcile({}) == {"started": []}


def test_a_number_that_was_committed_and_never_started_is_started(begun: House) -> None:
    """The process died between the journal and StartExecution."""
    begun.kill("base-1_1")
    with begun.client() as client:
        EXECUTIONS.change(client.context.journal, "base-1", lambda _: LastExecution(number=2))

    assert begun.functions.reconcile({}) == {"started": ["base-1_2"]}


def test_an_execution_that_is_long_goes_on_in_a_new_one_once(begun: House) -> None:
    given = begun.running()["base-1_1"]
    after = {**ROLLOUT, "after": given["number"], "progress": {"kept": True}}

    assert begun.functions.start(after)["started"] == "base-1_2"
    assert begun.functions.start(after)["started"] is None  # Step Functions tried it again

    assert begun.running()["base-1_2"]["progress"] == {"kept": True}
    assert sorted(begun.running()) == ["base-1_1", "base-1_2"]


def test_two_executions_of_one_rollout_do_everything_once(begun: House) -> None:
    begun.functions.start({**ROLLOUT, "after": 1})
    states = list(begun.running().values())
    for _ in range(60):
        states = [each if each.get("over") else begun.functions.tick(each) for each in states]
        if all(each["over"] for each in states):
            break
        begun.sandbox.clock.sleep(timedelta(seconds=min(each["wait"] for each in states)))

    assert [each["said"] for each in states] == ["succeeded", "succeeded"]
    assert begun.writes().count("CreateStackInstances") == 1


def test_what_is_no_job_is_refused(begun: House) -> None:
    for wrong in ({}, {"job": "delete", "name": "base-1"}, {"job": ["rollout"], "name": "base-1"}):
        with pytest.raises(JobError):
            begun.functions.start(wrong)
    with pytest.raises(NoSuchRolloutError):
        begun.functions.start({"job": "rollout", "name": "base-7"})
    assert list(begun.running()) == ["base-1_1"]


def test_a_long_soak_is_looked_at_in_between(house: House) -> None:
    """An order from a laptop must not wait for its end."""
    waves = [{"name": "first", "accounts": [DEV[0]], "after": {"soak": "24h"}}]
    house.upload(manifest(service=AUTO, rollout={"waves": waves}))
    house.functions.look({})
    state = house.running()["base-1_1"]
    waits = []
    for _ in range(30):
        state = house.functions.tick(state)
        waits.append(state["wait"])
        house.sandbox.clock.sleep(timedelta(seconds=state["wait"]))

    assert state["said"] == "soaking"
    assert max(waits) == LONGEST_WAIT.total_seconds()
    with house.client() as client:
        client.stop(client.rollout("base-1"))
    assert house.functions.tick(state)["said"] in {"stopping", "stopped"}


WAVES = {"waves": [{"name": "first", "accounts": [DEV[0]]}], "max_failed_accounts": 0}
DENIED = "User is not authorized to perform: sns:CreateTopic"


def test_a_halted_rollout_is_logged_for_the_alarm_and_driven_no_more(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.sandbox.fail(None, None, times=None, reason=DENIED)
    house.upload(manifest(service=AUTO, rollout=WAVES))
    house.functions.look({})
    caplog.set_level("INFO", "orgrollout")

    assert house.run("base-1_1")["said"] == "halted"

    assert any(r.getMessage().startswith("phase: halted,") for r in caplog.records)
    assert house.functions.reconcile({}) == {"started": []}
    assert house.functions.look({})["looked"] == {
        "base": "left to the next look: a rollout is under way"
    }


def test_what_halted_and_rolls_back_is_taken_back_by_an_execution_of_its_own(house: House) -> None:
    rollout = {**WAVES, "on_failure": "rollback"}
    house.upload(manifest(service=AUTO, rollout=rollout))
    house.functions.look({})
    house.run("base-1_1")
    house.sandbox.fail(None, None, times=None, reason=DENIED, action="UPDATE")
    house.upload(
        manifest(service=AUTO, rollout=rollout), topic=TOPIC.replace("Default: a", "Default: z")
    )
    house.functions.look({})

    assert house.run("base-2_1")["said"] == "halted"

    assert "base-3_1" in house.running()
    with house.client() as client:
        assert client.rollout("base-3").state.takes_back == "base-2"


def test_the_name_of_an_execution_fits(house: House) -> None:
    """80 characters (StartExecution, Step Functions API reference)."""
    name = "a" * 40
    house.upload(manifest(name=name))
    assert house.functions.drift({}) == {"started": [f"drift_{name}_1"]}


def test_a_record_that_cannot_be_read_holds_up_no_other_rollout(begun: House) -> None:
    begun.kill("base-1_1")
    with begun.client() as client:
        client.context.journal.put(ROLLOUTS.key("broken-1"), {"broken": True}, expected=None)

    with pytest.raises(NewerStateError):
        begun.functions.reconcile({})

    assert list(begun.running()) == ["base-1_2"]
