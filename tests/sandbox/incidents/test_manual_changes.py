"""Changes by hand, as drift detection and change sets see them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from orgrollout.sandbox.errors import SandboxError
from tests.sandbox.api.test_cfn_stacks import stack_of
from tests.sandbox.change_sets.test_engine import begin, made
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    cloudformation,
    deploy,
    describe,
    instances,
    log_groups,
    service_managed,
)

ONE, TWO = ACCOUNTS[:2]
PLACE = (ONE, HOME, "base")
BODY = """
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: t, DisplayName: mine, Tags: [{Key: owner, Value: security}]}
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: "*", Action: "sns:Publish", Resource: !Ref Topic}]
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: q, VisibilityTimeout: 60, Tags: [{Key: owner, Value: security}]}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: "*", Action: "sqs:SendMessage", Resource: "*"}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: worker
      Tags: [{Key: owner, Value: security}]
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: []}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]
  Recorder:
    Type: AWS::Config::ConfigurationRecorder
    Properties: {Name: default, RoleARN: !GetAtt Role.Arn}
  Rule:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: flow-logs
      Source: {Owner: AWS, SourceIdentifier: VPC_FLOW_LOGS_ENABLED}
  Runbook:
    Type: AWS::SSM::Document
    Properties: {DocumentType: Automation, Content: {schemaVersion: "0.3", mainSteps: []}}
