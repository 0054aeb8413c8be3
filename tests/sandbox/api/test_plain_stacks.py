"""Stacks that were made directly, beside those of stack sets, behave as theirs do."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.principals import ACCESS_ROLE
from orgrollout.sandbox.server.client import SandboxClient
from orgrollout.sandbox.server.http import serve
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    cloudformation,
    code_of,
    deploy,
    log_groups,
    parameters,
    service_managed,
)

ONE = ACCOUNTS[0]
GROUP = f"/x/{HOME}"
BAD = "Resources: {G: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: ninety}}}"


@pytest.fixture
def inside(sandbox: Sandbox) -> CloudFormationClient:
    """A client inside of an account with one stack, made directly."""
    client = cloudformation(sandbox, ONE)
    client.create_stack(
        StackName="mine",
        TemplateBody=TEMPLATE,
        RoleARN=f"arn:aws:iam::{ONE}:role/deployer",
        NotificationARNs=[f"arn:aws:sns:{HOME}:{ONE}:told"],
        TimeoutInMinutes=7,
        Tags=[{"Key": "a", "Value": "b"}],
    )
    return client


def described(client: CloudFormationClient, name: str = "mine") -> Any:
    return client.describe_stacks(StackName=name)["Stacks"][0]


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def test_it_describes_its_input(sandbox: Sandbox, inside: CloudFormationClient) -> None:
    stack = described(inside)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["RoleARN"] == f"arn:aws:iam::{ONE}:role/deployer"
    assert stack["NotificationARNs"] == [f"arn:aws:sns:{HOME}:{ONE}:told"]
    assert (stack["TimeoutInMinutes"], stack["Tags"]) == (7, [{"Key": "a", "Value": "b"}])
    (summary,) = inside.list_stacks()["StackSummaries"]
    assert summary["StackId"] == stack["StackId"]
    assert summary["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    assert log_groups(sandbox, ONE) == {GROUP: 30}
    assert refused(inside.create_stack, StackName="mine", TemplateBody=TEMPLATE)[0] == (
        "AlreadyExistsException"
    )


def test_an_update_without_changes_is_refused(inside: CloudFormationClient) -> None:
    """Also where only what decides nothing is another: a condition, an unused parameter."""
    nothing = ("ValidationError", "No updates are to be performed.")
    body = TEMPLATE.replace("\nResources:", "\nConditions: {C: !Equals [a, b]}\nResources:")
    assert body != TEMPLATE
    for same in (TEMPLATE, body):
        assert refused(inside.update_stack, StackName="mine", TemplateBody=same) == nothing
    inside.update_stack(
        StackName="mine", UsePreviousTemplate=True, Parameters=parameters({"Days": "60"})
    )
    assert described(inside)["StackStatus"] == "UPDATE_COMPLETE"


def test_its_drift_is_detected_and_reverted(sandbox: Sandbox, inside: CloudFormationClient) -> None:
    sandbox.session(ONE, HOME).client("logs").put_retention_policy(
        logGroupName=GROUP, retentionInDays=7
    )
    identifier = inside.detect_stack_drift(StackName="mine")["StackDriftDetectionId"]
    sandbox.run_to_end()
    found = inside.describe_stack_drift_detection_status(StackDriftDetectionId=identifier)
    assert found["StackDriftStatus"] == "DRIFTED"
    (drift,) = inside.describe_stack_resource_drifts(StackName="mine")["StackResourceDrifts"]
    assert drift["PropertyDifferences"][0]["ActualValue"] == "7"
    assert described(inside)["DriftInformation"]["StackDriftStatus"] == "DRIFTED"

    inside.create_change_set(
        StackName="mine",
        ChangeSetName="back",
        DeploymentMode="REVERT_DRIFT",
        UsePreviousTemplate=True,
    )
    sandbox.run_to_end()
    inside.execute_change_set(StackName="mine", ChangeSetName="back")
    sandbox.run_to_end()
    assert log_groups(sandbox, ONE) == {GROUP: 30}


def test_a_change_set_creates_a_stack_in_review(
    sandbox: Sandbox, inside: CloudFormationClient
) -> None:
    body = "Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {N: {Value: 2}}"
    made = inside.create_change_set(
        StackName="new", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=body
    )
    assert described(inside, "new")["StackStatus"] == "REVIEW_IN_PROGRESS"
    sandbox.run_to_end()
    (change,) = inside.describe_change_set(ChangeSetName=made["Id"])["Changes"]
    assert change["ResourceChange"]["Action"] == "Add"
    inside.execute_change_set(ChangeSetName=made["Id"])
    sandbox.run_to_end()
    stack = described(inside, "new")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"] == [{"OutputKey": "N", "OutputValue": "2"}]
    by_name = {"StackName": "new", "ChangeSetName": "first"}
    assert refused(inside.describe_change_set, **by_name)[0] == "ChangeSetNotFound"
    executed = inside.describe_change_set(ChangeSetName=made["Id"])
    assert executed["ExecutionStatus"] == "EXECUTE_COMPLETE"
    assert refused(
        inside.create_change_set, StackName="nowhere", ChangeSetName="a", TemplateBody=body
    ) == ("ValidationError", "Stack [nowhere] does not exist")


def test_what_a_service_refuses_rolls_back(inside: CloudFormationClient) -> None:
    inside.create_stack(StackName="bad", TemplateBody=BAD)
    stack = described(inside, "bad")
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "expected type: Integer, found: String" in stack["StackStatusReason"]
    inside.update_stack(StackName="mine", TemplateBody=BAD)
    assert described(inside)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    missing = "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /no}}\n"
    code, message = refused(
        inside.create_stack,
        StackName="other",
        TemplateBody=missing + "Resources: {T: {Type: AWS::SNS::Topic}}",
    )
    assert (code, "Unable to fetch parameters [/no]" in message) == ("ValidationError", True)


def test_a_deleted_one_is_described_by_its_id(
    sandbox: Sandbox, inside: CloudFormationClient
) -> None:
    identifier = described(inside)["StackId"]
    inside.delete_stack(StackName="mine")
    inside.delete_stack(StackName="mine")
    assert described(inside, identifier)["StackStatus"] == "DELETE_COMPLETE"
    assert refused(inside.describe_stacks, StackName="mine")[0] == "ValidationError"
    deleted = inside.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [each["StackId"] for each in deleted] == [identifier]
    assert log_groups(sandbox, ONE) == {}


def test_tokens_of_pages_belong_to_their_call(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """A token of another operation, or of other filters, is refused as AWS does."""
    service_managed(client)
    deploy(sandbox, client, accounts=ACCOUNTS[:3])
    page: Any = client.list_stack_instances(StackSetName="base", MaxResults=1)
    token = page["NextToken"]
    assert client.list_stack_instances(StackSetName="base", MaxResults=2, NextToken=token)[
        "Summaries"
    ]
    for call, more in (
        (client.list_stack_instances, {"StackInstanceRegion": HOME}),
        (client.list_stack_set_operations, {}),
    ):
        refusal = refused(call, StackSetName="base", NextToken=token, **more)
        assert refusal == ("ValidationError", "NextToken is not valid")


def test_every_answer_has_an_id_of_its_own(client: CloudFormationClient) -> None:
    answers = [client.list_stack_sets() for _ in range(200)]
    ids = [each["ResponseMetadata"]["RequestId"] for each in answers]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each) for each in ids)


def test_delegated_administrators_have_no_paths(sandbox: Sandbox) -> None:
    client = sandbox.session().client("organizations")
    (delegate,) = client.list_delegated_administrators()["DelegatedAdministrators"]
    assert delegate["Id"] == "222222222222"
    assert "Paths" not in delegate


def test_a_server_lists_what_is_only_recorded() -> None:
    with serve(ORGANIZATION) as server:
        sandbox = server.sandbox
        with sandbox.simulation.state.in_place():
            sandbox.simulation.deployer.create_plain(
                f"arn:aws:cloudformation:{HOME}:{ONE}:stack/s/1",
                "Resources: {O: {Type: AWS::Nowhere::Thing}}",
                {},
                {},
            )
        found = SandboxClient(server.endpoint).unprovisioned()
        assert [(each["logical_id"], each["is_record"]) for each in found] == [("O", True)]


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_other_partitions(region: str, partition: str) -> None:
    body = (
        "Resources: {T: {Type: AWS::SNS::Topic}}\n"
        "Outputs: {P: {Value: !Sub '${AWS::Partition} ${AWS::URLSuffix}'}}"
    )
    organization = {**ORGANIZATION, "home_region": region, "regions": [region]}
    with Sandbox.start(organization) as sandbox:
        client = sandbox.session().client("cloudformation", region)
        service_managed(client, TemplateBody=body)
        done = deploy(sandbox, client, accounts=[ONE], regions=[region])
        assert done.reasons == {}
        assert client.describe_stack_set(StackSetName="base")["StackSet"]["StackSetARN"].startswith(
            f"arn:{partition}:cloudformation:{region}:"
        )
        inside = sandbox.session(ONE, region).client("cloudformation")
        (stack,) = inside.describe_stacks()["Stacks"]
        assert stack["StackId"].startswith(f"arn:{partition}:cloudformation:{region}:{ONE}:")
        assert stack["Outputs"][0]["OutputValue"].split()[0] == partition
        (role,) = (
            each
            for each in sandbox.session(ONE, region).client("iam").list_roles()["Roles"]
            if each["RoleName"] == ACCESS_ROLE
        )
        assert role["Arn"] == f"arn:{partition}:iam::{ONE}:role/{ACCESS_ROLE}"
        trust: Any = role["AssumeRolePolicyDocument"]
        trusted = trust["Statement"][0]["Principal"]["AWS"]
        assert trusted == [f"arn:{partition}:iam::999999999999:root"]
        taken = (
            sandbox.session()
            .client("sts", region)
            .assume_role(RoleArn=role["Arn"], RoleSessionName="me")
        )
        assert taken["AssumedRoleUser"]["Arn"].startswith(f"arn:{partition}:sts::{ONE}:")


def test_credentials_count_in_one_partition() -> None:
    """Each partition has accounts and credentials of its own (IAM user guide, "Partitions")."""
    organization = {**ORGANIZATION, "home_region": "cn-north-1", "regions": ["cn-north-1"]}
    with Sandbox.start(organization) as sandbox:
        session = sandbox.session()
        for service, call in (("cloudformation", "list_stacks"), ("sts", "get_caller_identity")):
            abroad = session.client(service, "eu-west-1")  # type: ignore[call-overload]
            assert code_of(getattr(abroad, call))[0] == "UnrecognizedClientException"
            assert code_of(getattr(session.client(service, "cn-northwest-1"), call))[1] == 200  # type: ignore[call-overload]
