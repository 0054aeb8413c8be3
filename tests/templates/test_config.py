"""Checks 8 to 15: recording, the rule, and its remediation."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.templates.support.fitting import request_for
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import LOG_ARCHIVE, MEMBER, Place, Stack, resolve

RECORDER = "AWS::Config::ConfigurationRecorder"
CHANNEL = "AWS::Config::DeliveryChannel"
RULE = "AWS::Config::ConfigRule"
REMEDIATION = "AWS::Config::RemediationConfiguration"
HOME, ELSEWHERE = Place(MEMBER, "us-east-1"), Place(MEMBER, "eu-west-1")


def config_stack(templates: Templates, place: Place = HOME, **given: str) -> Stack:
    return resolve(templates.document("config-regional"), place, **given)


def remediation_stack(templates: Templates, **given: str) -> Stack:
    return resolve(templates.document("flowlogs-remediation"), HOME, **given)


def test_check_08_recorder_and_channel_do_not_wait_for_each_other(templates: Templates) -> None:
    """Inside AWS Config each waits for the other: a dependency here would deadlock."""
    stack = config_stack(templates)
    by_type = {each["Type"]: name for name, each in stack.resources.items()}
    assert stack.depends[by_type[RECORDER]] == set()
    assert stack.depends[by_type[CHANNEL]] == set()
    assert stack.depends[by_type[RULE]] == {by_type[RECORDER], by_type[CHANNEL]}
    # DependsOn a resource with a condition would be E3005.
    assert not any("DependsOn" in each for each in stack.resources.values())


def test_check_09_an_existing_recorder_is_left_alone(templates: Templates) -> None:
    """AWS Control Tower denies changes to its recorder; there may be only one."""
    stack = config_stack(templates, Recorder="existing")
    assert [each["Type"] for each in stack.resources.values()] == [RULE]
    assert all(not waits for waits in stack.depends.values())
    assert set(stack.outputs) == {"FlowLogRuleName"}


def test_check_10_global_types_are_recorded_in_the_home_region_only(templates: Templates) -> None:
    """Elsewhere they are paid for twice, or refused by newer Regions."""
    for place, scope, wanted in [
        (HOME, "all", True),
        (ELSEWHERE, "all", False),
        (HOME, "network", False),
        (ELSEWHERE, "network", False),
    ]:
        group = config_stack(templates, place, RecordingScope=scope).only(RECORDER)[
            "RecordingGroup"
        ]
        assert group.get("IncludeGlobalResourceTypes", False) is wanted, (place, scope)
        assert group["AllSupported"] is (scope == "all")
        assert not any("::IAM::" in kind for kind in group.get("ResourceTypes", []))


def test_check_11_names_carry_the_prefix_and_are_never_default(templates: Templates) -> None:
    stack = config_stack(templates, NamePrefix="acme")
    names = [
        stack.only(RECORDER)["Name"],
        stack.only(CHANNEL)["Name"],
        stack.only(RULE)["ConfigRuleName"],
    ]
    assert all(name.startswith("acme-") and "default" not in name for name in names)


def test_check_12_the_rule_says_which_traffic_and_how_often(templates: Templates) -> None:
    cases: list[dict[str, str]] = [{}, {"Recorder": "existing"}, {"NamePrefix": "a" * 20}]
    for given in cases:
        rule = config_stack(templates, HOME, TrafficType="REJECT", **given).only(RULE)
        assert rule["InputParameters"] == {"trafficType": "REJECT"}
        assert rule["MaximumExecutionFrequency"] == "Six_Hours"
        assert rule["Source"] == {"Owner": "AWS", "SourceIdentifier": "VPC_FLOW_LOGS_ENABLED"}
        assert 0 < len(rule["Description"]) <= 256


def test_check_48_types_may_be_left_out_or_recorded_at_another_pace(templates: Templates) -> None:
    """Global types stay out elsewhere: this strategy would record them in every Region."""
    given = {"ExcludedTypes": "AWS::EC2::NetworkInterface,AWS::Backup::RecoveryPoint"}
    for place, more in [(HOME, 0), (ELSEWHERE, 4)]:
        group = config_stack(templates, place, **given).only(RECORDER)["RecordingGroup"]
        left_out = group["ExclusionByResourceTypes"]["ResourceTypes"]
        assert group["RecordingStrategy"] == {"UseOnly": "EXCLUSION_BY_RESOURCE_TYPES"}
        assert not group["AllSupported"]
        assert not group["IncludeGlobalResourceTypes"]
        assert set(given["ExcludedTypes"].split(",")) <= set(left_out)
        assert len([each for each in left_out if "::IAM::" in each]) == more
        assert len(left_out) == len(set(left_out)) == 2 + more
    network = config_stack(templates, HOME, **given, RecordingScope="network").only(RECORDER)
    assert "ExclusionByResourceTypes" not in network["RecordingGroup"]
    for usual, other in [("CONTINUOUS", "DAILY"), ("DAILY", "CONTINUOUS")]:
        mode = config_stack(
            templates, RecordingFrequency=usual, OtherFrequencyTypes="AWS::EC2::VPC,AWS::S3::Bucket"
        ).only(RECORDER)["RecordingMode"]
        (one,) = mode["RecordingModeOverrides"]
        assert (mode["RecordingFrequency"], one["RecordingFrequency"]) == (usual, other)
        assert one["ResourceTypes"] == ["AWS::EC2::VPC", "AWS::S3::Bucket"]
    assert "RecordingModeOverrides" not in config_stack(templates).only(RECORDER)["RecordingMode"]


def test_check_48_aws_config_accepts_exclusions_and_frequencies(templates: Templates) -> None:
    for place in (HOME, ELSEWHERE):
        recorder = config_stack(
            templates,
            place,
            ExcludedTypes="AWS::EC2::NetworkInterface",
            OtherFrequencyTypes="AWS::EC2::VPC",
        ).only(RECORDER)
        put = request_for("config", "PutConfigurationRecorder", ConfigurationRecorder=recorder)
        with mock_aws():
            config = boto3.client("config", region_name=place.region)
            config.put_configuration_recorder(**put)
            (made,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
        excluded = made["recordingGroup"]["exclusionByResourceTypes"]["resourceTypes"]
        assert "AWS::EC2::NetworkInterface" in excluded


def test_check_13_config_accepts_recorder_channel_and_start(templates: Templates) -> None:
    """In that order, for each way of recording, and once per account and Region."""
    for scope in ("all", "network"):
        stack = config_stack(templates, RecordingScope=scope, LogArchiveAccountId=LOG_ARCHIVE)
        recorder = stack.only(RECORDER)
        with mock_aws():
            boto3.client("s3").create_bucket(Bucket=stack.outputs["DeliveryBucketName"])
            config = boto3.client("config")
            put = request_for("config", "PutConfigurationRecorder", ConfigurationRecorder=recorder)
            config.put_configuration_recorder(**put)
            with pytest.raises(ClientError, match="NoAvailableDeliveryChannel"):
                config.start_configuration_recorder(ConfigurationRecorderName=recorder["Name"])
            config.put_delivery_channel(
                **request_for("config", "PutDeliveryChannel", DeliveryChannel=stack.only(CHANNEL))
            )
            config.start_configuration_recorder(ConfigurationRecorderName=recorder["Name"])
            (status,) = config.describe_configuration_recorder_status()[
                "ConfigurationRecordersStatus"
            ]
            assert status["recording"]
            put["ConfigurationRecorder"]["name"] = "another"
            with pytest.raises(ClientError, match="MaxNumberOfConfigurationRecorders"):
                config.put_configuration_recorder(**put)


@pytest.mark.slow
def test_check_13_botocore_accepts_every_request(templates: Templates) -> None:
    """Names, types and allowed values are those of the services."""
    config = config_stack(templates)
    flow = remediation_stack(templates)
    request_for("config", "PutConfigRule", ConfigRule=config.only(RULE))
    request_for(
        "config",
        "PutRemediationConfigurations",
        RemediationConfigurations=[flow.only(REMEDIATION)],
    )
    aggregator = resolve(templates.document("org-aggregator")).only(
        "AWS::Config::ConfigurationAggregator"
    )
    request_for("config", "PutConfigurationAggregator", **aggregator)
    for name in ("FlowLogBucket", "ConfigBucket"):
        accept_bucket(resolve(templates.document("log-buckets")).resources[name]["Properties"])
    with mock_aws():
        boto3.client("ssm").create_document(
            **request_for("ssm", "CreateDocument", Name="runbook", **runbook_request(flow))
        )


def accept_bucket(bucket: dict[str, Any]) -> None:
    """Put the parts of a bucket into moto's S3."""
    name = bucket["BucketName"]
    rules = [
        # CloudFormation flattens what the service nests.
        {
            "ID": rule["Id"],
            "Status": rule["Status"],
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": int(rule["ExpirationInDays"])}
            if "ExpirationInDays" in rule
            else {"ExpiredObjectDeleteMarker": rule["ExpiredObjectDeleteMarker"]},
        }
        for rule in bucket["LifecycleConfiguration"]["Rules"]
    ]
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(**request_for("s3", "CreateBucket", Bucket=name))
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})  # type: ignore[typeddict-item]
        s3.put_public_access_block(
            **request_for(
                "s3",
                "PutPublicAccessBlock",
                Bucket=name,
                PublicAccessBlockConfiguration=bucket["PublicAccessBlockConfiguration"],
            )
        )


