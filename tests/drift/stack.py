"""A stack set whose resources can be changed by hand, and ways to do so."""

from datetime import timedelta
from typing import Any

from orgrollout.drift.finding import Finding
from orgrollout.drift.findings import Findings
from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import Pair
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.drift.read_findings import gather_findings
from orgrollout.reconcile.reading.plan_request import look
from tests.stage import BASE, Stage

HOUR = timedelta(hours=1)

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Secret: {Type: String, NoEcho: true, Default: ""}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: as deployed}
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: /drift, RetentionInDays: 30}
  Hidden:
    Type: AWS::SSM::Parameter
    Properties: {Name: /drift/hidden, Type: String, Value: !Sub "x${Secret}", Description: open}
  Runbook:
    Type: AWS::SSM::Document
    Properties: {DocumentType: Automation, Content: {schemaVersion: "0.3", mainSteps: []}}
"""


def manifest(stage: Stage, **more: Any) -> dict[str, Any]:
    """Return a manifest of that template, written in the same folder."""
    (stage.folder / "drifting.yaml").write_text(TEMPLATE)
    return {**BASE, "stack_sets": {"topics": {"template": "drifting.yaml"}}, **more}


def rename_topic(stage: Stage, pair: Pair, name: str = "by hand") -> None:
    client = stage.sandbox.session(pair.account, pair.region).client("sns")
    for topic in client.list_topics()["Topics"]:
        client.set_topic_attributes(
            TopicArn=topic["TopicArn"], AttributeName="DisplayName", AttributeValue=name
        )


def shorten_retention(stage: Stage, pair: Pair, days: int = 7) -> None:
    client = stage.sandbox.session(pair.account, pair.region).client("logs")
    client.put_retention_policy(logGroupName="/drift", retentionInDays=days)


def delete_group(stage: Stage, pair: Pair) -> None:
    client = stage.sandbox.session(pair.account, pair.region).client("logs")
    client.delete_log_group(logGroupName="/drift")


def change_secret(stage: Stage, pair: Pair, value: str) -> None:
    client = stage.sandbox.session(pair.account, pair.region).client("ssm")
    client.put_parameter(Name="/drift/hidden", Value=value, Type="String", Overwrite=True)


def detect(stage: Stage, stack_set: str = "base-topics") -> str:
    """Let another user detect drift, to the end; return the operation's id."""
    client = stage.sandbox.session().client("cloudformation")
    operation = client.detect_stack_set_drift(StackSetName=stack_set)["OperationId"]
    stage.sandbox.run_to_end()
    return str(operation)


def gather(stage: Stage, wanted: dict[str, Any], context: Context | None = None) -> Findings:
    """Return the findings, as a new process reads them."""
    path = stage._write(wanted)
    loaded, context = load_manifest(path), context or stage.context()
    picture = look(loaded, context, lambda _: None, drift=True)
    return gather_findings(loaded, picture, context, lambda _: None)


def at(findings: Findings, pair: Pair) -> dict[tuple[str, str], Finding]:
    """Return the findings of one place, by resource and property."""
    return {(f.what, f.path): f for f in findings.findings if f.pair == pair}
