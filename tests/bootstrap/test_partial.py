"""A template with parameters given for good."""

from typing import Any

import pytest

from orgrollout.bootstrap.partial import with_parameters
from orgrollout.bootstrap.single_account import PARTS, Form, single_account
from orgrollout.bootstrap.template_text import template_text
from orgrollout.manifest.template.builtin import builtin_path
from orgrollout.manifest.template.content import parsed

BODY = """
Parameters:
  Prefix: {Type: String}
  Where: {Type: String}
  Mode: {Type: String}
Conditions:
  IsFar: !Equals [!Ref Where, far]
  IsFast: !Equals [!Ref Mode, fast]
  Both: !And [!Condition IsFar, !Condition IsFast]
  Either: !Or [!Condition IsFar, !Condition IsFast]
  IsNamed: !Not [!Equals [!Ref Prefix, ""]]
Resources:
  Far: {Type: A::B::C, Condition: IsFar}
  Both: {Type: A::B::C, Condition: Both}
  Either:
    Type: A::B::C
    Condition: Either
    Properties:
      Name: !Sub "${Prefix}-${AWS::Region}"
      Plain: !Sub "${Prefix}-x"
      Speed: !If [IsFast, !If [IsFar, 1, !Ref AWS::NoValue], 3]
      Joined: !Join ["", [!Ref Prefix, !If [IsNamed, "/a", "/b"]]]
      Place: !If [IsFar, !Ref AWS::NoValue, near]
Outputs:
  OfFar: {Condition: IsFar, Value: !Ref Far}
"""


def given(**values: Any) -> dict[str, Any]:
    return with_parameters(parsed(BODY), values)


def test_what_is_decided_goes() -> None:
    made = given(Where="near", Prefix="p")
    assert set(made["Parameters"]) == {"Mode"}
    assert made["Outputs"] == {}
    assert set(made["Resources"]) == {"Either"}
    either = made["Resources"]["Either"]
    assert either["Condition"] == "Either"
    assert made["Conditions"]["Either"] == {"Condition": "IsFast"}
    assert either["Properties"] == {
        "Name": {"Fn::Sub": "p-${AWS::Region}"},
        "Plain": "p-x",
        "Speed": {"Fn::If": ["IsFast", {"Ref": "AWS::NoValue"}, 3]},
        "Joined": "p/a",
        "Place": "near",
    }


def test_what_is_open_stays() -> None:
    made = given(Where="far")
    assert set(made["Resources"]) == {"Far", "Both", "Either"}
    assert "Condition" not in made["Resources"]["Far"]
    assert made["Resources"]["Both"]["Condition"] == "Both"
    assert "Condition" not in made["Resources"]["Either"]
    assert made["Conditions"]["Both"] == {"Condition": "IsFast"}
    assert set(made["Parameters"]) == {"Prefix", "Mode"}


def test_a_reference_may_be_given() -> None:
    """A resource is never an empty text."""
    made = given(Where="far", Prefix={"Fn::GetAtt": "Far.Arn"})
    properties = made["Resources"]["Either"]["Properties"]
    assert properties["Plain"] == {"Fn::Sub": "${Far.Arn}-x"}
    assert properties["Joined"] == {"Fn::Join": ["", [{"Fn::GetAtt": "Far.Arn"}, "/a"]]}


def test_the_text_is_read_back_as_it_was() -> None:
    made = given(Mode="fast")
    assert parsed(template_text(made)) == made


def test_two_templates_that_differ_are_not_mixed() -> None:
    """A condition of the same name that says something else would change a resource."""
    bodies = {name: builtin_path(name).read_text(encoding="utf-8") for name in PARTS}
    bodies["flowlogs-remediation"] = bodies["flowlogs-remediation"].replace(
        "    Default: orgrollout\n", "    Default: other\n"
    )
    with pytest.raises(ValueError, match="two templates differ in NamePrefix"):
        single_account(bodies, Form.BUCKET)
