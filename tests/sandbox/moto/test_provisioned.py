"""Types that moto's CloudFormation lacks: made through moto's services, or recorded."""

from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.paths import STACKSETS
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    deploy,
    describe,
    parameters,
    service_managed,
    targets,
    unit,
)

ONE = ACCOUNTS[0]
CONFIG = """
Parameters:
  Frequency: {Type: String, Default: Six_Hours}
Resources:
  Channel:
    Type: AWS::Config::DeliveryChannel
    Properties: {Name: own, S3BucketName: logs}
  Recorder:
    Type: AWS::Config::ConfigurationRecorder
    Properties:
      Name: own
      RoleARN: !Sub "arn:aws:iam::${AWS::AccountId}:role/config"
      RecordingGroup: {AllSupported: true, IncludeGlobalResourceTypes: false}
  Rule:
    Type: AWS::Config::ConfigRule
    DependsOn: [Recorder, Channel]
    Properties:
      ConfigRuleName: flow-logs
      InputParameters: {trafficType: ALL}
      MaximumExecutionFrequency: !Ref Frequency
      Source: {Owner: AWS, SourceIdentifier: VPC_FLOW_LOGS_ENABLED}
  Remediation:
    Type: AWS::Config::RemediationConfiguration
    Properties: {ConfigRuleName: !Ref Rule, TargetType: SSM_DOCUMENT, TargetId: x, Automatic: true}
"""
OTHER = """
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "b-${AWS::AccountId}"}}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Deny, Principal: "*",
        Action: "s3:*", Resource: !GetAtt Bucket.Arn}, !Ref "AWS::NoValue"]}
  Linked: {Type: AWS::IAM::ServiceLinkedRole, Properties: {AWSServiceName: config.amazonaws.com}}
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: RetainExceptOnCreate
    Properties: {Description: d, EnableKeyRotation: true, Tags: [{Key: a, Value: b}],
      KeyPolicy: {Version: 2012-10-17, Statement: []}}
  Custom: {Type: "Custom::Thing", Properties: {ServiceToken: !GetAtt Key.Arn}}
Outputs:
  Key: {Value: !GetAtt Key.Arn}
"""


@pytest.fixture
def config(sandbox: Sandbox, client: CloudFormationClient) -> Any:
    """AWS Config in an account, set up by a stack instance."""
    service_managed(client, TemplateBody=CONFIG)
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
    return sandbox.session(ONE).client("config")


