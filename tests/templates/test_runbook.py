"""Checks 16 to 25 and 37: the runbook, executed step by step (49 is in test_untidy)."""

import ast
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.templates.support.fitting import unknown_names
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import resolve
from tests.templates.support.runbook import RefusedError, StepFailedError, run
from tests.templates.support.world import BUCKET, LOG_GROUPS, OUR_TAG, World, world, writes

PUBLISHED = Path(__file__).parent / "published"
BOTH = (BUCKET, LOG_GROUPS)


def script_of(templates: Templates) -> str:
    stack = resolve(templates.document("flowlogs-remediation"))
    (step, *_) = stack.only("AWS::SSM::Document")["Content"]["mainSteps"]
    script: str = step["inputs"]["Script"]
    return script


def test_check_16_the_script_needs_only_what_the_runtime_has(templates: Templates) -> None:
    """Systems Manager offers boto3 and botocore, and fills in whatever stands in double braces."""
    script = script_of(templates)
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(script))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= {"boto3", "botocore", *sys.stdlib_module_names}
    assert "{{" not in script
    assert "}}" not in script


def assert_one_log(world: World) -> dict[str, Any]:
    """Run once, and expect exactly one active flow log."""
    execution = world.run()
    (log,) = world.flow_logs()
    assert log["FlowLogStatus"] == "ACTIVE"
    assert log.get("DeliverLogsStatus") == "SUCCESS"
    assert execution.steps == ["EnsureFlowLog", "HasFlowLog", "VerifyFlowLog"]
    assert execution.outputs["EnsureFlowLog.Outcome"] == "created"
    assert execution.outputs["EnsureFlowLog.FlowLogId"] == log["FlowLogId"]
    return log


@pytest.mark.slow
def test_check_17_a_vpc_without_a_log_gets_one(templates: Templates) -> None:
    """As configured, for each destination."""
    chosen = {"TrafficType": "REJECT", "MaxAggregationInterval": "60", "NamePrefix": "orgrollout"}
    for destination in BOTH:
        with world(templates, {**destination, **chosen}) as account:
            log = assert_one_log(account)
            assert log["TrafficType"] == "REJECT"
            assert log["MaxAggregationInterval"] == 60
            assert len(log["LogFormat"].split()) == 27
            assert {"Key": "orgrollout:name-prefix", "Value": "orgrollout"} in log["Tags"]
            if destination is BUCKET:
                expected = account.content()["parameters"]["BucketArn"]["default"]
                assert log["LogDestination"] == expected
                assert account.log_groups() == {}
            else:
                assert log["LogGroupName"] == account.log_group
                assert log["DeliverLogsPermissionArn"].endswith("/orgrollout-flowlogs-delivery")
                assert account.log_groups() == {account.log_group: 365}


def test_check_17_the_bucket_gets_files_as_configured(templates: Templates) -> None:
    """A role for delivery is refused for buckets."""
    cases = [
        ({}, ("parquet", True, True)),
        (
            {"FileFormat": "plain-text", "HivePartitions": "false", "HourlyPartitions": "false"},
            ("plain-text", False, False),
        ),
    ]
    for given, (file_format, hive, hourly) in cases:
        with world(templates, dict(given)) as account:
            requests = dict(account.run().requests)
            made = requests["ec2:CreateFlowLogs"]
            assert made["DestinationOptions"] == {
                "FileFormat": file_format,
                "HiveCompatiblePartitions": hive,
                "PerHourPartition": hourly,
            }
            assert "DeliverLogsPermissionArn" not in made


def test_check_48_fields_beyond_version_5_are_given_by_name(templates: Templates) -> None:
    """They come after the format, and a name that there is not is refused before deployment."""
    with world(templates, {"MoreFields": "reject-reason,ecs-task-id"}) as account:
        account.run()
        (log,) = account.flow_logs()
        assert log["LogFormat"].split()[-2:] == ["${reject-reason}", "${ecs-task-id}"]
        assert len(log["LogFormat"].split()) == 29
        assert account.run().outputs["EnsureFlowLog.Outcome"] == "present"
    for wrong in ("reject_reason", "reject-reason,", "reject-reason ecs-task-id", "rejectreason"):
        with pytest.raises(ValueError, match="MoreFields"):
            resolve(templates.document("flowlogs-remediation"), MoreFields=wrong)


def test_check_17_requests_use_the_documented_names(templates: Templates) -> None:
    """DescribeFlowLogs takes `Filter`; that botocore lets `Filters` pass is a courtesy."""
    for destination in BOTH:
        with world(templates, destination) as account:
            for call, params in account.run().requests:
                assert unknown_names(call, params) == set(), call


def assert_second_run_changes_nothing(world: World) -> None:
    world.run()
    before = (world.flow_logs(), world.log_groups())
    again = world.run()
    assert (world.flow_logs(), world.log_groups()) == before
    assert writes(again) == []
    assert again.outputs["EnsureFlowLog.Outcome"] == "present"


@pytest.mark.slow
def test_check_18_a_second_run_changes_nothing_and_succeeds(templates: Templates) -> None:
    """AWS Config starts it again after every failure, and whenever it looks before EC2 knows."""
    for destination in BOTH:
        with world(templates, destination) as account:
            assert_second_run_changes_nothing(account)


def test_check_18_a_run_that_lost_the_race_succeeds(templates: Templates) -> None:
    """EC2 answers FlowLogAlreadyExists before it lists what the other run made."""
    with world(templates) as account:
        script = script_of(templates)
        content = account.content()
        # The first look of the second run comes too early.
        content["mainSteps"][0]["inputs"]["Script"] = script.replace(
            "    logs = look(ec2, events)\n    ours", "    logs = []\n    ours"
        )
        assert content["mainSteps"][0]["inputs"]["Script"] != script
        account.run()
        given = {"AutomationAssumeRole": "arn:aws:iam::123456789012:role/r"}
        late = run(content, {**given, "VpcId": account.vpc_id})
        assert late.outputs["EnsureFlowLog.Outcome"] == "present"
        assert len(account.flow_logs()) == 1