def runbook_request(stack: Stack) -> dict[str, Any]:
    """Return the document as CloudFormation hands it over."""
    document = stack.only("AWS::SSM::Document")
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in document["Tags"]]
    return {
        "Content": json.dumps(document["Content"]),
        "DocumentType": document["DocumentType"],
        "DocumentFormat": document["DocumentFormat"],
        "Tags": tags,
    }


def test_check_14_remediation_is_patient_and_passes_two_parameters(templates: Templates) -> None:
    """One attempt would turn a single throttled call into an exception for that VPC."""
    automatic = remediation_stack(templates).only(REMEDIATION)
    assert automatic["Automatic"] is True
    assert int(automatic["MaximumAutomaticAttempts"]) >= 2
    assert int(automatic["RetryAttemptSeconds"]) >= 300
    for mode in ("automatic", "manual"):
        remediation = remediation_stack(templates, Remediation=mode).only(REMEDIATION)
        controls = remediation["ExecutionControls"]["SsmControls"]
        assert {*controls} == {"ConcurrentExecutionRatePercentage", "ErrorPercentage"}
        assert set(remediation["Parameters"]) == {"AutomationAssumeRole", "VpcId"}
        assert remediation["Parameters"]["VpcId"] == {"ResourceValue": {"Value": "RESOURCE_ID"}}
        assert remediation["ResourceType"] == "AWS::EC2::VPC"
    assert not {"MaximumAutomaticAttempts", "RetryAttemptSeconds"} & set(remediation)
    assert remediation["Automatic"] is False
    assert not remediation_stack(templates, Remediation="runbook-only").of_type(REMEDIATION)
    with pytest.raises(ValueError, match="MaximumAttempts"):
        remediation_stack(templates, MaximumAttempts="1")


