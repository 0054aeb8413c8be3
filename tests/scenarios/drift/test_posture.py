"""Posture: state that drift detection cannot see, read in every account."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair, StackSetName
from orgrollout.posture.seen import PostureState
from orgrollout.reconcile.documents.posture import known_posture
from orgrollout.reconcile.drift.look_at_posture import look_at_posture
from orgrollout.reconcile.drift.posture_checks import Chosen
from orgrollout.sandbox import Sandbox
from tests.stage import BASE, DEV, EU, TOPIC, US, Stage, organization, pairs

ROLE = "OrganizationAccountAccessRole"
CHECKS = """\
Metadata:
  orgrollout:
    version: 1
    posture:
      - {check: config-recorder}
      - {check: vpc-flow-logs, traffic: "${Suffix}"}
"""
TWICE: dict[str, Any] = {
    **BASE,
    "targets": {"organizational_units": ["/Dev"]},
    "stack_sets": {
        name: {"template": f"{name}.yaml", "parameters": {"Suffix": "ALL"}}
        for name in ("watched", "also")
    },
    "drift": {"probe_role": ROLE},
}
RECORDING = Pair(DEV[0], US)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Stacks are mere records here: posture is about resources outside of stacks."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # a thousand of them, unused
    with Sandbox.start(organization(settings={"deploy_resources": False})) as sandbox:
        yield Stage(sandbox, tmp_path)


@pytest.fixture
def watched(stage: Stage) -> Stage:
    """Two stack sets with checks are deployed; one account and Region is as it should be."""
    for name in ("watched", "also"):
        (stage.folder / f"{name}.yaml").write_text(CHECKS + TOPIC)
    stage.apply(TWICE)
    session = stage.sandbox.session(RECORDING.account, RECORDING.region)
    config, ec2 = session.client("config"), session.client("ec2")
    arn = f"arn:aws:iam::{RECORDING.account}:role/config"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "r", "roleARN": arn})
    session.client("s3").create_bucket(Bucket="flow-log-bucket")
    config.put_delivery_channel(DeliveryChannel={"name": "c", "s3BucketName": "flow-log-bucket"})
    config.start_configuration_recorder(ConfigurationRecorderName="r")
    ec2.create_flow_logs(
        ResourceIds=[each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-log-bucket",
    )
    return stage


def look(stage: Stage, manifest: dict[str, Any], chosen: Chosen | None = None) -> list[Finding]:
    context = stage.context()
    picture = stage.look(manifest, context)
    loaded = load_manifest(stage.folder / "manifest.yaml")
    found = look_at_posture(loaded, picture, context, lambda _: None, chosen=chosen)
    assert found is not None
    assert all(f.kind is FindingKind.POSTURE for f in found)
    return list(found)


def known(stage: Stage, name: str = "base-watched") -> dict[Pair, PostureState]:
    found = known_posture(stage.context().journal, StackSetName(name), pairs(DEV))
    return {pair: seen.state for pair, (seen, _) in found.items()}


@pytest.mark.slow
def test_the_duration_of_a_look_is_announced(watched: Stage) -> None:
    """Ten thousand accounts take a while, and the user can still name fewer."""
    context = watched.context()
    told: list[str] = []
    picture = watched.look(TWICE, context)
    before = len(watched.sandbox.calls)
    look_at_posture(load_manifest(watched.folder / "manifest.yaml"), picture, context, told.append)

    asked = [c for c in watched.sandbox.calls[before:] if c.service in {"config", "ec2"}]
    assert "8 stack instances in 2 accounts" in told[0]
    assert f"up to about {2 * len(asked)} calls" in told[0]  # both stack sets need the same ones


def test_broken_checks_are_found_everywhere_and_named(watched: Stage) -> None:
    watched.sandbox.calls.clear()
    found = look(watched, TWICE)

    broken = {(f.stack_set, f.pair, f.what) for f in found if f.verdict is Verdict.REAL}
    elsewhere = pairs(DEV) - {RECORDING}
    whats = ("config-recorder", "vpc-flow-logs")
    assert broken == {
        (key, pair, what) for key in ("watched", "also") for pair in elsewhere for what in whats
    }
    flow_logs = next(f for f in found if f.what == "vpc-flow-logs")
    assert flow_logs.subjects
    assert flow_logs.subjects[0].startswith("vpc-")
    assert flow_logs.check is not None
    assert flow_logs.check.arguments == {"traffic": "ALL"}
    assert known(watched) == {
        pair: PostureState.OK if pair == RECORDING else PostureState.BROKEN for pair in pairs(DEV)
    }


@pytest.mark.slow
def test_a_look_opens_one_session_per_account_and_reads_each_resource_once(
    watched: Stage,
) -> None:
    watched.sandbox.calls.clear()
    look(watched, TWICE)

    calls = [c for c in watched.sandbox.calls if c.service in {"sts", "config", "ec2"}]
    asked = {
        name: [c for c in calls if c.operation == name] for name in {c.operation for c in calls}
    }
    assert len(asked["AssumeRole"]) == len(DEV)
    for name in ("DescribeConfigurationRecorderStatus", "DescribeVpcs", "DescribeFlowLogs"):
        assert len(asked[name]) == len(pairs(DEV)), name
    assert not any(c.is_write for c in watched.sandbox.calls)


def test_an_account_that_denies_the_role_is_one_finding_and_unknown(
    watched: Stage,
) -> None:
    """Unknown never counts as ok, and has a reason."""
    iam = watched.sandbox.session(DEV[1], US).client("iam")
    iam.delete_role(RoleName=ROLE)

    found = [f for f in look(watched, TWICE) if f.pair.account == DEV[1]]
    assert [(f.what, f.verdict) for f in found] == [("access", Verdict.NOT_CHECKABLE)]
    assert DEV[1] in found[0].reason
    states = known(watched)
    assert {states[Pair(DEV[1], region)] for region in (US, EU)} == {PostureState.UNKNOWN}


def test_a_subnet_and_an_interface_with_own_flow_logs_are_named_with_their_vpc(
    watched: Stage,
) -> None:
    """With one for the VPC their traffic is logged, and paid for, twice."""
    there = Pair(DEV[0], EU)
    session = watched.sandbox.session(there.account, there.region)
    ec2 = session.client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="172.31.240.0/20")["Subnet"]
    interface = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]
    mine: tuple[tuple[Literal["Subnet", "NetworkInterface"], str], ...] = (
        ("Subnet", subnet["SubnetId"]),
        ("NetworkInterface", interface["NetworkInterfaceId"]),
    )
    for kind, each in mine:
        ec2.create_flow_logs(
            ResourceIds=[each],
            ResourceType=kind,
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::flow-log-bucket",
        )

    found = look(watched, TWICE)

    told = {(f.pair, f.reason) for f in found if f.what == "vpc-flow-logs"}
    (reason,) = {reason for pair, reason in told if pair == there}
    assert subnet["SubnetId"] in reason
    assert interface["NetworkInterfaceId"] in reason
    assert "logged twice" in reason
    assert not any("twice" in reason for pair, reason in told if pair != there)


@pytest.mark.slow
def test_posture_without_a_reading_role_is_reported_as_not_checked(watched: Stage) -> None:
    """One line, and not one finding for each of ten thousand accounts."""
    said: list[str] = []
    context = watched.context()
    picture = watched.look({**TWICE, "drift": {}}, context)
    loaded = load_manifest(watched.folder / "manifest.yaml")

    assert look_at_posture(loaded, picture, context, said.append) is None
    assert any("drift: {probe_role: ...}" in line for line in said)


@pytest.mark.slow
def test_checks_without_permission_are_unknown_and_the_rest_is_reported(watched: Stage) -> None:
    watched.sandbox.throttle("DescribeVpcs", times=None, service="ec2")
    found = [f for f in look(watched, TWICE) if f.pair == RECORDING]
    assert {(f.what, f.verdict) for f in found} == {("vpc-flow-logs", Verdict.NOT_CHECKABLE)}
    assert known(watched)[RECORDING] is PostureState.UNKNOWN


@pytest.mark.slow
def test_a_partial_look_keeps_the_record_of_the_rest(watched: Stage) -> None:
    look(watched, TWICE)
    before = known(watched)
    found = look(watched, TWICE, lambda key, pair: key == "watched" and pair.account == DEV[0])
    assert {f.pair.account for f in found} == {DEV[0]}
    assert {f.stack_set for f in found} == {"watched"}
    assert known(watched) == before


@pytest.mark.slow
def test_accounts_are_read_where_the_aggregator_cannot_be_read(
    watched: Stage,
) -> None:
    rule = CHECKS.replace("{check: config-recorder}", "{check: config-compliance, rule: r}")
    (watched.folder / "watched.yaml").write_text(rule + TOPIC)
    operation = "DescribeAggregateComplianceByConfigRules"
    watched.sandbox.server_error(operation, times=None, service="config")
    said: list[str] = []
    manifest = {**TWICE, "drift": {"probe_role": ROLE, "aggregator": "none"}}
    context = watched.context()
    picture = watched.look(manifest, context)
    loaded = load_manifest(watched.folder / "manifest.yaml")

    found = look_at_posture(loaded, picture, context, said.append)
    assert found is not None
    assert {f.reason for f in found if f.what == "config-compliance r"} == {"there is no rule r"}
    assert any("the accounts are asked instead" in line for line in said)


def test_pairs_without_stack_instance_or_checks_are_not_looked_at(stage: Stage) -> None:
    stage.apply()
    assert look(stage, {**BASE, "drift": {"probe_role": ROLE}}) == []
