"""How many VPCs are covered elsewhere: counted by a look at posture, shown by `coverage`."""

from collections.abc import Iterator
from typing import Any

import pytest

from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair
from orgrollout.posture.flow_log_counts import FlowLogCounts
from orgrollout.reconcile.drift.ledger import coverage_rows
from orgrollout.reconcile.drift.look_at_posture import look_at_posture
from orgrollout.rollout.coverage import CoverageRow
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, DEV, EU, TOPIC, US, Stage, organization

ROLE = "OrganizationAccountAccessRole"
METADATA = """\
Metadata:
  orgrollout:
    version: 1
    posture:
      - check: vpc-flow-logs
        traffic: ALL
        destination: Where
        others: count
        ours: acme
"""
OUTPUTS = """\
Outputs:
  Where: {Value: "arn:aws:s3:::central"}
"""
MANIFEST: dict[str, Any] = {
    **BASE,
    "targets": {"organizational_units": ["/Dev"]},
    "stack_sets": {"flowlogs": {"template": "flowlogs.yaml"}},
    "drift": {"probe_role": ROLE},
}
ELSEWHERE, BARE = Pair(DEV[0], EU), Pair(DEV[1], EU)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("counts")
    started = organization(settings={"deploy_resources": False})
    with pytest.MonkeyPatch.context() as patch, Sandbox.start(started) as sandbox:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        made = Stage(sandbox, folder)
        (folder / "flowlogs.yaml").write_text(METADATA + TOPIC + OUTPUTS)
        made.apply(MANIFEST)
        yield made


def log_vpcs(stage: Stage, pair: Pair, bucket: str) -> None:
    """Let flow logs of another team cover every VPC of the account."""
    session = stage.sandbox.session(pair.account, pair.region)
    ec2, s3 = session.client("ec2"), session.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    ec2.create_flow_logs(
        ResourceIds=[each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{bucket}",
    )


def ledger(stage: Stage) -> dict[Pair, CoverageRow]:
    context = stage.context()
    picture = stage.look(MANIFEST, context)
    loaded = load_manifest(stage.folder / "manifest.yaml")
    rows = coverage_rows(loaded, picture, context, lambda _: None)
    return {row.pair: row for row in rows if row.counts_flow_logs}


def counts(stage: Stage) -> dict[Pair, FlowLogCounts | None]:
    return {
        pair: row.posture.counts if row.posture else None for pair, row in ledger(stage).items()
    }


def test_coverage_knows_what_the_last_look_counted_and_nothing_before(stage: Stage) -> None:
    """Never looked at is unknown: no number is made of it."""
    log_vpcs(stage, ELSEWHERE, "of-another-team")
    before = counts(stage)
    assert set(before) == {Pair(a, r) for a in DEV for r in (US, EU)}
    assert set(before.values()) == {None}

    context = stage.context()
    picture = stage.look(MANIFEST, context)
    loaded = load_manifest(stage.folder / "manifest.yaml")
    only_eu = {ELSEWHERE, BARE}
    look_at_posture(
        loaded, picture, context, lambda _: None, chosen=lambda _, pair: pair in only_eu
    )

    assert counts(stage) == {
        ELSEWHERE: FlowLogCounts(vpcs=1, elsewhere=1),
        BARE: FlowLogCounts(vpcs=1, created=1),
        Pair(DEV[0], US): None,
        Pair(DEV[1], US): None,
    }
