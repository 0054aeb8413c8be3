"""Flow logs that the runbook made are compared with what is configured; those of others are not."""

from typing import Any

import pytest

from orgrollout.posture.checks.vpc_flow_logs import FlowLogs, judge, look
from orgrollout.posture.definition import Call
from orgrollout.posture.seen import PostureState

BUCKET = "arn:aws:s3:::logs"
WANTED = FlowLogs(
    traffic="ALL",
    rule="r",
    destination=BUCKET,
    others="count",
    ours="acme",
    interval="600",
    format="${version} ${account-id}",
    more_fields="reject-reason",
    file_format="parquet",
    hive_partitions="true",
    hourly_partitions="true",
)
RIGHT: dict[str, Any] = {
    "FlowLogId": "fl-1",
    "ResourceId": "vpc-1",
    "FlowLogStatus": "ACTIVE",
    "TrafficType": "ALL",
    "LogDestination": BUCKET,
    "LogFormat": "${version} ${account-id} ${reject-reason}",
    "MaxAggregationInterval": 600,
    "DestinationOptions": {
        "FileFormat": "parquet",
        "HiveCompatiblePartitions": True,
        "PerHourPartition": True,
    },
    "Tags": [{"Key": "orgrollout:name-prefix", "Value": "acme"}],
}


@pytest.mark.parametrize(
    ("changed", "differences"),
    [
        ({}, ()),
        ({"MaxAggregationInterval": 60}, ("MaxAggregationInterval",)),
        ({"LogFormat": "${version} ${account-id}"}, ("LogFormat",)),
        ({"DestinationOptions": {"FileFormat": "plain-text"}}, ("FileFormat",)),
        ({"DestinationOptions": {"PerHourPartition": False}}, ("PerHourPartition",)),
        ({"DestinationOptions": None}, ()),
        ({"LogDestination": "arn:aws:s3:::former"}, ("LogDestination",)),
        ({"LogDestination": f"{BUCKET}/"}, ()),
        ({"MaxAggregationInterval": 60, "Tags": []}, ()),
        (
            {
                "MaxAggregationInterval": 60,
                "Tags": [{"Key": "orgrollout:name-prefix", "Value": "x"}],
            },
            (),
        ),
        (
            {
                "MaxAggregationInterval": 60,
                "Tags": [*RIGHT["Tags"], {"Key": "aws:cloudformation:stack-id", "Value": "s"}],
            },
            (),
        ),
    ],
)
def test_what_differs_from_the_settings_is_named_for_logs_of_ours_only(
    changed: dict[str, Any], differences: tuple[str, ...]
) -> None:
    assert WANTED.settings.differences({**RIGHT, **changed}) == differences


class Account:
    """A reader of one account."""

    account: Any = "111122223333"

    def __init__(self, *logs: dict[str, Any]) -> None:
        self._logs = list(logs)

    def one(self, call: Call, **_: Any) -> dict[str, Any]:
        raise AssertionError(call.api)

    def all(self, call: Call, **_: Any) -> list[dict[str, Any]]:
        vpcs = [{"VpcId": "vpc-1", "OwnerId": self.account}]
        return {"ec2:DescribeVpcs": vpcs, "ec2:DescribeFlowLogs": self._logs}[call.api]


def test_a_log_of_ours_with_other_settings_is_replaced_by_the_remediation() -> None:
    """AWS Config is content with it, so that nothing else would ever start the runbook."""
    seen = look(Account({**RIGHT, "MaxAggregationInterval": 60}), WANTED)
    assert (seen.state, seen.subjects) == (PostureState.BROKEN, ("vpc-1",))
    assert seen.reason == "fl-1 in vpc-1 is not as configured: MaxAggregationInterval"
    assert look(Account(RIGHT), WANTED).state is PostureState.OK


def test_what_is_covered_elsewhere_is_counted() -> None:
    theirs = {**RIGHT, "LogDestination": "arn:aws:s3:::theirs", "Tags": []}
    seen = look(Account(theirs), WANTED)
    assert seen.state is PostureState.OK
    assert seen.reason == "1 of 1 VPCs have flow logs, 1 of them covered elsewhere"
    only_ours = WANTED.model_copy(update={"others": "ignore"})
    assert look(Account(theirs), only_ours).state is PostureState.BROKEN
    assert judge(("vpc-1",), (), "ALL").state is PostureState.BROKEN


def test_a_value_that_only_the_account_knows_is_no_difference() -> None:
    unknown = WANTED.model_copy(update={"interval": "{{resolve:ssm:x}}"})
    assert unknown.settings.differences({**RIGHT, "MaxAggregationInterval": 60}) == ()
