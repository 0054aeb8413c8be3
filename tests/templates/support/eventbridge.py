"""The rules of tamper-events in moto's EventBridge, which matches events and delivers them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
from moto import mock_aws

from tests.templates.support.reading import Templates
from tests.templates.support.resolving import MEMBER, Place, Stack, resolve
from tests.templates.support.sessions import default_session, session_for

RULE = "AWS::Events::Rule"
DETAIL_TYPE = "AWS API Call via CloudTrail"
PERSON = {
    "type": "IAMUser",
    "principalId": "AIDACKCEVSQ6C2EXAMPLE",
    "arn": f"arn:aws:iam::{MEMBER}:user/JohnDoe",
    "accountId": MEMBER,
    "userName": "JohnDoe",
}
"""Who calls, as in the examples of AWS Config's developer guide."""


def session_of(role: str) -> dict[str, Any]:
    """Return a caller who is a session of a role (CloudTrail user guide, userIdentity element)."""
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{MEMBER}:assumed-role/{role}/session",
        "accountId": MEMBER,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": f"arn:aws:iam::{MEMBER}:role/{role}",
                "accountId": MEMBER,
                "userName": role,
            }
        },
    }


def event_of(call: Mapping[str, Any], who: Mapping[str, Any] = PERSON) -> dict[str, Any]:
    """Return a call as an entry of PutEvents."""
    detail = {
        "eventSource": f"{call['service']}.amazonaws.com",
        "eventName": call["event"],
        "eventID": str(uuid4()),
        "eventType": "AwsApiCall",
        "userIdentity": who,
        "requestParameters": call["request"],
        "awsRegion": Place().region,
        "recipientAccountId": MEMBER,
    }
    return {
        "Source": f"aws.{call['service']}",
        "DetailType": DETAIL_TYPE,
        "Detail": json.dumps(detail),
    }


@dataclass(frozen=True)
class Region:
    """The default bus of an account and Region with rules, each of which writes to a log group."""

    session: boto3.Session

    def told(self, entries: Sequence[dict[str, Any]]) -> list[set[str]]:
        """Return, for each event, the rules that it sets off."""
        events, logs = self.session.client("events"), self.session.client("logs")
        for start in range(0, len(entries), 10):
            answer = events.put_events(Entries=list(entries[start : start + 10]))
            assert not any("ErrorCode" in each for each in answer["Entries"])
        told: dict[str, set[str]] = {}
        for group in logs.describe_log_groups()["logGroups"]:
            name = group["logGroupName"]
            for heard in logs.filter_log_events(logGroupName=name)["events"]:
                which = json.loads(heard["message"])["detail"]["eventID"]
                told.setdefault(which, set()).add(name.rpartition("-tamper-")[2])
        return [told.get(json.loads(each["Detail"])["eventID"], set()) for each in entries]


@contextmanager
def region(templates: Templates, place: Place | None = None, **given: str) -> Iterator[Region]:
    """Begin with the rules as the template puts them there."""
    where = place or Place()
    stack = resolve(templates.document("tamper-events"), where, **given)
    with mock_aws(), default_session(where):
        session = session_for(where, inside(where.account))
        put_rules(session, stack)
        yield Region(session)


def put_rules(session: boto3.Session, stack: Stack) -> None:
    """Put every rule of a stack, with a log group of the rule's name for a target."""
    events, logs = session.client("events"), session.client("logs")
    for rule in stack.of_type(RULE):
        name = rule["Name"]
        logs.create_log_group(logGroupName=name)
        arn = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["logGroupArn"]
        events.put_rule(Name=name, EventPattern=json.dumps(rule["EventPattern"]))
        events.put_targets(Rule=name, Targets=[{"Id": "log", "Arn": arn}])


def inside(account: str) -> dict[str, str]:
    """Return credentials of an account."""
    arn = f"arn:aws:iam::{account}:role/any"
    keys = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
