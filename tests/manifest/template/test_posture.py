"""The checks that a template lists: their mistakes are reported with their places."""

import pytest

from orgrollout.drift.posture_checks import checks_for
from orgrollout.manifest.template.read import template_from
from orgrollout.manifest.template.template import Template, TemplateCheck
from orgrollout.model.ids import AccountId, Pair, Region

TEMPLATE = """\
Metadata:
  orgrollout:
    version: 1
    posture:
      - {entry}
Parameters:
  Prefix: {{Type: String, Default: a}}
  Mode: {{Type: String, Default: auto, AllowedValues: [auto, manual]}}
  Token: {{Type: String, NoEcho: true}}
Resources:
  Topic: {{Type: "AWS::SNS::Topic"}}
  Sound:
    Type: AWS::SSM::Document
    Properties: {{Content: {{a: !Ref Prefix, b: !Sub "${{AWS::Region}} ${{!x}}"}}}}
  Secret:
    Type: AWS::SSM::Document
    Properties: {{Content: {{a: !Sub "${{Token}}"}}}}
  Outside:
    Type: AWS::SSM::Document
    Properties: {{Content: {{a: !GetAtt Topic.TopicArn}}}}
  Depends:
    Type: AWS::SSM::Document
    Properties: {{Content: {{a: !Ref Topic}}}}
Conditions: {{IsManual: !Equals [!Ref Mode, manual]}}
Outputs:
  Bucket:
    Value: !If
      - IsManual
      - "-"
      - !Sub "arn:${{AWS::Partition}}:s3:::${{Prefix}}-${{AWS::AccountId}}"
  TopicArn: {{Value: !Ref Topic}}
"""


def read(entry: str) -> tuple[Template | None, list[str]]:
    template, findings = template_from(TEMPLATE.format(entry=entry), "t", "t.yaml")
    return template, [str(problem) for problem in findings.problems]


def test_a_valid_check_is_read_with_its_arguments_and_conditions() -> None:
    entry = '{check: config-rule, rule: "${Prefix}-${AWS::Region}", when: {Mode: auto}}'
    template, problems = read(entry)
    assert problems == []
    assert template is not None
    assert template.metadata.posture == (
        TemplateCheck(
            name="config-rule",
            arguments={"rule": "${Prefix}-${AWS::Region}"},
            when={"Mode": ("auto",)},
        ),
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{check: config-rul, rule: a}", "5:17: *check: there is no check `config-rul`. Did you"),
        ("{rule: a}", "names no check. One of config-compliance"),
        ("{check: config-rule}", "config-rule needs `rule`. Add rule."),
        ("{check: config-rule, rule: a, ruel: b}", "takes no `ruel`. Did you mean `rule`?"),
        ("{check: config-rule, rule: 5}", "5:36: *rule: must be text."),
        ('{check: config-rule, rule: "${Prefx}"}', "no parameter `Prefx`. Did you mean `Prefix`?"),
        ('{check: config-rule, rule: "${Token}"}', "`Token` is NoEcho"),
        ("{check: config-recorder, when: {Modus: auto}}", "no parameter `Modus`. Did you mean"),
        ("{check: config-recorder, when: {Mode: [auto, of]}}", "`Mode` is never `of`."),
        ("{check: config-recorder, when: {Mode: [true]}}", "must be text. Write the values"),
        ("{check: config-recorder, when: always}", "must be a mapping."),
        ("config-recorder", "must be a mapping"),
        ("{check: ssm-document, resource: Soun}", "the template has no resource `Soun`."),
        ("{check: ssm-document, resource: Topic}", "`Topic` is no AWS::SSM::Document."),
        ("{check: ssm-document, resource: Secret}", "refers to `Token`, which is NoEcho."),
        ("{check: ssm-document, resource: Outside}", "depends on `Fn::GetAtt`, which only AWS"),
        ("{check: ssm-document, resource: Depends}", "depends on `Topic`, which only AWS knows."),
        (
            "{check: vpc-flow-logs, traffic: ALL, destination: Bucke}",
            "the template has no output `Bucke`.",
        ),
        (
            "{check: vpc-flow-logs, traffic: ALL, destination: TopicArn}",
            "the output `TopicArn` depends on `Topic`, which only AWS knows.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(entry: str, said: str) -> None:
    template, problems = read(entry)
    assert template is None
    (problem,) = problems
    place, _, words = said.rpartition("*")
    assert problem.startswith(f"t.yaml:{place.strip()}")
    assert words in problem


@pytest.mark.parametrize("field", ["posture", "preconditions"])
@pytest.mark.parametrize("key", ["{a: b}", "[a, b]", "true", "7", "null", "1.5", "2026-13-01"])
@pytest.mark.parametrize("inside", [False, True])
def test_an_unknown_argument_is_reported_and_is_no_bug(field: str, key: str, inside: bool) -> None:
    place = f"when: {{? {key} : x}}" if inside else f"? {key} : x"
    text = TEMPLATE.replace("posture:", f"{field}:")
    entry = f"{{check: config-rule, rule: a, {place}}}"

    template, findings = template_from(text.format(entry=entry), "t", "t.yaml")

    assert template is None
    (problem,) = map(str, findings.problems)
    assert problem.startswith("t.yaml:5:")
    expected = "no parameter" if inside else "takes no"
    assert ("a key must be text" if key[0] in "{[" else f"{expected} `{key}`") in problem


def test_a_parameter_can_be_written_so_that_cfn_lint_accepts_it() -> None:
    template, problems = read('{check: config-rule, rule: "${parameters.Prefix}-x"}')
    assert problems == []
    assert template is not None
    values = {"Prefix": "base", "Mode": "auto", "Token": "t"}
    (check,) = checks_for(template, values, Pair(AccountId("1" * 12), Region("eu-west-1")), None)
    assert check.arguments == {"rule": "base-x"}


def test_a_document_that_can_be_compared_is_accepted() -> None:
    assert read("{check: ssm-document, resource: Sound}")[1] == []


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("base", f"arn:aws:s3:::base-{'1' * 12}"), ("{{resolve:ssm:prefix}}", "{{resolve:}}")],
)
def test_the_destination_of_flow_logs_is_an_output_of_the_template(
    prefix: str, expected: str
) -> None:
    template, problems = read("{check: vpc-flow-logs, traffic: ALL, destination: Bucket}")
    assert problems == []
    assert template is not None
    values = {"Prefix": prefix, "Mode": "auto", "Token": "t"}
    (check,) = checks_for(template, values, Pair(AccountId("1" * 12), Region("eu-west-1")), None)
    assert check.arguments["destination"] == expected