"""


@pytest.fixture
def deployed(sandbox: Sandbox, client: CloudFormationClient) -> CloudFormationClient:
    service_managed(client, TemplateBody=BODY, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert deploy(sandbox, client, accounts=[ONE]).failed == frozenset()
    return client


def seen_by_set(sandbox: Sandbox, client: CloudFormationClient) -> dict[str, Any]:
    """Return path and status of what a detection of the whole stack set finds."""
    identifier = client.detect_stack_set_drift(StackSetName="base")["OperationId"]
    sandbox.run_to_end()
    found = client.list_stack_instance_resource_drifts(
        StackSetName="base",
        StackInstanceAccount=ONE,
        StackInstanceRegion=HOME,
        OperationId=identifier,
    )["Summaries"]
    return _drifted(found, "StackResourceDriftStatus")


def seen_by_stack(sandbox: Sandbox) -> dict[str, Any]:
    """Return the same as found by a detection on the stack itself."""
    client, stack = stack_of(sandbox)
    client.detect_stack_drift(StackName=stack["StackId"])
    sandbox.run_to_end()
    answer = client.describe_stack_resource_drifts(StackName=stack["StackId"])
    return _drifted(answer["StackResourceDrifts"], "StackResourceDriftStatus")


def _drifted(found: Any, key: str) -> dict[str, Any]:
    return {
        each["LogicalResourceId"]: [d["PropertyPath"] for d in each["PropertyDifferences"]]
        or each[key]
        for each in found
        if each[key] in {"MODIFIED", "DELETED"}
    }


def repair(sandbox: Sandbox, name: str = "repair") -> None:
    client, _ = stack_of(sandbox)
    client.execute_change_set(**made(sandbox, name))  # type: ignore[arg-type]
    sandbox.run_to_end()


def test_properties_tags_and_policies_are_found_and_reverted(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    sandbox.tamper(*PLACE, "Topic", "/DisplayName", "theirs")
    sandbox.tamper(*PLACE, "Queue", "/VisibilityTimeout", 5)
    sandbox.remove_tag(*PLACE, "Topic", "owner")
    sandbox.remove_tag(*PLACE, "Role", "owner")
    for resource in ("TopicPolicy", "QueuePolicy", "Role"):
        sandbox.widen_policy(*PLACE, resource)
    wanted = {
        "Topic": ["/DisplayName", "/Tags/owner"],
        "Queue": ["/VisibilityTimeout"],
        "TopicPolicy": ["/PolicyDocument/Statement"],
        "QueuePolicy": ["/PolicyDocument/Statement"],
        "Role": ["/Policies/read/Statement", "/Tags/owner"],
    }
    assert seen_by_set(sandbox, deployed) == seen_by_stack(sandbox) == wanted
    repair(sandbox)
    assert seen_by_stack(sandbox) == {}


def test_the_services_themselves_show_it(sandbox: Sandbox, deployed: CloudFormationClient) -> None:
    iam = sandbox.session(ONE).client("iam")
    assert iam.list_role_tags(RoleName="worker")["Tags"] == [{"Key": "owner", "Value": "security"}]
    sandbox.remove_tag(*PLACE, "Role", "owner")
    assert iam.list_role_tags(RoleName="worker")["Tags"] == []
    sandbox.widen_policy(*PLACE, "Role")
    policy: Any = iam.get_role_policy(RoleName="worker", PolicyName="read")["PolicyDocument"]
    assert policy["Statement"][-1]["Action"] == "*"
    iam.tag_role(RoleName="worker", Tags=[{"Key": "more", "Value": "theirs"}])
    repair(sandbox)
    assert {tag["Key"] for tag in iam.list_role_tags(RoleName="worker")["Tags"]} == {
        "owner",
        "more",
    }
    assert describe(deployed, ONE)["DriftStatus"] == "NOT_CHECKED"


def test_deleted_resources_are_found_and_made_again(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    sandbox.delete_resource(*PLACE, "Queue")
    sandbox.delete_resource(*PLACE, "Role")
    sandbox.delete_rule(ONE, HOME, "flow-logs")
    found = seen_by_set(sandbox, deployed)
    deleted = dict.fromkeys(("Queue", "QueuePolicy", "Role", "Rule"), "DELETED")
    assert found == deleted
    repair(sandbox)
    assert seen_by_stack(sandbox) == {}
    rules = sandbox.session(ONE).client("config").describe_config_rules()["ConfigRules"]
    assert [rule["ConfigRuleName"] for rule in rules] == ["flow-logs"]


def test_a_stopped_recorder_is_no_drift(sandbox: Sandbox, deployed: CloudFormationClient) -> None:
    config = sandbox.session(ONE).client("config")
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "b"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")
    sandbox.stop_recorder(ONE, HOME)
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert not status["recording"]
    assert seen_by_set(sandbox, deployed) == {}


@pytest.mark.slow
def test_it_is_changed_again_after_each_repair(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    hour = timedelta(hours=1)
    sandbox.tamper(*PLACE, "Topic", "/DisplayName", "theirs", again=hour)
    for name in ("first", "second"):
        repair(sandbox, name)
        assert seen_by_stack(sandbox) == {"Topic": ["/DisplayName"]}
    assert seen_by_set(sandbox, deployed) == {"Topic": ["/DisplayName"]}


@pytest.mark.parametrize(("everyone", "seen"), [(False, {}), (True, {"Topic": ["/DisplayName"]})])
def test_what_only_the_stack_sets_role_may_not_read_is_false_drift(
    sandbox: Sandbox, deployed: CloudFormationClient, *, everyone: bool, seen: dict[str, Any]
) -> None:
    sandbox.hide(ONE, HOME, "AWS::SNS::Topic", "DisplayName", everyone=everyone)
    assert seen_by_set(sandbox, deployed) == {"Topic": ["/DisplayName"]}
    assert seen_by_stack(sandbox) == seen


@pytest.mark.usefixtures("deployed")
def test_what_is_not_there_cannot_be_changed(sandbox: Sandbox) -> None:
    for place, resource in (((TWO, HOME, "base"), "Topic"), (PLACE, "None"), (PLACE, "Runbook")):
        with pytest.raises(SandboxError):
            sandbox.tamper(*place, resource, "/DisplayName", "theirs")


def test_a_change_by_hand_is_a_fault_of_the_file_with_a_time() -> None:
    change = {"account": "w0", "region": HOME, "stack_set": "base", "after": 3600}
    entry = {"tamper": {**change, "logical_id": "Group", "path": "/RetentionInDays", "value": 7}}
    with Sandbox.start(ORGANIZATION, faults=[entry]) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        client.create_stack_instances(
            StackSetName="base", Accounts=[], Regions=[HOME], DeploymentTargets=_one(sandbox)
        )
        sandbox.clock.sleep(timedelta(minutes=50))
        assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 30}
        sandbox.run_to_end()
        assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 7}


def _one(sandbox: Sandbox) -> Any:
    return {
        "OrganizationalUnitIds": [sandbox.organization.find("Workloads")],
        "Accounts": [ONE],
        "AccountFilterType": "INTERSECTION",
    }


class TestRecords:
    """Drift of instances without resources."""

    @pytest.fixture
    def records(self) -> Iterator[Sandbox]:
        settings = Settings(deploy_resources=False)
        with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
            client = cloudformation(sandbox)
            service_managed(client)
            deploy(sandbox, client)
            yield sandbox

    def drift(self, sandbox: Sandbox, **more: Any) -> None:
        difference = ("/RetentionInDays", "30", "7", "NOT_EQUAL")
        sandbox.drifted("base", "Group", "AWS::Logs::LogGroup", [difference], **more)

    def test_pairs_drift_and_are_reverted_as_deployed_ones(self, records: Sandbox) -> None:
        self.drift(records, pairs=[(ONE, HOME)])
        client = cloudformation(records)
        assert seen_by_set(records, client) == {"Group": ["/RetentionInDays"]}
        only: Any = [{"Name": "DRIFT_STATUS", "Values": "DRIFTED"}]
        assert [each["Account"] for each in instances(client, Filters=only)] == [ONE]
        repair(records)
        assert seen_by_stack(records) == {}
        _, stack = stack_of(records)
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert stack["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
        assert stack["LastUpdatedTime"] > stack["CreationTime"]

    def test_a_share_drifts_and_may_drift_again(self, records: Sandbox) -> None:
        self.drift(records, share=0.5, again=timedelta(minutes=5))
        self.drift(records, share=0.0)
        seen_by_set(records, cloudformation(records))
        drifted = records.stack_set("base").instances.values()
        assert 0 < sum(each.drift_status == "DRIFTED" for each in drifted) < len(ACCOUNTS)
        self.drift(records, pairs=[(ONE, HOME)], again=timedelta(minutes=5))
        repair(records)
        assert seen_by_stack(records)["Group"][0] == "/RetentionInDays"

    def test_drift_is_scripted_only_for_records(self, sandbox: Sandbox) -> None:
        with pytest.raises(SandboxError, match="tamper"):
            self.drift(sandbox)

    def test_a_stack_set_that_changes_the_stack_spoils_a_change_set(self, records: Sandbox) -> None:
        self.drift(records, pairs=[(ONE, HOME)])
        change_set = begin(records)
        (instance,) = [i for i in records.stack_set("base").instances.values() if i.account == ONE]
        instance.overrides = {"Days": "90"}
        records.run_to_end()
        client, _ = stack_of(records)
        found = client.describe_change_set(**change_set)  # type: ignore[arg-type]
        assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")


def test_what_is_not_there_later_is_left_alone(sandbox: Sandbox) -> None:
    hour = timedelta(hours=1)
    sandbox.tamper(*PLACE, "Topic", "/DisplayName", "theirs", after=hour)
    sandbox.delete_rule(ONE, HOME, "none", after=hour)
    sandbox.run_to_end()
    with pytest.raises(SandboxError, match="no Config rule"):
        sandbox.delete_rule(ONE, HOME, "none")
