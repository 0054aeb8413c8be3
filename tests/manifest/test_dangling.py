"""References to nothing are found before CloudFormation is asked."""

import pytest

from orgrollout.manifest.template.read import template_from

SOUND = """\
Parameters: {Name: {Type: String}}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!Ref Name, x]}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    DependsOn: [Other]
    Condition: C
    Properties:
      DisplayName: !Sub "${Name} ${Other.TopicName} ${!Literal} ${AWS::Region}"
      TopicName: !Join ["-", [!GetAtt Other.TopicName, !FindInMap [M, a, b], !If [C, a, b]]]
      Tags: [{Key: k, Value: !Sub ["${x}", {x: !Ref Topic}]}]
  Other:
    Type: AWS::SNS::Topic
    Metadata: {note: "${nothing}"}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: [{Effect: Allow, Action: "*", Resource: "*", Condition: {Bool: {a: b}}}]
Outputs:
  Out: {Value: !Ref Other, Condition: C}
"""


def said(text: str) -> list[str]:
    _, findings = template_from(text, "x", "x.yaml")
    return [str(problem) for problem in findings.problems]


def test_a_sound_template_has_no_problem() -> None:
    assert said(SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("${Name} ", "${Nme} ", "x.yaml:10:20: Resources.Topic.Properties.DisplayName: refers to"),
        ("${Other.", "${Othr.", "refers to `Othr`"),
        ("!GetAtt Other.", "!GetAtt Gone.", "refers to a resource `Gone`"),
        ("!Ref Topic", "!Ref Gone", "refers to `Gone`"),
        ("!Ref Topic", '{"Ref": Gone}', "refers to `Gone`"),
        ("[Other]", "Gone", "DependsOn: refers to a resource `Gone`"),
        ("    Condition: C\n", "    Condition: D\n", "refers to a condition `D`"),
        ("!If [C", "!If [D", "refers to a condition `D`"),
        ("[M, a, b]", "[N, a, b]", "refers to a mapping `N`"),
        ("!Ref Other", "!Ref Gone", "Outputs.Out.Value: refers to `Gone`"),
        ("!Equals [!Ref Name, x]", "!And [{Condition: D}, !Condition C]", "condition `D`"),
        ("!Ref Other, Condition: C", "!Ref Other, Condition: D", "Outputs.Out.Condition: refers"),
        ("!Ref Name", "!Ref Gone", "Conditions.C"),
        ("  Other:\n    Type: AWS::SNS::Topic\n", "  Other:\n", "the resource has no Type."),
    ],
)
def test_a_dangling_reference_is_named_with_its_place(old: str, new: str, message: str) -> None:
    assert old in SOUND
    (problem,) = said(SOUND.replace(old, new, 1))
    assert message in problem
    assert problem.startswith("x.yaml:")


def test_a_template_with_a_macro_is_not_checked() -> None:
    assert said("Transform: Mine\nResources: {T: {Type: X, DependsOn: Made}}") == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Resources: {T: {Type: 'AWS::SNS::Topic', Properties: null}}", "Resources.T.Properties"),
        (
            "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n",
            "Resources.T.Properties",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {Tags: [~]}}}",
            "Resources.T.Properties.Tags[0]",
        ),
        (
            "Resources: {T: {Type: 'AWS::SNS::Topic'}}\nOutputs: {O: {Value: }}",
            "Outputs.O.Value",
        ),
    ],
)
def test_values_of_null_are_found_before_cloudformation_is_asked(text: str, place: str) -> None:
    """It answers CreateStackSet with "'null' values are not allowed in templates"."""
    (problem,) = said(text)

    assert f" {place}: is null, which no template may have." in problem
