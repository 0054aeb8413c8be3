"""Who broke a check of posture: recorders, rules, documents, and the flow logs of VPCs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orgrollout.drift.who.answer import ChangedBy, Known
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair
from orgrollout.reconcile.drift.look_at_posture import look_at_posture
from orgrollout.reconcile.drift.who_changed import WhoChanged
from orgrollout.reconcile.reading.plan_request import look
from orgrollout.report.drift.changed_by import changed_by_words
from orgrollout.sandbox import Sandbox
from tests.resyncing import ROLE
from tests.stage import BASE, PROD, US, Stage, organization

ONE = Pair(PROD[0], US)
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Metadata:
  orgrollout:
    version: 1
    posture:
      - {check: config-recorder}
      - {check: config-rule, rule: flow-logs}
      - {check: ssm-document, resource: Runbook}
      - {check: vpc-flow-logs, traffic: ALL}
Resources:
  Recorder:
    Type: AWS::Config::ConfigurationRecorder
    Properties: {Name: main, RoleARN: "arn:aws:iam::123456789012:role/config"}
  Channel:
    Type: AWS::Config::DeliveryChannel
    Properties: {Name: main, S3BucketName: history}
  Rule:
    Type: AWS::Config::ConfigRule
    DependsOn: [Recorder, Channel]
    Properties:
      ConfigRuleName: flow-logs
      Source: {Owner: AWS, SourceIdentifier: VPC_FLOW_LOGS_ENABLED}
  Runbook:
    Type: AWS::SSM::Document
    Properties:
      Name: runbook
      DocumentType: Automation
      Content: {schemaVersion: "0.3", mainSteps: []}
"""
MANIFEST = {
    **BASE,
    "targets": {"accounts": [ONE.account]},
    "regions": [US],
    "stack_sets": {"posture": {"template": "posture.yaml"}},
    "drift": {"probe_role": ROLE},
}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    (tmp_path / "posture.yaml").write_text(TEMPLATE)
    with Sandbox.start(organization()) as sandbox:
        made = Stage(sandbox, tmp_path)
        made.apply(MANIFEST)
        yield made


def ask(stage: Stage) -> dict[str, ChangedBy]:
    """Return who broke what, by the subject of the check."""
    context = stage.context()
    loaded = load_manifest(stage._write(MANIFEST))
    picture = look(loaded, context, lambda _: None, drift=True)
    found = look_at_posture(loaded, picture, context, lambda _: None) or ()
    told = WhoChanged(loaded, picture, context, lambda _: None).ask(found, {})
    return {finding.subject: told[finding.key] for finding in found if finding.key in told}


def vpc(stage: Stage, user: str) -> str:
    ec2 = stage.sandbox.session(*ONE, user=user).client("ec2")
    return str(ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def flow_log(stage: Stage, of: str) -> str:
    ec2 = stage.sandbox.session(*ONE, user="networks").client("ec2")
    made = ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[of],
        TrafficType="ALL",
        LogGroupName=f"flow-logs/{of}",
        DeliverLogsPermissionArn=f"arn:aws:iam::{ONE.account}:role/delivery",
    )
    return str(made["FlowLogIds"][0])


def remove(stage: Stage, log: str, user: str) -> None:
    ec2 = stage.sandbox.session(*ONE, user=user).client("ec2")
    ec2.delete_flow_logs(FlowLogIds=[log])


def words(answer: ChangedBy) -> str:
    return changed_by_words(answer).removeprefix("changed by: ").rpartition(", 20")[0]


def test_who_stopped_the_recorder_or_deleted_the_rule_is_named(stage: Stage) -> None:
    stage.sandbox.stop_recorder(*ONE, by="root")
    stage.sandbox.delete_rule(*ONE, "flow-logs", by="sso/Admin/alice@example.com")
    ssm = stage.sandbox.session(*ONE, user="carol").client("ssm")
    ssm.delete_document(Name="runbook")

    answers = ask(stage)

    assert words(answers["main"]) == f"the root user of {ONE.account}, StopConfigurationRecorder"
    assert words(answers["flow-logs"]) == "SSO user alice@example.com (Admin), DeleteConfigRule"
    assert words(answers["runbook"]) == "IAM user carol, DeleteDocument"


def test_a_deleted_flow_log_is_tied_to_its_vpc_by_its_creation(stage: Stage) -> None:
    """The event of the deletion names no VPC, so that another one's deletion is not taken."""
    one, two, new = vpc(stage, "networks"), vpc(stage, "networks"), vpc(stage, "newcomer")
    logs = {each: flow_log(stage, each) for each in (one, two)}
    remove(stage, logs[one], "mallory")
    remove(stage, logs[two], "eve")

    answers = ask(stage)

    assert words(answers[one]) == "IAM user mallory, DeleteFlowLogs"
    assert words(answers[two]) == "IAM user eve, DeleteFlowLogs"
    assert words(answers[new]) == "IAM user newcomer, CreateVpc"
    assert all(answers[each].is_sure for each in (one, two, new))


def test_of_a_flow_log_whose_creation_is_not_known_the_deletion_is_not_sure(stage: Stage) -> None:
    """Most flow logs are older than the 90 days of events. One of another VPC is not taken."""
    stage.sandbox.lose_events(event="CreateVpc")
    old, other = vpc(stage, "networks"), vpc(stage, "networks")
    stage.sandbox.lose_events(event="CreateFlowLogs", times=1)
    logs = flow_log(stage, old), flow_log(stage, other)
    remove(stage, logs[1], "eve")
    before = ask(stage)[other]
    remove(stage, logs[0], "mallory")

    answers = ask(stage)

    assert words(before) == "IAM user eve, DeleteFlowLogs"
    assert before.is_sure
    assert words(answers[old]) == "IAM user mallory, DeleteFlowLogs"
    assert "perhaps: the request does not name what differs" in changed_by_words(answers[old])
    assert words(answers[other]) == "IAM user eve, DeleteFlowLogs"
    assert answers[other].is_sure


def test_without_a_deletion_it_is_not_found(stage: Stage) -> None:
    stage.sandbox.lose_events(event="CreateVpc")
    made = vpc(stage, "networks")

    assert ask(stage)[made].known is Known.NOT_FOUND
