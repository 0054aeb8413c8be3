"""Templates too large for a call go by way of the manifest's bucket; all else stays as it is."""

from typing import Any

import boto3
import pytest

from orgrollout.drivers.local import drive
from orgrollout.errors import BucketError
from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.reconcile.lifecycle.rollback import begin_rollback, plan_rollback
from orgrollout.rollout.rollback.rollback import NothingToRollBackError
from orgrollout.rollout.state.state import Outcome, Phase
from tests.scenarios.manifests import edited
from tests.stage import DEV, EU, PROD, TOPIC, TOPICS, US, Stage, changed, pairs

pytestmark = pytest.mark.slow

BUCKET = "acme-templates"
PAIR = Pair(DEV[0], US)
DEV_ONLY = {"organizational_units": ["/Dev"]}


@pytest.fixture
def stage(stage: Stage) -> Stage:
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return stage


def large(stage: Stage, default: str = "a", **more: Any) -> dict[str, Any]:
    """Return a manifest of a template that no call takes, after writing the template."""
    text = TOPIC.replace("Default: a", f"Default: {default}")
    (stage.folder / "large.yaml").write_text(f"# {'x' * 60_000}\n{text}")
    made = {"targets": DEV_ONLY, "template_bucket": f"s3://{BUCKET}/stack-sets", **more}
    return edited(topics={"template": "large.yaml"}, **made)


def objects() -> set[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET)
    return {item["Key"] for item in listed.get("Contents", ())}


def urls(stage: Stage) -> list[tuple[str, str]]:
    return [(c.operation, u) for c in stage.sandbox.calls if (u := c.params.get("TemplateURL"))]


def test_a_plan_writes_nothing_and_apply_uploads_once(stage: Stage) -> None:
    manifest = large(stage)
    plan = stage.plan(manifest)
    assert objects() == set()
    assert plan.stack_sets[TOPICS].notes == (
        f"its template of 60,230 bytes goes by way of s3://{BUCKET}/stack-sets",
    )

    rollout = stage.apply(manifest)

    assert rollout.state.outcome is Outcome.SUCCEEDED
    (key,) = objects()
    assert urls(stage) == [("CreateStackSet", f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{key}")]
    assert stage.deployed() == pairs(DEV)
    assert stage.plan(manifest).is_empty


def test_a_change_of_a_large_template_is_rolled_out_and_back_from_its_objects(stage: Stage) -> None:
    """RM#983: a planned template is kept by its content, so that a rollback restores the same."""
    before, after = large(stage), large(stage, "b")
    large(stage)
    stage.apply(before)
    large(stage, "b")
    assert changed(stage.plan(after), OperationAction.UPDATE) == pairs(DEV)
    done = stage.apply(after)
    assert stage.display_name(PAIR) == "b-b"
    assert stage.plan(after).is_empty

    stage.finish(begin_rollback(done, stage.context()).state.id)

    assert stage.display_name(PAIR) == "a-b"
    sent = [url for _, url in urls(stage)]
    assert len(sent) == 3
    assert sent[0] == sent[2] != sent[1]
    assert len(objects()) == 2


def test_an_earlier_large_template_cannot_be_rolled_back_to_without_a_bucket(stage: Stage) -> None:
    stage.apply(large(stage))
    done = stage.apply(edited(targets=DEV_ONLY))

    with pytest.raises(NothingToRollBackError, match="names no bucket"):
        plan_rollback(done, stage.context().journal)


def test_a_failed_upload_starts_nothing_and_the_rollout_continues_once_fixed(stage: Stage) -> None:
    rollout = stage.begin(large(stage, template_bucket="s3://acme-later"))
    with pytest.raises(BucketError, match="there is no bucket acme-later"):
        stage.finish(rollout)
    assert "CreateStackSet" not in stage.writes()

    boto3.client("s3").create_bucket(Bucket="acme-later")

    assert stage.finish(rollout).state.outcome is Outcome.SUCCEEDED
    assert stage.deployed() == pairs(DEV)


def test_an_object_overwritten_while_cloudformation_reads_stops_the_operation(
    stage: Stage,
) -> None:
    """Between the upload and the read another user may write; it must not be rolled out."""
    stage.apply(large(stage, targets={"accounts": list(PROD)}))
    rollout = stage.begin(large(stage, "b", targets={"accounts": list(PROD)}))
    evil = f"# {'y' * 60_000}\n{TOPIC}".replace("Default: a", "Default: evil").encode()
    before = objects()

    def overtake(**_: Any) -> None:
        for key in objects() - before:
            boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=evil)

    context = stage.context()
    client = context.connection._clients.get("cloudformation", read_only=False)
    client.meta.events.register("before-call.cloudformation.UpdateStackSet", overtake)

    with pytest.raises(BucketError, match="read another template for base-topics"):
        drive(rollout, context, lambda _: None)
    stage.sandbox.run_to_end()
    ended = stage.finish(rollout)

    assert ended.state.phase is Phase.HALTED
    assert "StopStackSetOperation" in stage.writes()
    assert stage.display_name(Pair(PROD[4], EU)) == "a-b"


def test_more_than_ten_stacks_are_imported_by_a_list(stage: Stage) -> None:
    accounts = (*PROD, *DEV)
    arns = []
    for account in accounts:
        for region in (US, EU):
            client = stage.sandbox.session(account, region).client("cloudformation")
            arns.append(client.create_stack(StackName="theirs", TemplateBody=TOPIC)["StackId"])
    manifest = edited(topics={"import_stacks": arns}, template_bucket=f"s3://{BUCKET}/stack-sets")

    rollout = stage.apply(manifest)

    assert rollout.state.outcome is Outcome.SUCCEEDED, rollout.state.failures
    sent = [c.params for c in stage.sandbox.calls if c.operation == "ImportStacksToStackSet"]
    (url,) = [params["StackIdsUrl"] for params in sent]
    (key,) = objects()
    assert url.endswith(f"/{key}")
    assert "StackIds" not in sent[0]
    assert stage.deployed() == pairs(accounts)
    assert stage.plan(manifest).is_empty
