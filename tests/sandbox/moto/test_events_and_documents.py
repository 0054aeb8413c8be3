"""Event buses and SSM documents of a stack, through an update."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import ACCOUNTS

TEMPLATE = """
Parameters:
  Text: {Type: String, Default: first}
  Method: {Type: String, Default: NewVersion}
Resources:
  Document:
    Type: AWS::SSM::Document
    Properties:
      DocumentType: Automation
      TargetType: /AWS::EC2::VPC
      UpdateMethod: !Ref Method
      Content:
        schemaVersion: "0.3"
        description: !Ref Text
        mainSteps: [{name: s, action: "aws:sleep", inputs: {Duration: PT1S}}]
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: tamper, Description: !Ref Text}
  Policy:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !Ref Bus
      StatementId: members
      Statement:
        {Effect: Allow, Principal: "*", Action: "events:PutEvents", Resource: !GetAtt Bus.Arn}
  ByParts:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !GetAtt Bus.Name
      StatementId: organization
      Principal: "*"
      Action: events:PutEvents
      Condition: {Type: StringEquals, Key: "aws:PrincipalOrgID", Value: o-a1b2c3d4e5}
  Rule:
    Type: AWS::Events::Rule
    Properties: {EventBusName: !Ref Bus, EventPattern: {source: [aws.config]}}
Outputs:
  Bus: {Value: !Ref Bus}
  Arn: {Value: !GetAtt Bus.Arn}
  Document: {Value: !Ref Document}
"""


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Any]:
    """An account with the stack."""
    made = sandbox.session(ACCOUNTS[0])
    made.client("cloudformation").create_stack(StackName="s", TemplateBody=TEMPLATE)
    sandbox.run_to_end()
    yield made
    assert [
        each for each in sandbox.unprovisioned if each.resource_type.startswith("AWS::Events")
    ] == []


def update(sandbox: Sandbox, session: Any, **values: str) -> None:
    given: Any = [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]
    session.client("cloudformation").update_stack(
        StackName="s", UsePreviousTemplate=True, Parameters=given
    )
    sandbox.run_to_end()


def outputs(session: Any) -> dict[str, str]:
    (stack,) = session.client("cloudformation").describe_stacks(StackName="s")["Stacks"]
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def bus(session: Any) -> tuple[str, set[str], list[str]]:
    """Return description, ids of the statements, and buses of the rules."""
    events = session.client("events")
    found = events.describe_event_bus(Name="tamper")
    statements = json.loads(found["Policy"])["Statement"]
    rules = events.list_rules(EventBusName="tamper")["Rules"]
    return found["Description"], {s["Sid"] for s in statements}, [r["EventBusName"] for r in rules]


def document(session: Any) -> dict[str, Any]:
    told = session.client("ssm").describe_document(Name=outputs(session)["Document"])["Document"]
    names = ("Description", "TargetType", "DefaultVersion", "LatestVersion")
    return {name: told[name] for name in names}


def test_a_bus_keeps_its_name_rules_and_statements_through_an_update(
    sandbox: Sandbox, session: Any
) -> None:
    """A second bus, or one that lost its policy, would no longer be told of anything."""
    assert outputs(session)["Bus"] == "tamper"
    assert outputs(session)["Arn"].endswith(f":{ACCOUNTS[0]}:event-bus/tamper")
    assert bus(session) == ("first", {"members", "organization"}, ["tamper"])

    update(sandbox, session, Text="second")

    assert outputs(session)["Bus"] == "tamper"
    assert bus(session) == ("second", {"members", "organization"}, ["tamper"])
    session.client("cloudformation").delete_stack(StackName="s")
    sandbox.run_to_end()
    buses = session.client("events").list_event_buses()["EventBuses"]
    assert [each["Name"] for each in buses] == ["default"]


def test_a_document_is_updated_in_place(sandbox: Sandbox, session: Any) -> None:
    """Remediations name the document: a new one would leave them with the old."""
    name = outputs(session)["Document"]

    update(sandbox, session, Text="second")

    assert outputs(session)["Document"] == name
    assert document(session) == {
        "Description": "second",
        "TargetType": "/AWS::EC2::VPC",
        "DefaultVersion": "2",
        "LatestVersion": "2",
    }
    update(sandbox, session, Text="third", Method="Replace")
    assert outputs(session)["Document"] != name


def test_an_update_keeps_the_target_type_it_does_not_name(session: Any) -> None:
    ssm, name = session.client("ssm"), outputs(session)["Document"]
    content = json.loads(ssm.get_document(Name=name)["Content"])
    changed = json.dumps({**content, "description": "by hand"})

    made = ssm.update_document(Name=name, Content=changed, DocumentVersion="$LATEST")

    assert made["DocumentDescription"]["TargetType"] == "/AWS::EC2::VPC"
    with pytest.raises(ssm.exceptions.DuplicateDocumentContent):
        ssm.update_document(Name=name, Content=changed, DocumentVersion="$LATEST")
    named = ssm.update_document(
        Name=name, Content=changed, DocumentVersion="$LATEST", TargetType="/AWS::S3::Bucket"
    )
    assert named["DocumentDescription"]["TargetType"] == "/AWS::S3::Bucket"
