"""Roles in member accounts: who may assume them, for how long, and what they may do then."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    cloudformation,
    code_of,
    deploy,
    describe,
    service_managed,
)

ONE, TWO = ACCOUNTS[:2]
ROLE = f"arn:aws:iam::{ONE}:role/resync"
BODY = """
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: g, RetentionInDays: 30}}
  Resync:
    Type: AWS::IAM::Role
    Properties:
      RoleName: resync
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: "arn:aws:iam::999999999999:role/Rollout"}
            Action: sts:AssumeRole
            Condition:
              StringEquals: {"sts:ExternalId": secret, "aws:PrincipalOrgID": o-a1b2c3d4e5}
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/AWSCloudFormationReadOnlyAccess"]
      Policies:
        - PolicyName: repair
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: [cloudformation:*ChangeSet]
                Resource: !Sub "arn:aws:cloudformation:*:${AWS::AccountId}:stack/StackSet-base-*/*"
                Condition: {StringLike: {"cloudformation:ChangeSetName": "or-*"}}
              - {Effect: Allow, Action: "config:StartConfigurationRecorder", Resource: "*"}
              - {Effect: Deny, Action: "cloudformation:DeleteChangeSet", Resource: "*"}
              - Effect: Allow
                Action: logs:*
                Resource: "*"
                Condition: {StringEquals: {"aws:PrincipalTag/team": security}}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(ORGANIZATION) as started:
        prepare(started)
        yield started


def prepare(sandbox: Sandbox) -> None:
    client = cloudformation(sandbox)
    named: Any = ["CAPABILITY_NAMED_IAM"]
    for name, body in (
        ("base", BODY),
        ("other", BODY.replace("resync", "x").replace(": g", ": h")),
    ):
        service_managed(client, name, TemplateBody=body, Capabilities=named)
        assert deploy(sandbox, client, name=name, accounts=[ONE]).reasons == {}


def assume(sandbox: Sandbox, **more: Any) -> boto3.Session:
    arguments: Any = {"RoleArn": ROLE, "RoleSessionName": "me", "ExternalId": "secret", **more}
    keys = sandbox.session().client("sts").assume_role(**arguments)["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=HOME,
    )


def stack_of(sandbox: Sandbox, name: str = "base") -> str:
    return str(describe(cloudformation(sandbox), ONE, name=name)["StackId"])


def repair(stack: str, name: str) -> dict[str, Any]:
    more = {
        "ChangeSetType": "UPDATE",
        "UsePreviousTemplate": True,
        "DeploymentMode": "REVERT_DRIFT",
    }
    return {"StackName": stack, "ChangeSetName": name, **more}


@pytest.mark.parametrize("given", [{}, {"ExternalId": "wrong"}])
def test_without_the_external_id_no_caller_assumes_the_role(
    sandbox: Sandbox, given: dict[str, str]
) -> None:
    sts = sandbox.session().client("sts")
    arguments = {"RoleArn": ROLE, "RoleSessionName": "me", **given}
    assert code_of(sts.assume_role, **arguments) == ("AccessDenied", 403)


def test_the_trust_is_about_one_role_of_the_organization(sandbox: Sandbox) -> None:
    arguments = {"RoleArn": ROLE, "RoleSessionName": "me", "ExternalId": "secret"}
    for foreign in (sandbox.another_user(), sandbox.session(TWO)):
        assert code_of(foreign.client("sts").assume_role, **arguments)[0] == "AccessDenied"
    identity = assume(sandbox).client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ONE}:assumed-role/resync/me"


@pytest.mark.slow
def test_a_session_ends_by_the_sandboxs_clock(sandbox: Sandbox) -> None:
    client = assume(sandbox, DurationSeconds=1800).client("cloudformation")
    client.describe_stacks(StackName=stack_of(sandbox))
    sandbox.clock.sleep(timedelta(minutes=30))
    assert code_of(client.describe_stacks, StackName=stack_of(sandbox)) == ("ExpiredToken", 403)
    again = assume(sandbox).client("cloudformation")
    again.describe_stacks(StackName=stack_of(sandbox))


def test_a_session_is_no_longer_than_the_role_allows(sandbox: Sandbox) -> None:
    assume(sandbox, DurationSeconds=7200)
    with pytest.raises(ClientError, match="MaxSessionDuration"):
        assume(sandbox, DurationSeconds=7201)


def test_actions_resources_and_conditions_are_checked(sandbox: Sandbox) -> None:
    client = assume(sandbox).client("cloudformation")
    client.create_change_set(**repair(stack_of(sandbox), "or-1"))
    for stack, name in ((stack_of(sandbox, "other"), "or-1"), (stack_of(sandbox), "mine")):
        refused = code_of(client.create_change_set, **repair(stack, name))
        assert refused == ("AccessDenied", 403)
    denied = {"StackName": stack_of(sandbox), "ChangeSetName": "or-1"}
    with pytest.raises(ClientError, match="explicit deny"):
        client.delete_change_set(**denied)
    with pytest.raises(ClientError, match="no identity-based policy allows the cloudformation:De"):
        client.delete_stack(StackName=stack_of(sandbox))


def test_a_policy_of_awss_own_counts(sandbox: Sandbox) -> None:
    client = assume(sandbox).client("cloudformation")
    assert len(client.describe_stacks()["Stacks"]) == 2
    config = assume(sandbox).client("config")
    assert code_of(config.stop_configuration_recorder, ConfigurationRecorderName="x") == (
        "AccessDeniedException",
        400,
    )


def test_a_condition_that_would_decide_and_is_not_known_is_refused_by_name(
    sandbox: Sandbox,
) -> None:
    logs = assume(sandbox).client("logs")
    with pytest.raises(ClientError, match="StringEquals on aws:principaltag/team"):
        logs.describe_log_groups()


def test_a_role_without_policies_may_do_everything(sandbox: Sandbox) -> None:
    assert sandbox.session(ONE).client("logs").describe_log_groups()["logGroups"]


@pytest.mark.slow
def test_whether_policies_are_checked_is_a_setting() -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(role_policies=False)) as sandbox:
        prepare(sandbox)
        client = assume(sandbox).client("cloudformation")
        client.create_change_set(**repair(stack_of(sandbox, "other"), "mine"))


@pytest.mark.slow
@pytest.mark.parametrize("deployed", [True, False])
def test_every_account_may_come_with_a_role(deployed: bool) -> None:
    """Where only records matter, templates make no roles."""
    with Sandbox.start(ORGANIZATION, settings=Settings(deploy_resources=deployed)) as sandbox:
        sandbox.give_role("resync", external_id="secret")
        for account in (ONE, TWO):
            role = f"arn:aws:iam::{account}:role/resync"
            assume(sandbox, RoleArn=role).client("cloudformation").describe_stacks()
            refused = {"RoleArn": role, "RoleSessionName": "me", "ExternalId": "wrong"}
            code = code_of(sandbox.session().client("sts").assume_role, **refused)
            assert code == ("AccessDenied", 403)
        access = f"arn:aws:iam::{ONE}:role/OrganizationAccountAccessRole"
        assume(sandbox, RoleArn=access)
