"""LookupEvents in the shapes and limits that AWS documents."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import ACCOUNTS, HOME, ORGANIZATION

ONE = ACCOUNTS[0]
OTHER = "eu-west-1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(ORGANIZATION) as made:
        yield made


def lookup(sandbox: Sandbox, region: str = HOME, **asked: Any) -> dict[str, Any]:
    sandbox.clock.sleep(timedelta(seconds=1))  # two a second are allowed
    found: dict[str, Any] = sandbox.session(ONE, region).client("cloudtrail").lookup_events(**asked)
    return found


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def names(answer: dict[str, Any]) -> list[str]:
    return [event["EventName"] for event in answer["Events"]]


def test_a_change_is_an_event_in_its_account_and_region(sandbox: Sandbox) -> None:
    client = sandbox.session(ONE, HOME, user="carol").client("logs")
    client.create_log_group(logGroupName="g")
    client.put_retention_policy(logGroupName="g", retentionInDays=7)
    client.describe_log_groups()

    answer = lookup(sandbox)
    newest = answer["Events"][0]
    told = json.loads(newest["CloudTrailEvent"])

    assert names(answer) == ["PutRetentionPolicy", "CreateLogGroup"]
    assert (newest["EventSource"], newest["Username"]) == ("logs.amazonaws.com", "carol")
    assert newest["ReadOnly"] == "false"
    assert newest["Resources"] == [{"ResourceType": "AWS::Logs::LogGroup", "ResourceName": "g"}]
    assert told["userIdentity"]["type"] == "IAMUser"
    assert told["userIdentity"]["userName"] == "carol"
    assert told["requestParameters"] == {"logGroupName": "g", "retentionInDays": 7}
    assert (told["eventID"], told["awsRegion"]) == (newest["EventId"], HOME)
    assert lookup(sandbox, OTHER)["Events"] == []


def test_events_are_found_by_one_attribute_and_by_time(sandbox: Sandbox) -> None:
    client = sandbox.session(ONE, HOME, user="root").client("logs")
    client.create_log_group(logGroupName="g")
    sandbox.clock.sleep(timedelta(hours=1))
    between = sandbox.clock.now()
    sandbox.clock.sleep(timedelta(hours=1))
    client.create_log_group(logGroupName="h")

    assert names(lookup(sandbox, **by("ResourceName", "g"))) == ["CreateLogGroup"]
    assert names(lookup(sandbox, **by("EventName", "DeleteLogGroup"))) == []
    assert len(names(lookup(sandbox, **by("EventSource", "logs.amazonaws.com")))) == 2
    assert len(names(lookup(sandbox, **by("Username", "root")))) == 2
    assert len(names(lookup(sandbox, StartTime=between))) == 1
    assert len(names(lookup(sandbox, EndTime=between))) == 1
    with pytest.raises(Exception, match="StartTime must be before EndTime") as wrong:
        lookup(sandbox, StartTime=between, EndTime=between - timedelta(hours=1))
    assert wrong.type.__name__ == "InvalidTimeRangeException"
    two = [*by("EventName", "a")["LookupAttributes"], *by("EventName", "b")["LookupAttributes"]]
    with pytest.raises(Exception, match="only one lookup attribute") as several:
        lookup(sandbox, LookupAttributes=two)
    assert several.type.__name__ == "InvalidLookupAttributesException"


def test_pages_hold_50_and_two_a_second_are_allowed(sandbox: Sandbox) -> None:
    sandbox.busy_trail(ONE, HOME, source="sns.amazonaws.com", count=120)
    first = lookup(sandbox)
    second = lookup(sandbox, NextToken=first["NextToken"])
    third = lookup(sandbox, NextToken=second["NextToken"])

    assert [len(page["Events"]) for page in (first, second, third)] == [50, 50, 20]
    assert "NextToken" not in third
    with pytest.raises(Exception, match="NextToken"):
        lookup(sandbox, NextToken=first["NextToken"], **by("EventName", "ListTopics"))
    client = sandbox.session(ONE, HOME).client("cloudtrail")
    sandbox.clock.sleep(timedelta(seconds=1))
    for _ in range(2):
        client.lookup_events()
    with pytest.raises(Exception, match="Rate exceeded"):
        client.lookup_events()


def test_events_of_iam_are_in_one_region_and_all_are_kept_90_days(sandbox: Sandbox) -> None:
    iam = sandbox.session(ONE, OTHER, role="Admin", name="bob").client("iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))

    assert names(lookup(sandbox, OTHER)) == []
    assert names(lookup(sandbox, "us-east-1")) == ["CreateRole"]
    sandbox.clock.sleep(timedelta(days=90))
    assert names(lookup(sandbox, "us-east-1")) == []


def test_a_request_that_failed_is_an_event_with_its_error(sandbox: Sandbox) -> None:
    client = sandbox.session(ONE, HOME).client("logs")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_log_group(logGroupName="none")

    (event,) = lookup(sandbox)["Events"]

    assert json.loads(event["CloudTrailEvent"])["errorCode"] == "ResourceNotFoundException"