def test_the_recorder_records_to_the_channel(config: Any) -> None:
    (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert recorder["roleARN"] == f"arn:aws:iam::{ONE}:role/config"
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert status["recording"] is True
    (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
    assert channel["s3BucketName"] == "logs"


def test_a_second_recorder_is_refused(
    sandbox: Sandbox, client: CloudFormationClient, config: Any
) -> None:
    service_managed(client, "two", TemplateBody=CONFIG.replace("Name: own", "Name: two"))
    done = deploy(sandbox, client, name="two", accounts=[ONE])
    assert "maximum number" in done.reasons[ONE, HOME]
    assert len(config.describe_configuration_recorders()["ConfigurationRecorders"]) == 1


@pytest.mark.slow
def test_compliance_follows_the_vpcs_and_flow_logs_that_exist(
    sandbox: Sandbox, config: Any
) -> None:
    ec2 = sandbox.session(ONE).client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]

    def compliance() -> Any:
        (rule,) = config.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
        return rule["Compliance"]["ComplianceType"]

    assert compliance() == "NON_COMPLIANT"
    for traffic in ("REJECT", "ALL"):
        sandbox.session(ONE).client("s3").create_bucket(Bucket=f"flow-{traffic.lower()}")
        ec2.create_flow_logs(
            ResourceIds=[vpc],
            ResourceType="VPC",
            TrafficType=traffic,
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::flow-{traffic.lower()}",
        )
        logged = ec2.describe_flow_logs()["FlowLogs"]
        expected = "COMPLIANT" if len(logged) == 2 else "NON_COMPLIANT"
        assert compliance() == expected
    details = config.get_compliance_details_by_config_rule(ConfigRuleName="flow-logs")
    (found,) = details["EvaluationResults"]
    qualifier = found["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
    assert (qualifier["ResourceId"], found["ComplianceType"]) == (vpc, "COMPLIANT")


def test_the_remediation_is_on_record(config: Any) -> None:
    found = config.describe_remediation_configurations(ConfigRuleNames=["flow-logs"])
    (remediation,) = found["RemediationConfigurations"]
    assert remediation["TargetId"] == "x"
    config.delete_remediation_configuration(ConfigRuleName="flow-logs")
    found = config.describe_remediation_configurations(ConfigRuleNames=["flow-logs"])
    assert found["RemediationConfigurations"] == []


def test_an_override_changes_the_rule_and_deletion_takes_all_away(
    sandbox: Sandbox, client: CloudFormationClient, config: Any
) -> None:
    where: Any = {
        "StackSetName": "base",
        "DeploymentTargets": targets(unit(sandbox, "Workloads"), [ONE]),
        "Regions": [HOME],
    }
    given = parameters({"Frequency": "One_Hour"})
    client.update_stack_instances(ParameterOverrides=given, **where)
    sandbox.run_to_end()
    (rule,) = config.describe_config_rules()["ConfigRules"]
    assert rule["MaximumExecutionFrequency"] == "One_Hour"
    client.delete_stack_instances(RetainStacks=False, **where)
    sandbox.run_to_end()
    assert config.describe_config_rules()["ConfigRules"] == []
    assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []
    assert config.describe_delivery_channels()["DeliveryChannels"] == []


def test_a_changed_rule_is_drift(
    sandbox: Sandbox, client: CloudFormationClient, config: Any
) -> None:
    config.delete_config_rule(ConfigRuleName="flow-logs")
    client.detect_stack_set_drift(StackSetName="base")
    sandbox.run_to_end()
    assert describe(client, ONE)["DriftStatus"] == "DRIFTED"


def test_bucket_policies_linked_roles_and_keys_are_real(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client, TemplateBody=OTHER, Capabilities=["CAPABILITY_IAM"])
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
    session = sandbox.session(ONE)
    policy = session.client("s3").get_bucket_policy(Bucket=f"b-{ONE}")["Policy"]
    assert "null" not in policy
    roles = {each["RoleName"] for each in session.client("iam").list_roles()["Roles"]}
    assert "AWSServiceRoleForConfig" in roles
    (stack,) = session.client("cloudformation").describe_stacks()["Stacks"]
    arn = stack["Outputs"][0]["OutputValue"]
    key = session.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
    assert key["Description"] == "d"
    assert [(u.logical_id, u.account) for u in sandbox.unprovisioned] == [("Custom", ONE)]

    service_managed(client, "two", TemplateBody=OTHER, Capabilities=["CAPABILITY_IAM"])
    done = deploy(sandbox, client, name="two", accounts=[ONE])
    assert done.failed == {(ONE, HOME)}
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads")),
        Regions=[HOME],
        RetainStacks=False,
    )
    sandbox.run_to_end()
    assert session.client("s3").list_buckets()["Buckets"] == []
    assert session.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["Enabled"] is True


REQUIRED = {  # what they have no default for
    "flowlogs-athena": {"LogRegions": "us-east-1"},
    "resync-role": {
        "OrganizationId": "o-a1b2c3d4e5",
        "AdministratorAccountId": "999999999999",
        "CallerRole": "Rollout",
        "ExternalId": "base-7",
    },
    "tamper-bus": {"OrganizationId": "o-a1b2c3d4e5"},
    "tamper-role": {"BusAccountId": "222233334444"},
}


RECORDED = {  # what moto does not make
    "org-conformance": {"AWS::Config::OrganizationConformancePack"},
    "flowlogs-athena": {
        "AWS::Athena::NamedQuery",
        "AWS::Athena::WorkGroup",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
    },
    "tamper-bus": {"AWS::Events::EventBusPolicy", "AWS::Events::Rule"},
}


@pytest.mark.parametrize("name", sorted(path.stem for path in STACKSETS.glob("*.yaml")))
def test_the_shipped_templates_deploy(
    sandbox: Sandbox, client: CloudFormationClient, name: str
) -> None:
    body = (STACKSETS / f"{name}.yaml").read_text(encoding="utf-8")
    required = REQUIRED.get(name, {})
    service_managed(
        client,
        TemplateBody=body,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in required.items()],
    )
    done = deploy(sandbox, client, accounts=ACCOUNTS[:2])
    assert done.reasons == {}
    recorded = {each.resource_type for each in sandbox.unprovisioned}
    assert recorded <= {"AWS::CloudFormation::CustomResource", *RECORDED.get(name, ())}
    client.detect_stack_set_drift(StackSetName="base")
    sandbox.run_to_end()
    assert describe(client, ONE)["DriftStatus"] == "IN_SYNC"
