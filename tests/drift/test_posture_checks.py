"""A template's checks, for one stack instance with its own parameters."""

import json

import pytest

from orgrollout.drift.posture_checks import checks_for
from orgrollout.manifest.template.builtin import builtin_path
from orgrollout.manifest.template.read import builtin_template
from orgrollout.manifest.template.template import Template
from orgrollout.model.content import content_digest
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.checks.vpc_flow_logs import FlowLogs
from tests.templates.support.reading import parse
from tests.templates.support.resolving import Place, resolve

PAIR = Pair(AccountId("123456789012"), Region("eu-west-1"))
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/StackSet-base-1/1"
CONFIG, FLOW_LOGS = builtin_template("config-regional"), builtin_template("flowlogs-remediation")
RULE = "acme-vpc-flow-logs-enabled"


def checks(template: Template, pair: Pair = PAIR, **given: str) -> dict[str, PostureCheck]:
    defaults = {p.name: p.default or "" for p in template.parameters.values()}
    parameters = {**defaults, "NamePrefix": "acme", **given}
    found = list(checks_for(template, parameters, pair, STACK))
    assert len({each.label for each in found}) == len(found)
    return {each.name: each for each in found}


def test_arguments_are_the_effective_parameters_of_the_pair() -> None:
    found = checks(CONFIG)
    assert found["config-recorder"].arguments == {"recorder": "acme-recorder"}
    assert found["config-rule"].arguments == {"rule": RULE}
    assert checks(CONFIG, NamePrefix="other")["config-rule"].arguments["rule"].startswith("other-")


def test_conditions_depend_on_parameters() -> None:
    """Where the recorder belongs to others, any will do; without a remediation none is started."""
    assert checks(CONFIG, Recorder="existing")["config-recorder"].arguments == {}
    usual = checks(FLOW_LOGS)["vpc-flow-logs"].arguments
    assert {"traffic": "ALL", "rule": RULE}.items() <= usual.items()
    by_hand = checks(FLOW_LOGS, Remediation="runbook-only", TrafficType="REJECT")
    assert by_hand["vpc-flow-logs"].arguments["traffic"] == "REJECT"
    assert "rule" not in by_hand["vpc-flow-logs"].arguments
    assert "config-compliance" not in by_hand


def test_flow_logs_of_ours_are_compared_with_the_effective_parameters() -> None:
    """All that the runbook gives them; a field by name comes after the format."""
    given = {
        "MaxAggregationInterval": "60",
        "LogFormat": "${version} ${account-id}",
        "MoreFields": "reject-reason",
        "FileFormat": "plain-text",
        "HivePartitions": "false",
        "FlowLogFolder": "team",
        "OtherFlowLogs": "ignore",
    }
    arguments = checks(FLOW_LOGS, PAIR, **given)["vpc-flow-logs"].arguments
    assert arguments["others"] == "ignore"
    settings = FlowLogs.model_validate(arguments).settings
    assert settings.prefix == "acme"
    assert settings.destination.endswith("-an/team")
    assert settings.wanted == {
        "TrafficType": "ALL",
        "MaxAggregationInterval": "60",
        "LogFormat": "${version} ${account-id} ${reject-reason}",
        "FileFormat": "plain-text",
        "HiveCompatiblePartitions": "false",
        "PerHourPartition": "true",
    }


@pytest.mark.parametrize(
    ("given", "folder", "place"),
    [
        ("theirs", "", "theirs"),
        ("theirs/", "", "theirs/"),
        ("theirs", "team/a", "theirs/team/a"),
        ("theirs/", "team/a", "theirs/team/a"),
        ("theirs/logs/", "team", "theirs/logs/team"),
    ],
)
def test_a_slash_at_the_end_of_the_bucket_makes_no_folder_without_a_name(
    given: str, folder: str, place: str
) -> None:
    """EC2's guide writes it so, and `bucket//folder` is another folder than `bucket/folder`."""
    parameters = {"FlowLogBucketArn": f"arn:aws:s3:::{given}", "FlowLogFolder": folder}
    arguments = checks(FLOW_LOGS, PAIR, **parameters)["vpc-flow-logs"].arguments
    assert arguments["destination"] == f"arn:aws:s3:::{place}"


def test_the_expected_runbook_is_computed_as_cloudformation_does() -> None:
    """Checked against the evaluator that the tests of templates use."""
    source = parse(builtin_path("flowlogs-remediation").read_text())
    settings: tuple[dict[str, str], ...] = (
        {},
        {"Destination": "cloud-watch-logs", "RetentionInDays": "30"},
        {"LogArchiveAccountId": "111122223333", "MaxAggregationInterval": "60"},
        {"FlowLogBucketArn": "arn:aws:s3:::theirs"},
        {"FlowLogBucketArn": "arn:aws:s3:::theirs/a/", "FlowLogFolder": "team"},
    )
    for given in settings:
        stack = resolve(source, Place(PAIR.account, PAIR.region), NamePrefix="acme", **given)
        content = json.loads(json.dumps(stack.only("AWS::SSM::Document")["Content"]))
        found = checks(FLOW_LOGS, PAIR, **given)["ssm-document"].arguments
        assert found == {"resource": "Runbook", "stack": STACK, "digest": content_digest(content)}


def test_content_differs_by_place_and_by_parameter() -> None:
    here = checks(FLOW_LOGS)["ssm-document"].arguments["digest"]
    elsewhere = Pair(AccountId("210987654321"), PAIR.region)
    assert checks(FLOW_LOGS, elsewhere)["ssm-document"].arguments["digest"] != here
    assert checks(FLOW_LOGS, TrafficType="REJECT")["ssm-document"].arguments["digest"] != here


def test_a_check_with_values_that_only_cloudformation_knows_has_no_digest() -> None:
    found = checks(FLOW_LOGS, LogGroupKmsKeyArn="{{resolve:ssm:key}}")
    assert "digest" not in found["ssm-document"].arguments


def test_numbers_and_booleans_count_as_text() -> None:
    """Whether CloudFormation passes them on as such is not documented."""
    assert content_digest({"a": 300, "b": True}) == content_digest({"a": "300", "b": "true"})
    assert content_digest({"a": [1]}) != content_digest({"a": [2]})