def test_check_19_a_satisfying_log_of_another_team_is_enough(templates: Templates) -> None:
    for destination in BOTH:
        with world(templates, destination) as account:
            theirs = account.add_flow_log()
            before = account.flow_logs()
            execution = account.run()
            assert account.flow_logs() == before
            assert account.log_groups() == {}
            assert writes(execution) == []
            assert execution.outputs["EnsureFlowLog.FlowLogId"] == theirs


def test_check_19_where_others_are_to_be_ignored_theirs_stays_and_ours_is_made_besides(
    templates: Templates,
) -> None:
    """For whoever wants flow logs in one place: one that somebody turned elsewhere is none."""
    for destination in BOTH:
        with world(templates, {**destination, "OtherFlowLogs": "ignore"}) as account:
            theirs = account.add_flow_log()
            account.run()
            assert len(account.flow_logs()) == 2
            assert theirs in {log["FlowLogId"] for log in account.flow_logs()}
            before = account.flow_logs()
            account.run()
            assert account.flow_logs() == before


@pytest.mark.slow
def test_check_20_all_covers_accept_and_reject_but_not_the_reverse(templates: Templates) -> None:
    kinds = ("ALL", "ACCEPT", "REJECT")
    for there in kinds:
        for wanted in kinds:
            with world(templates, {"TrafficType": wanted}) as account:
                account.add_flow_log(traffic=there)
                account.run()
                enough = there in ("ALL", wanted)
                found = [log["TrafficType"] for log in account.flow_logs()]
                assert found == ([there] if enough else [there, wanted])


def test_check_21_an_existing_log_group_is_reused(templates: Templates) -> None:
    """Its retention is somebody's decision, unless nobody made one."""
    for before, after in [(None, 365), (7, 7)]:
        with world(templates, LOG_GROUPS) as account:
            logs = boto3.client("logs")
            logs.create_log_group(logGroupName=account.log_group)
            # A longer name with the same beginning must not be taken for it.
            logs.create_log_group(logGroupName=account.log_group + "-old")
            logs.put_retention_policy(logGroupName=account.log_group + "-old", retentionInDays=1)
            if before:
                logs.put_retention_policy(logGroupName=account.log_group, retentionInDays=before)
            account.run()
            assert account.log_groups()[account.log_group] == after
            assert len(account.flow_logs()) == 1


def test_check_22_a_failure_inside_the_answer_fails_the_run(templates: Templates) -> None:
    """EC2 answers 200 and puts the failure into `Unsuccessful`."""
    with world(templates, {"FlowLogBucketArn": "arn:aws:s3:::nobody-has-this"}) as account:
        with pytest.raises(StepFailedError, match=r"400: LogDestination: nobody-has-this"):
            account.run()
        assert account.flow_logs() == []


def test_check_23_a_vpc_that_is_gone_or_shared_is_left_alone(templates: Templates) -> None:
    """A participant cannot log a shared VPC; its owner does."""
    for destination in BOTH:
        with world(templates, destination) as account:
            gone = account.run(vpc_id="vpc-0123456789abcdef0")
            shared = account.run(account="222222222222")
            for execution in (gone, shared):
                assert execution.outputs["EnsureFlowLog.Outcome"] == "skipped"
                assert execution.steps == ["EnsureFlowLog", "HasFlowLog"]
                assert writes(execution) == []
            assert account.flow_logs() == []
            assert account.log_groups() == {}


def test_check_24_an_own_log_that_cannot_deliver_fails_the_run(templates: Templates) -> None:
    """A second one would fail as well, and look like success."""
    with world(templates, LOG_GROUPS) as account:
        boto3.client("ec2").create_flow_logs(  # its group is missing, so moto marks it FAILED
            ResourceIds=[account.vpc_id],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=account.log_group,
            DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/orgrollout-flowlogs-delivery",
            LogFormat=account.content()["parameters"]["LogFormat"]["default"],
            TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [OUR_TAG]}],
        )
        with pytest.raises(StepFailedError, match="cannot deliver: Access error"):
            account.run()
        assert len(account.flow_logs()) == 1


def test_check_25_a_bad_vpc_id_is_refused_before_any_call(templates: Templates) -> None:
    for bad in (
        "",
        "vpc-",
        "vpc-XYZ12345",
        "subnet-0123abcd",
        "vpc-0123abcd,vpc-1",
        "x vpc-0123abcd",
    ):
        with world(templates) as account:
            with pytest.raises(RefusedError, match="VpcId"):
                account.run(vpc_id=bad or " ")
            assert account.flow_logs() == []


@pytest.mark.slow
def test_check_37_the_same_checks_reject_the_published_recipe(templates: Templates) -> None:
    """Otherwise they would prove nothing about ours."""
    name = "flowlogs-remediation"
    wrong = templates.replaced(name, (PUBLISHED / "unknown-parameter.yaml").read_text("utf-8"))
    with (
        world(wrong) as account,
        pytest.raises(StepFailedError, match=r'Unknown parameter in input: "ResourceId.1"'),
    ):
        assert_one_log(account)
    once = templates.replaced(name, (PUBLISHED / "works-once.yaml").read_text("utf-8"))
    with world(once) as account:
        with pytest.raises(StepFailedError, match="ResourceAlreadyExistsException"):
            assert_second_run_changes_nothing(account)
        assert len(account.flow_logs()) == 1
