"""A stage for re-syncs: a template with many kinds of resources, and people who change them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

from orgrollout.manifest.load import load_manifest
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.reconcile.drift.resync import ResyncPlan, seek_repairs
from orgrollout.reconcile.lifecycle.begin import begin_rollout
from orgrollout.reconcile.reading.plan_request import look
from tests.stage import BASE, Stage

GUARD = StackSetKey("guard")
NAME = "base-guard"
ROLE = "OrganizationAccountAccessRole"  # every account of an organization has it
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Metadata:
  orgrollout:
    version: 1
    posture:
      - {check: config-recorder}
Parameters:
  Suffix: {Type: String, Default: a}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Sub "mine-${Suffix}", Tags: [{Key: owner, Value: security}]}
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: "*", Action: "sns:Publish", Resource: !Ref Topic}]
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 60, DelaySeconds: 5}
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
MANIFEST: dict[str, Any] = {
    **BASE,
    "stack_sets": {"guard": {"template": "guard.yaml"}},
    "drift": {
        "resync_role": ROLE,
        "ignore": [
            {
                "stack_set": "guard",
                "resource": "Queue",
                "property": "/DelaySeconds",
                "reason": "SEC-9",
            }
        ],
    },
}


def manifest(**more: Any) -> dict[str, Any]:
    """Return the manifest with some keys changed."""
    return {**deepcopy(MANIFEST), **more}


def deploy(stage: Stage, wanted: Mapping[str, Any] = MANIFEST, template: str = TEMPLATE) -> Rollout:
    """Deploy the template everywhere."""
    (stage.folder / "guard.yaml").write_text(template)
    rollout = stage.apply(wanted)
    mine = [o for o in rollout.plan.operations if o.stack_set == GUARD]
    start_recorders(stage, {pair for o in mine for pair in o.rectangle.pairs})
    return rollout


def start_recorders(stage: Stage, pairs: Iterable[Pair]) -> None:
    """Let the recorders record, as the channel of a real account would."""
    for pair in sorted(pairs):
        client = stage.sandbox.session(pair.account, pair.region).client("config")
        client.start_configuration_recorder(ConfigurationRecorderName="main")


def detect(stage: Stage, context: Context | None = None, *, name: str = NAME) -> None:
    """Let a drift detection of the whole stack set come to its end."""
    (context or stage.context()).connection.call(
        "cloudformation",
        "DetectStackSetDrift",
        {
            "StackSetName": name,
            "OperationPreferences": {
                "RegionConcurrencyType": "PARALLEL",
                "MaxConcurrentPercentage": 100,
            },
        },
    )
    stage.sandbox.run_to_end()


def seek(stage: Stage, manifest: Mapping[str, Any] = MANIFEST, **options: Any) -> ResyncPlan:
    """Return what is found, and how it would be repaired."""
    context = stage.context()
    loaded = load_manifest(stage._write(manifest))
    picture = look(loaded, context, lambda _: None, drift=True)
    return seek_repairs(loaded, picture, context, lambda _: None, **options)


def repair(stage: Stage, sought: ResyncPlan) -> Rollout:
    """Carry the plan out to its end."""
    return stage.finish(begin_rollout(sought.resync.plan, stage.context()).state.id)


def changed_stacks(stage: Stage, since: int) -> Counter[tuple[str, Pair]]:
    """Return what was written since, by call and place: the sandbox's own account of it."""
    return Counter(
        (call.operation, Pair(AccountId(call.account), Region(call.region)))
        for call in stage.sandbox.calls[since:]
        if call.is_write
    )


def later(stage: Stage, minutes: int = 30) -> None:
    """Let time pass."""
    stage.sandbox.clock.sleep(timedelta(minutes=minutes))
