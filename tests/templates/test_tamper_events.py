"""Checks 60 to 62: what is told, what is not, and in which Regions."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.templates.support.eventbridge import PERSON, RULE, event_of, region, session_of
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import AUDIT, Place, resolve

CALLS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("tamper_calls.yaml").read_text("utf-8")
)
TAMPERING = [each for each in CALLS if "rule" in each]
HARMLESS = [each for each in CALLS if "rule" not in each]
ROOT = {"type": "Root", "arn": "arn:aws:iam::123456789012:root", "accountId": "123456789012"}
OURS = (
    "stacksets-exec-c2f6a349c14169d235450f9b214de3d1",
    "AWSCloudFormationStackSetExecutionRole",
    "orgrollout-resync",
    "orgrollout-flowlogs-remediation",
)
ALMOST_OURS = ("orgrollout-resync-2", "my-stacksets-exec-1", "orgrollout-probe", "Admin")
LEFT_OUT = {"OwnCalls": "left-out"}
PATTERN_LIMIT = 2048  # characters of an event pattern (EventBridge quotas)


def test_check_60_each_tampering_is_told_by_one_rule(templates: Templates) -> None:
    """Also where our own calls are left out: a person's, a root user's and another role's."""
    for given in ({}, LEFT_OUT):
        tried = [(call, who) for call in TAMPERING for who in (PERSON, ROOT, session_of("Admin"))]
        with region(templates, Place(), **given) as here:
            told = here.told([event_of(*each) for each in tried])
        assert told == [{call["rule"]} for call, _ in tried]


def test_check_60_every_call_that_a_rule_names_is_tried(templates: Templates) -> None:
    """A name with a slip of the pen would match nothing for ever."""
    stack = resolve(templates.document("tamper-events"))
    named = {
        (rule["Name"].removeprefix("orgrollout-tamper-"), event)
        for rule in stack.of_type(RULE)
        for event in rule["EventPattern"]["detail"]["eventName"]
    }
    assert named == {(each["rule"], each["event"]) for each in TAMPERING}
    for rule in resolve(templates.document("tamper-events"), Place(), **LEFT_OUT).of_type(RULE):
        assert len(json.dumps(rule["EventPattern"])) <= PATTERN_LIMIT


def test_check_60_a_call_that_was_refused_is_told_too(templates: Templates) -> None:
    """A caller whom a service control policy stopped has tried."""
    with region(templates) as here:
        event = event_of(TAMPERING[0])
        detail = {**json.loads(event["Detail"]), "errorCode": "Client.UnauthorizedOperation"}
        assert here.told([{**event, "Detail": json.dumps(detail)}]) == [{"flow-logs"}]


def test_check_61_what_is_no_tampering_is_not_told(templates: Templates) -> None:
    with region(templates) as here:
        told = here.told([event_of(call) for call in HARMLESS])
    assert told == [set()] * len(HARMLESS)


def test_check_61_our_own_calls_are_told_unless_they_are_left_out(templates: Templates) -> None:
    """A name is no proof: a caller who may make roles may give one of our names."""
    by_ours = [event_of(TAMPERING[0], session_of(role)) for role in OURS]
    with region(templates) as here:
        assert here.told(by_ours) == [{"flow-logs"}] * len(OURS)
    all_by_ours = [event_of(call, session_of(role)) for call in TAMPERING for role in OURS]
    by_others = [event_of(TAMPERING[0], session_of(role)) for role in ALMOST_OURS]
    with region(templates, Place(), **LEFT_OUT) as here:
        assert here.told(all_by_ours) == [set()] * len(all_by_ours)
        assert here.told(by_others) == [{"flow-logs"}] * len(by_others)


IAM_REGIONS = {"us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"}


def test_check_62_changes_of_roles_are_told_where_iam_is_heard(templates: Templates) -> None:
    """IAM's calls arrive in one Region of a partition; a rule elsewhere would wait for ever."""
    elsewhere = {"eu-west-1", "us-west-2", "cn-northwest-1", "us-gov-east-1"}
    for name in IAM_REGIONS | elsewhere:
        stack = resolve(templates.document("tamper-events"), Place(region=name))
        rules = {rule["Name"] for rule in stack.of_type(RULE)}
        assert ("orgrollout-tamper-roles" in rules) == (name in IAM_REGIONS), name
        assert len(rules) == 4 + (name in IAM_REGIONS)


def test_check_62_each_rule_tells_the_bus_or_a_topic_beside_it(templates: Templates) -> None:
    """And one place only: with a bus there is no topic."""
    place = Place(region="eu-west-1")
    bus = resolve(templates.document("tamper-events"), place, BusAccountId=AUDIT)
    alone = resolve(templates.document("tamper-events"), place)
    for stack, kind in ((bus, "event-bus/orgrollout-tamper"), (alone, "orgrollout-tamper")):
        arns = {target["Arn"] for rule in stack.of_type(RULE) for target in rule["Targets"]}
        assert arns == {stack.outputs["TellsWhere"]}
        assert stack.outputs["TellsWhere"].endswith(f":{kind}")
    assert not bus.of_type("AWS::SNS::Topic")
    (policy,) = alone.of_type("AWS::SNS::TopicPolicy")
    assert policy["Topics"] == [alone.outputs["TellsWhere"]]
