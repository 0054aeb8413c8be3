"""Posture that drift detection does not see, read in member accounts and from an aggregator."""

import json
from datetime import timedelta
from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.paths import STACKSETS
from tests.sandbox.moto.test_provisioned import CONFIG
from tests.sandbox.support import ACCOUNTS, HOME, code_of, deploy, parameters, service_managed

ONE, TWO = ACCOUNTS[:2]
RULE = "orgrollout-vpc-flow-logs-enabled"
RUNBOOK = (STACKSETS / "flowlogs-remediation.yaml").read_text(encoding="utf-8")


@pytest.fixture
def config(sandbox: Sandbox, client: CloudFormationClient) -> Any:
    """AWS Config in an account, set up by a stack instance."""
    service_managed(client, TemplateBody=CONFIG.replace("flow-logs", RULE))
    assert deploy(sandbox, client, accounts=[ONE, TWO]).reasons == {}
    return sandbox.session(ONE).client("config")


@pytest.fixture
def remediation(sandbox: Sandbox, client: CloudFormationClient, config: Any) -> Any:
    """The baseline's runbook; flow logs go to log groups of the account."""
    service_managed(
        client,
        "runbook",
        TemplateBody=RUNBOOK,
        Parameters=parameters({"Destination": "cloud-watch-logs", "Remediation": "manual"}),
    )
    assert deploy(sandbox, client, name="runbook", accounts=[ONE]).reasons == {}
    return config


def recorder(config: Any) -> Any:
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    return status


def channel(config: Any) -> Any:
    (status,) = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    return status["configHistoryDeliveryInfo"].get("lastStatus")


