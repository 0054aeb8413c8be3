"""Checks 63 and 64: tampering reaches the bus of another account, and only tampering does."""

import json
from typing import Any

from moto import mock_aws

from tests.templates.support.eventbridge import RULE, event_of, inside
from tests.templates.support.policies import Request, actions, allows, statements_of
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import AUDIT, MEMBER, ORGANIZATION, Place, Stack, resolve
from tests.templates.support.sessions import default_session, session_for
from tests.templates.test_tamper_events import TAMPERING

FROM, TO = Place(MEMBER, "eu-west-1"), Place(AUDIT, "us-east-1")
SENDER = f"arn:aws:iam::{MEMBER}:role/orgrollout-tamper-events"
TAMPER_RULE = f"arn:aws:events:eu-west-1:{MEMBER}:rule/orgrollout-tamper-roles"


def bus_of(templates: Templates) -> Stack:
    return resolve(templates.document("tamper-bus"), TO)


def test_check_63_one_event_in_an_account_is_told_by_the_bus_of_another(
    templates: Templates,
) -> None:
    """Every rule's own target, across account and Region; the topic is what the bus tells."""
    stack = resolve(templates.document("tamper-events"), FROM, BusAccountId=AUDIT)
    with mock_aws(), default_session(FROM):
        there, here = (session_for(place, inside(place.account)) for place in (TO, FROM))
        heard = listening(there, bus_of(templates))
        events = here.client("events")
        for rule in stack.of_type(RULE):
            events.put_rule(Name=rule["Name"], EventPattern=json.dumps(rule["EventPattern"]))
            events.put_targets(Rule=rule["Name"], Targets=rule["Targets"])
        tried = [each for each in TAMPERING if each["service"] != "iam"]
        for call in tried:
            events.put_events(Entries=[event_of(call)])
        assert [event["detail"]["eventName"] for event in heard()] == [c["event"] for c in tried]


def listening(session: Any, stack: Stack) -> Any:
    """Make the bus as the template does; return a function that reads what its rule tells."""
    events, logs = session.client("events"), session.client("logs")
    bus, tell = stack.only("AWS::Events::EventBus"), stack.only(RULE)
    events.create_event_bus(Name=bus["Name"])
    logs.create_log_group(logGroupName="heard")
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    pattern = json.dumps(tell["EventPattern"])
    events.put_rule(Name=tell["Name"], EventPattern=pattern, EventBusName=tell["EventBusName"])
    target = [{"Id": "log", "Arn": arn}]
    events.put_targets(Rule=tell["Name"], Targets=target, EventBusName=tell["EventBusName"])

    def heard() -> list[dict[str, Any]]:
        found = logs.filter_log_events(logGroupName="heard")["events"]
        return [json.loads(each["message"]) for each in found]

    return heard


def test_check_63_what_is_told_names_the_call_its_place_and_who_made_it(
    templates: Templates,
) -> None:
    """Each placeholder of the text is a path that the event has, and each path is used."""
    (target,) = bus_of(templates).only(RULE)["Targets"]
    text = target["InputTransformer"]["InputTemplate"]
    paths = target["InputTransformer"]["InputPathsMap"]
    assert all(f"<{name}>" in text for name in paths)
    assert text.count("<") == len(paths)
    assert {"$.detail.eventName", "$.account", "$.region", "$.detail.userIdentity.arn"} <= set(
        paths.values()
    )
    assert all(line.startswith('"') and line.endswith('"') for line in text.splitlines())


def test_check_64_only_the_organization_s_sending_role_reaches_the_bus(
    templates: Templates,
) -> None:
    policy = bus_of(templates).only("AWS::Events::EventBusPolicy")
    arn = bus_of(templates).outputs["BusArn"]

    def may(**context: str) -> bool:
        asked = Request(principal="any", action="events:PutEvents", resource=arn, context=context)
        return allows({"Statement": [policy["Statement"]]}, asked)

    known = {"aws:PrincipalOrgID": ORGANIZATION, "aws:PrincipalArn": SENDER}
    assert may(**known)
    assert not may(**{**known, "aws:PrincipalOrgID": "o-zzzzzzzzzz"})
    assert not may(**{**known, "aws:PrincipalArn": f"arn:aws:iam::{MEMBER}:role/Admin"})
    for missing in known:
        assert not may(**{key: value for key, value in known.items() if key != missing})


def test_check_64_the_role_sends_to_that_bus_and_nothing_else(templates: Templates) -> None:
    """Names agree between the role, the rules' targets and the bus, for any prefix and Region."""
    common = {"NamePrefix": "acme-base", "HomeRegion": "eu-central-1", "BusAccountId": AUDIT}
    role = resolve(templates.document("tamper-role"), FROM, **common).only("AWS::IAM::Role")
    (statement,) = statements_of(role)
    home = Place(AUDIT, "eu-central-1")
    bus = resolve(templates.document("tamper-bus"), home, NamePrefix="acme-base")
    assert actions([statement]) == ["events:PutEvents"]
    assert statement["Resource"] == bus.outputs["BusArn"]
    rules = resolve(templates.document("tamper-events"), FROM, **common).of_type(RULE)
    for rule in rules:
        (target,) = rule["Targets"]
        assert target["Arn"] == bus.outputs["BusArn"]
        assert target["RoleArn"] == f"arn:aws:iam::{MEMBER}:role/{role['RoleName']}"
        assert rule["Name"].startswith("acme-base-tamper-")


def test_check_64_only_our_rules_publish_to_the_topics(templates: Templates) -> None:
    """On the bus's side and beside the rules; over TLS, and with a key that EventBridge may use."""
    central = bus_of(templates)
    beside = resolve(templates.document("tamper-events"), FROM)
    tell = f"arn:aws:events:us-east-1:{AUDIT}:rule/orgrollout-tamper-tell"
    for stack, rule in ((central, tell), (beside, TAMPER_RULE)):
        (policy,) = stack.of_type("AWS::SNS::TopicPolicy")
        (topic,) = policy["Topics"]
        assert publishes(policy, topic, rule)
        assert not publishes(policy, topic, rule, tls="false")
        assert not publishes(policy, topic, rule.replace("-tamper-", "-other-"))
        assert not publishes(policy, topic, rule.replace(":rule/", ":pipe/"))
    key = central.only("AWS::KMS::Key")["KeyPolicy"]
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert uses(key, action, AUDIT)
        assert not uses(key, action, MEMBER)


def publishes(policy: dict[str, Any], topic: str, rule: str, tls: str = "true") -> bool:
    asked = Request(
        principal="events.amazonaws.com",
        action="sns:Publish",
        resource=topic,
        context={"aws:SourceArn": rule, "aws:SecureTransport": tls},
    )
    return allows(policy["PolicyDocument"], asked)


def uses(policy: dict[str, Any], action: str, account: str) -> bool:
    context = {"aws:SourceAccount": account}
    asked = Request(principal="events.amazonaws.com", action=action, resource="*", context=context)
    return allows(policy, asked)