def test_check_14_the_remediation_runs_our_runbook(templates: Templates) -> None:
    stack = remediation_stack(templates, NamePrefix="acme")
    (runbook,) = (n for n, each in stack.resources.items() if each["Type"] == "AWS::SSM::Document")
    remediation = next(n for n, each in stack.resources.items() if each["Type"] == REMEDIATION)
    assert runbook in stack.depends[remediation]
    assert stack.only(REMEDIATION)["ConfigRuleName"] == "acme-vpc-flow-logs-enabled"


def test_check_15_the_document_is_replaced_by_versions(templates: Templates) -> None:
    """Replace would delete it while a remediation runs; a fixed name cannot be replaced."""
    document = remediation_stack(templates).only("AWS::SSM::Document")
    assert document["UpdateMethod"] == "NewVersion"
    assert document["DocumentFormat"] == "JSON"
    assert document["DocumentType"] == "Automation"
    assert "Name" not in document
    parameters = document["Content"]["parameters"]
    for name in ("VpcId", "AutomationAssumeRole"):
        pattern = parameters[name]["allowedPattern"]
        assert pattern.startswith("^")
        assert pattern.endswith("$")
    without_default = {name for name, each in parameters.items() if "default" not in each}
    assert without_default == {"AutomationAssumeRole", "VpcId"}