def vpc_of(sandbox: Sandbox) -> str:
    return str(sandbox.session(ONE).client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"])


def test_a_recorder_is_stopped_and_started(sandbox: Sandbox, config: Any) -> None:
    assert (recorder(config)["recording"], channel(config)) == (True, "Success")
    sandbox.stop_recorder(ONE, HOME)
    assert (recorder(config)["recording"], channel(config)) == (False, None)
    config.start_configuration_recorder(ConfigurationRecorderName="own")
    assert (recorder(config)["recording"], recorder(config)["lastStatus"]) == (True, "Pending")
    sandbox.clock.sleep(timedelta(minutes=2))
    assert recorder(config)["lastStatus"] == "Success"
    none = code_of(config.start_configuration_recorder, ConfigurationRecorderName="none")
    assert none[0] == "NoSuchConfigurationRecorderException"


def test_it_is_stopped_again_after_each_start(sandbox: Sandbox, config: Any) -> None:
    sandbox.stop_recorder(ONE, HOME, again=timedelta(hours=1))
    for _ in range(2):
        config.start_configuration_recorder(ConfigurationRecorderName="own")
        assert recorder(config)["recording"]
        sandbox.clock.sleep(timedelta(hours=2))
        assert not recorder(config)["recording"]


def test_channel_and_recorder_report_a_delivery_that_fails(sandbox: Sandbox, config: Any) -> None:
    sandbox.break_delivery(ONE, HOME, "NoSuchBucket", "The bucket is gone")
    assert channel(config) == "Failure"
    assert recorder(config)["lastErrorCode"] == "NoSuchBucket"
    sandbox.repair_delivery(ONE, HOME)
    assert channel(config) == "Success"


@pytest.mark.slow
def test_a_remediation_takes_time_and_makes_a_flow_log(sandbox: Sandbox, remediation: Any) -> None:
    vpc = vpc_of(sandbox)
    keys = [{"resourceType": "AWS::EC2::VPC", "resourceId": vpc}]

    def state() -> Any:
        answer = remediation.describe_remediation_execution_status(
            ConfigRuleName=RULE, ResourceKeys=keys
        )
        return [each["State"] for each in answer["RemediationExecutionStatuses"]]

    start = {"ConfigRuleName": RULE, "ResourceKeys": keys}
    assert remediation.start_remediation_execution(**start)["FailedItems"] == []
    assert state() == ["QUEUED"]
    assert remediation.start_remediation_execution(**start)["FailedItems"] == keys
    sandbox.clock.sleep(timedelta(seconds=2))
    assert state() == ["IN_PROGRESS"]
    sandbox.run_to_end()
    assert state() == ["SUCCEEDED"]
    (log,) = sandbox.session(ONE).client("ec2").describe_flow_logs()["FlowLogs"]
    assert (log["ResourceId"], log["FlowLogStatus"]) == (vpc, "ACTIVE")
    assert log["Tags"] == [{"Key": "orgrollout:name-prefix", "Value": "orgrollout"}]
    (rule,) = remediation.describe_compliance_by_config_rule()["ComplianceByConfigRules"]
    assert rule["Compliance"]["ComplianceType"] == "COMPLIANT"


@pytest.mark.slow
def test_a_remediation_fails_as_scripted_and_needs_a_configuration(
    sandbox: Sandbox, remediation: Any
) -> None:
    keys = [{"resourceType": "AWS::EC2::VPC", "resourceId": vpc_of(sandbox)}]
    sandbox.fail_remediation(ONE, reason="Throttled")
    remediation.start_remediation_execution(ConfigRuleName=RULE, ResourceKeys=keys)
    sandbox.run_to_end()
    (found,) = remediation.describe_remediation_execution_status(ConfigRuleName=RULE)[
        "RemediationExecutionStatuses"
    ]
    assert (found["State"], found["StepDetails"][0]["ErrorMessage"]) == ("FAILED", "Throttled")
    code = code_of(
        remediation.start_remediation_execution, ConfigRuleName="none", ResourceKeys=keys
    )
    assert code[0] == "NoSuchRemediationConfigurationException"


def test_a_remediation_is_a_run_of_systems_manager(sandbox: Sandbox, remediation: Any) -> None:
    """AWS Config names no run: it is found by its time and its parameters."""
    vpc = vpc_of(sandbox)
    keys = [{"resourceType": "AWS::EC2::VPC", "resourceId": vpc}]
    sandbox.fail_remediation(ONE, reason="Rate exceeded")
    remediation.start_remediation_execution(ConfigRuleName=RULE, ResourceKeys=keys)
    sandbox.run_to_end()
    ssm = sandbox.session(ONE).client("ssm")

    failed: Any = [{"Key": "ExecutionStatus", "Values": ["Failed"]}]
    (found,) = ssm.describe_automation_executions(Filters=failed)["AutomationExecutionMetadataList"]
    run = ssm.get_automation_execution(AutomationExecutionId=found["AutomationExecutionId"])

    whole = run["AutomationExecution"]
    assert (whole["AutomationExecutionStatus"], whole["Parameters"]) == ("Failed", {"VpcId": [vpc]})
    assert "Rate exceeded" in whole["StepExecutions"][0]["FailureMessage"]
    succeeded: Any = [{"Key": "ExecutionStatus", "Values": ["Success"]}]
    others = ssm.describe_automation_executions(Filters=succeeded)
    assert others["AutomationExecutionMetadataList"] == []
    code = code_of(ssm.get_automation_execution, AutomationExecutionId="0" * 36)
    assert code[0] == "AutomationExecutionNotFoundException"


def test_a_remediation_exception_without_a_resource_is_refused(remediation: Any) -> None:
    """The model asks for no member of a key; without one, no resource is named."""
    code = code_of(remediation.put_remediation_exceptions, ConfigRuleName=RULE, ResourceKeys=[{}])

    assert code[0] == "InvalidParameterValueException"


@pytest.mark.usefixtures("remediation")
def test_the_content_of_a_document_is_as_deployed_until_it_is_updated(
    sandbox: Sandbox,
) -> None:
    ssm = sandbox.session(ONE).client("ssm")
    owned: Any = [{"Key": "Owner", "Values": ["Self"]}]
    (name,) = [each["Name"] for each in ssm.list_documents(Filters=owned)["DocumentIdentifiers"]]
    content = json.loads(ssm.get_document(Name=name)["Content"])
    assert content["parameters"]["Destination"]["default"] == "cloud-watch-logs"
    changed = {**content, "description": "theirs"}
    ssm.update_document(
        Name=name, Content=json.dumps(changed), DocumentVersion="$LATEST", DocumentFormat="JSON"
    )
    ssm.update_document_default_version(Name=name, DocumentVersion="2")
    assert json.loads(ssm.get_document(Name=name)["Content"])["description"] == "theirs"
    assert ssm.describe_document(Name=name)["Document"]["DefaultVersion"] == "2"


@pytest.mark.slow
@pytest.mark.usefixtures("config")
def test_an_aggregator_sees_all_members(sandbox: Sandbox, client: CloudFormationClient) -> None:
    body = (STACKSETS / "org-aggregator.yaml").read_text(encoding="utf-8")
    service_managed(client, "aggregator", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    deploy(sandbox, client, name="aggregator", where="Security", accounts=["222222222222"])
    config: Any = sandbox.session("audit").client("config")
    (found,) = config.describe_configuration_aggregators()["ConfigurationAggregators"]
    named = {"ConfigurationAggregatorName": found["ConfigurationAggregatorName"]}
    rules = config.describe_aggregate_compliance_by_config_rules(**named, Limit=1)
    more = config.describe_aggregate_compliance_by_config_rules(
        **named, NextToken=rules["NextToken"]
    )
    seen = [
        (each["AccountId"], each["Compliance"]["ComplianceType"])
        for page in (rules, more)
        for each in page["AggregateComplianceByConfigRules"]
    ]
    assert seen == [(ONE, "NON_COMPLIANT"), (TWO, "NON_COMPLIANT")]
    only = config.describe_aggregate_compliance_by_config_rules(**named, Filters={"AccountId": TWO})
    assert [each["AwsRegion"] for each in only["AggregateComplianceByConfigRules"]] == [HOME]
    details = config.get_aggregate_compliance_details_by_config_rule(
        **named, ConfigRuleName=RULE, AccountId=ONE, AwsRegion=HOME
    )
    assert len(details["AggregateEvaluationResults"]) == 1
    pages = config.get_paginator("describe_configuration_aggregator_sources_status").paginate(
        **named
    )
    sources = [each for page in pages for each in page["AggregatedSourceStatusList"]]
    assert sources[0]["SourceType"] == "ORGANIZATION"
    assert {each["LastUpdateStatus"] for each in sources} == {"SUCCEEDED"}
    # Active accounts and the management account, in each Region of the organization.
    assert len(sources) - 1 == 14 * 3
    none = code_of(
        config.describe_configuration_aggregator_sources_status,
        ConfigurationAggregatorName="none",
    )
    assert none[0] == "NoSuchConfigurationAggregatorException"


def test_a_rule_that_is_not_there_is_refused(sandbox: Sandbox) -> None:
    config = sandbox.session(ONE).client("config")
    code = code_of(config.describe_config_rules, ConfigRuleNames=["none"])
    assert code[0] == "NoSuchConfigRuleException"
