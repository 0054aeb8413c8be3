"""Two manifests of one organization that would give the same name: said before it fails."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from orgrollout.manifest.fixed_names import FixedNames
from orgrollout.manifest.load import load_manifest
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.unattended.allowed_actions import AllowedActions
from orgrollout.plan.unattended.select import plan_unattended
from orgrollout.reconcile.reading.plan_request import look, request_from
from tests.stage import BASE, DEV, PROD, Stage

ROLE = """\
Parameters:
  Prefix: {Type: String, Default: acme}
  Main: {Type: String, Default: us-east-1}
Conditions:
  IsMain: !Equals [!Ref "AWS::Region", !Ref Main]
Resources:
  Role:
    Type: AWS::IAM::Role
    Condition: IsMain
    Properties:
      RoleName: !Sub ${Prefix}-audit
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
  Logs:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Sub "${Prefix}-${AWS::AccountId}"}
"""


def test_names_of_one_place_are_worked_out() -> None:
    names = FixedNames(ROLE, "audit")

    at_home = names.at({"Prefix": "x"}, "111111111111", "us-east-1")
    elsewhere = names.at({}, "111111111111", "eu-west-1")

    assert at_home == {
        ("AWS::IAM::Role", "x-audit", "111111111111"),
        ("AWS::S3::Bucket", "x-111111111111", ""),
    }
    assert elsewhere == {("AWS::S3::Bucket", "acme-111111111111", "")}
    assert FixedNames("no template", "x").at({}, "111111111111", "us-east-1") == frozenset()


def manifest(stage: Stage, name: str, **parameters: str) -> dict[str, Any]:
    (stage.folder / "role.yaml").write_text(ROLE.partition("  Logs:")[0])
    made = deepcopy(BASE)
    made["name"] = name
    made["regions"] = ["us-east-1"]
    audit = {
        "template": "role.yaml",
        "parameters": parameters,
        "capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    made["stack_sets"] = {"audit": audit}
    return made


@pytest.mark.slow
def test_a_name_of_another_manifest_is_told_before_it_fails(stage: Stage) -> None:
    """It was told by CloudFormation alone, in the middle of `apply`."""
    stage.apply(manifest(stage, "one"))

    same = stage.plan(manifest(stage, "two"))
    other = stage.plan(manifest(stage, "two", Prefix="other"))
    again = stage.plan(manifest(stage, "one", Prefix="acme2"))

    (told,) = (text for text in same.warnings if "of manifest one" in text)
    assert told.startswith(f"audit: {len(PROD) + len(DEV)} to create, e.g. {PROD[0]}")
    assert "AWS::IAM::Role acme-audit is there already, from stack set one-audit" in told
    assert not [text for text in (*other.warnings, *again.warnings) if "is there already" in text]

    # Only where the condition makes the role, and not in the same account's other Region.
    wider = {**manifest(stage, "two"), "regions": ["us-east-1", "eu-west-1"]}
    (told,) = (text for text in stage.plan(wider).warnings if "of manifest one" in text)
    assert told.startswith(f"audit: {len(PROD) + len(DEV)} to create")


@pytest.mark.slow
def test_what_another_manifest_had_holds_no_enrolment_back(stage: Stage) -> None:
    """It is only remembered. A job created nothing for good, and ended with 0."""
    stage.apply(manifest(stage, "one"))

    meets = unattended(stage, manifest(stage, "two"))
    assert [text for text in meets.warnings if "is there already" in text]
    assert meets.counts()[OperationAction.CREATE] == len(PROD) + len(DEV)
    assert not meets.held_back

    gone = {**manifest(stage, "one"), "stack_sets": {"audit": {"state": "absent"}}}
    stage.apply(gone, allow_removals=99)
    assert stage.context().journal.get("inventory/one-audit") is not None  # as it was before
    assert not [text for text in stage.plan(manifest(stage, "two")).warnings if "one-audit" in text]


def unattended(stage: Stage, wanted: dict[str, Any]) -> Plan:
    context = stage.context()
    path = stage.folder / "unattended.yaml"
    path.write_text(yaml.safe_dump(wanted))
    loaded = load_manifest(path)
    request = request_from(loaded, look(loaded, context, lambda _: None), context)
    allowed = AllowedActions(actions=frozenset({OperationAction.CREATE}))
    return plan_unattended(request, allowed, context.clock.now())
