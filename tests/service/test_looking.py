"""A manifest in the bucket becomes a rollout, and nothing is sent before it is approved."""

from datetime import timedelta

import boto3
import pytest

from demos.service.events import account_created, batch, operation_ended, uploaded
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS
from tests.service.house import AUTO, BUCKET, House, manifest, written_at
from tests.stage import DEV, TOPIC, US, pairs

CREATED = uploaded(BUCKET, "manifests/base/manifest.yaml")
WAITS = "waits for an approval: the manifest has no service.auto_approve"


def test_a_plan_that_no_condition_approves_waits_and_nothing_is_sent(house: House) -> None:
    house.upload(manifest())

    assert house.functions.look(batch(CREATED))["looked"] == {"base": WAITS}

    assert house.states() == {"base-1": "waiting for approval"}
    assert house.running() == {}
    assert house.functions.reconcile({}) == {"started": []}
    assert house.writes() == []


def test_an_approval_in_the_journal_starts_it(house: House) -> None:
    """A laptop approves; the schedule finds that the rollout would go on."""
    house.upload(manifest())
    house.functions.look(batch(CREATED))
    with house.client() as client:
        client.approve(client.rollout("base-1"))

    assert house.functions.reconcile({}) == {"started": ["base-1_1"]}
    ended = house.run("base-1_1")

    assert ended["said"] == "succeeded"
    with house.client() as client:
        deployed = {i.pair for i in client.context.stack_sets.instances("base-topics")}
    assert deployed == pairs(DEV, [US])


def test_what_the_conditions_allow_starts_at_once_and_says_so(house: House) -> None:
    house.upload(manifest(service=AUTO))

    assert set(house.functions.look({})["looked"].values()) == {
        "approved by its conditions, and started"
    }

    assert house.run("base-1_1")["said"] == "succeeded"
    with house.client() as client:
        rollout = client.rollout("base-1")
        lines = [entry.value for entry in client.context.journal.read("history/base-1")]
    (approval,) = rollout.state.approved.values()
    assert approval.by == client.context.connection.identity.arn
    assert any("every condition of service.auto_approve holds" in str(line) for line in lines)
    assert set(house.functions.look({})["looked"].values()) == {"nothing to do"}


def test_events_that_come_twice_make_one_rollout_and_one_execution(house: House) -> None:
    house.upload(manifest(service=AUTO))

    for _ in range(2):
        house.functions.look(batch(CREATED, CREATED, account_created(DEV[0])))

    assert list(house.states()) == ["base-1"]
    assert list(house.running()) == ["base-1_1"]


def test_a_manifest_that_changed_replaces_the_plan_that_waits(house: House) -> None:
    """Approving what was planned from an older manifest would be approving the wrong thing."""
    house.upload(manifest())
    house.functions.look({})
    house.upload(manifest(targets={"organizational_units": ["/Lab"]}))

    assert set(house.functions.look({})["looked"].values()) == {WAITS}

    assert house.states() == {"base-1": "stopped", "base-2": "waiting for approval"}
    assert house.writes() == []


def test_a_waiting_plan_goes_when_there_is_nothing_to_do_any_more(house: House) -> None:
    house.upload(manifest())
    house.functions.look({})
    house.upload(
        manifest(targets={"accounts": ["200000000003"]}, guards={"on_empty_targets": "warn"})
    )

    house.functions.look({})

    assert house.states()["base-1"] == "stopped"


def test_a_rollout_under_way_is_left_alone(house: House) -> None:
    house.upload(manifest(service=AUTO))
    house.functions.look({})
    state = house.functions.tick(house.running()["base-1_1"])
    assert not state["over"]
    house.upload(manifest(service=AUTO), topic=TOPIC.replace("Default: a", "Default: z"))

    said = house.functions.look({})["looked"]

    assert said == {"base": "left to the next look: a rollout is under way"}
    assert list(house.states()) == ["base-1"]


def test_an_operation_that_ended_is_looked_at_at_once(house: House) -> None:
    house.upload(manifest(service=AUTO))
    house.functions.look({})
    state = house.running()["base-1_1"]
    while "CreateStackInstances" not in house.writes():
        state = house.functions.tick(state)
    with house.client() as client:
        (flying,) = client.rollout("base-1").state.in_flight
    house.sandbox.clock.sleep(timedelta(minutes=20))

    answered = house.functions.look(batch(operation_ended(flying.id)))

    assert answered == {"looked": {}, "driven": ["base-1"]}
    with house.client() as client:
        assert [o.id for o in client.rollout("base-1").state.completed] == [flying.id]


def test_an_operation_of_another_journal_is_none_of_ours(house: House) -> None:
    foreign = f"or-other-1-1-a1-{'0' * 16}-{'0' * 16}"
    assert house.functions.look(batch(operation_ended(foreign)))["looked"] == {}
    assert house.states() == {}


def test_a_manifest_that_is_wrong_does_not_hold_up_the_others(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The line is what the alarm for manifests looks for."""
    house.upload(manifest(name="wrong", stack_sets={"topics": {"template": "missing.yaml"}}))
    house.upload(manifest(home_region="eu-west-1", name="elsewhere"))
    house.upload(manifest())

    said = house.functions.look({})["looked"]

    assert said == {
        "base": WAITS,
        "elsewhere": "failed: ManifestPlaceError",
        "wrong": "failed: ManifestError",
    }
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert [text.split(":")[0] for text in errors] == ["manifest elsewhere", "manifest wrong"]


def test_a_key_that_leaves_its_folder_is_refused(house: House) -> None:
    house.upload(manifest())
    boto3.client("s3").put_object(Bucket=BUCKET, Key="manifests/base/../../evil", Body=b"x")

    assert house.functions.look({})["looked"] == {"base": "failed: FolderError"}


@pytest.mark.parametrize("key", ["./manifest.yaml", "base/topic.yaml/below"])
def test_a_key_that_is_no_file_holds_up_no_other_manifest(house: House, key: str) -> None:
    house.upload(manifest())
    house.upload(manifest(name="other"))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=f"manifests/{key}", Body=b"x")

    said = house.functions.look({})["looked"]

    wrong = "." if key.startswith(".") else "base"
    assert said.pop(wrong).startswith("failed: ")
    assert said["other"] == WAITS


def test_a_rollout_that_cannot_be_read_holds_up_no_other_message(house: House) -> None:
    house.upload(manifest())
    with house.client() as client:
        client.context.journal.put(ROLLOUTS.key("broken-1"), {"broken": True}, expected=None)
    broken = f"or-broken-1-1-a1-{'0' * 16}-{'0' * 16}"

    said = house.functions.look(batch(operation_ended(broken)))

    assert said == {"looked": {}, "driven": ["broken-1"]}


def test_a_folder_that_is_being_uploaded_is_left_to_the_next_look(house: House) -> None:
    """The old manifest with the new template is a plan that was never meant."""
    house.upload(manifest(service=AUTO))
    written_at(house.sandbox.clock.now() - timedelta(minutes=1), "manifests/base")

    assert house.functions.look({})["looked"] == {
        "base": "left to the next look: it is being uploaded"
    }
    assert house.states() == {}

    house.sandbox.clock.sleep(timedelta(minutes=1))
    house.functions.look({})
    assert list(house.states()) == ["base-1"]
