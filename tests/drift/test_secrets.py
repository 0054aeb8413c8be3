"""A possible secret is never in a finding, and so in no report and no journal."""

import pytest

from orgrollout.manifest.template.secrets import secrets_of
from orgrollout.model.shown import MASKED
from tests.drift.support import differs, found, gone, modified

TEMPLATE = """\
Parameters:
  Password: {Type: String, NoEcho: true}
  Token: {Type: String, Default: ""}
  Plain: {Type: String}
Resources:
  Group:
    Type: AWS::X::Y
    Properties:
      Long: {Ref: Password}
      Short: !Ref Password
      Sub: !Sub "x-${Password}-y"
      Map: !Sub ["${a}", {a: !Ref Password}]
      Literal: !Sub "x-${!Password}"
      Reference: "{{resolve:secretsmanager:x}}"
      Given: !Ref Token
      Open: !Ref Plain
      PasswordLength: 12
      RefreshInterval: 5
      Environment:
        Variables: {PASSWORD: !Ref Password, MODE: fast}
      Listed: [{Key: a, Value: !If [Yes, !Ref Password, x]}]
      a/b: !Ref Password
"""
SECRETS = secrets_of(TEMPLATE, [{"Token": "{{resolve:ssm-secure:t}}", "Plain": "p"}])


@pytest.mark.parametrize(
    ("path", "is_hidden"),
    [
        ("/Long", True),
        ("/Short", True),
        ("/Sub", True),
        ("/Map", True),
        ("/Reference", True),
        ("/Given", True),
        ("/Environment", True),
        ("/Environment/Variables", True),
        ("/Environment/Variables/PASSWORD", True),
        ("/Listed/7/Key", True),  # places in lists shift
        ("/a~1b", True),
        ("/Literal", False),
        ("/Open", False),
        ("/PasswordLength", False),
        ("/RefreshInterval", False),
        ("/Environment/Variables/MODE", False),
        ("/Unknown", False),
    ],
)
def test_a_property_that_holds_a_secret_is_masked(path: str, is_hidden: bool) -> None:
    (only,) = found(modified(differs(path, "hunter2", "hunter3")), secrets=SECRETS)

    expected = (MASKED, MASKED) if is_hidden else ("hunter2", "hunter3")
    assert (only.expected, only.actual) == expected


def test_a_missing_secret_is_shown_as_missing() -> None:
    (only,) = found(modified(gone("/Long", "hunter2")), secrets=SECRETS)

    assert (only.expected, only.actual) == (MASKED, "null")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "Parameters: {P: {Type: String, NoEcho: true}}\n"
        "Resources: {'Fn::ForEach::R': [N, [a], {'R${N}': {Properties: {X: !Ref P}}}]}",
    ],
)
def test_everything_is_masked_where_secrets_are_not_known(body: str) -> None:
    assert secrets_of(body, []).hide("Any", "/Thing")
