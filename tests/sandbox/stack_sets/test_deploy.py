"""Stack instances are real stacks with real resources in their account and Region."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, SandboxError
from tests.paths import MANIFESTS
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    deploy,
    describe,
    instances,
    log_groups,
    parameters,
    service_managed,
    targets,
    unit,
)

FILE = MANIFESTS / "sandbox-organization.yaml"


def test_a_stack_instance_is_a_stack_in_its_account_and_region(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    done = deploy(sandbox, client, regions=["eu-west-1"], accounts=ACCOUNTS[:1])

    assert done.succeeded == {(ACCOUNTS[0], "eu-west-1")}
    inside = sandbox.session(ACCOUNTS[0], "eu-west-1").client("cloudformation")
    (stack,) = inside.describe_stacks()["Stacks"]
    assert stack["StackName"].startswith("StackSet-base-")
    assert stack["StackId"] == describe(client, ACCOUNTS[0], "eu-west-1")["StackId"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert log_groups(sandbox, ACCOUNTS[0], "eu-west-1") == {"/x/eu-west-1": 30}
    assert log_groups(sandbox, ACCOUNTS[0], HOME) == {}
    assert log_groups(sandbox, ACCOUNTS[1], "eu-west-1") == {}


def test_an_override_changes_the_resource_of_one_instance_only(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client)
    client.update_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), ACCOUNTS[:1]),
        Regions=[HOME],
        ParameterOverrides=parameters({"Days": "90"}),
    )
    sandbox.run_to_end()

    assert log_groups(sandbox, ACCOUNTS[0]) == {f"/x/{HOME}": 90}
    assert log_groups(sandbox, ACCOUNTS[1]) == {f"/x/{HOME}": 30}


def test_a_parameter_inside_of_sub_reaches_the_resource(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """Moto alone updates only what refers to a parameter by Ref."""
    service_managed(client)
    deploy(sandbox, client, accounts=ACCOUNTS[:1])
    client.update_stack_set(
        StackSetName="base",
        UsePreviousTemplate=True,
        Parameters=parameters({"Prefix": "y"}),
        OperationPreferences=FAST,  # type: ignore[arg-type]
    )
    sandbox.run_to_end()
    assert log_groups(sandbox, ACCOUNTS[0]) == {f"/y/{HOME}": 30}


def test_a_new_template_adds_and_removes_resources(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=ACCOUNTS[:1])
    client.update_stack_set(
        StackSetName="base",
        TemplateBody=TEMPLATE.replace("  Group:", "  Other:").replace("${Prefix}", "other"),
        OperationPreferences=FAST,  # type: ignore[arg-type]
    )
    sandbox.run_to_end()
    assert log_groups(sandbox, ACCOUNTS[0]) == {f"/other/{HOME}": 30}


@pytest.mark.parametrize(("retain", "left"), [(True, {f"/x/{HOME}": 30}), (False, {})])
def test_deleting_keeps_the_stack_only_if_it_is_retained(
    sandbox: Sandbox, client: CloudFormationClient, retain: bool, left: dict[str, int]
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=ACCOUNTS[:1])
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads")),
        Regions=[HOME],
        RetainStacks=retain,
    )
    sandbox.run_to_end()
    assert instances(client) == []
    assert log_groups(sandbox, ACCOUNTS[0]) == left


def test_a_resource_that_a_person_deleted_does_not_keep_its_stack(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    body = """
    Resources:
      Book:
        Type: AWS::SSM::Document
        Properties: {Name: book, DocumentType: Automation, Content: {schemaVersion: "0.3"}}
    """
    service_managed(client, TemplateBody=body)
    deploy(sandbox, client, accounts=ACCOUNTS[:1])
    sandbox.session(ACCOUNTS[0], HOME).client("ssm").delete_document(Name="book")
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads")),
        Regions=[HOME],
        RetainStacks=False,
    )
    sandbox.run_to_end()
    assert instances(client) == []


@pytest.mark.parametrize("value", ["{{resolve:ssm-secure:/name:1}}", "[ours] topic"])
def test_a_text_that_only_looks_like_json_is_deployed(
    sandbox: Sandbox, client: CloudFormationClient, value: str
) -> None:
    body = f"Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: '{value}'}}}}}}"
    service_managed(client, TemplateBody=body)
    assert deploy(sandbox, client, accounts=ACCOUNTS[:1]).status == "SUCCEEDED"


def test_what_moto_cannot_make_is_recorded(sandbox: Sandbox, client: CloudFormationClient) -> None:
    """Nothing of a template is dropped without a word."""
    body = "Resources: {Odd: {Type: AWS::Nowhere::Thing, Properties: {A: 1}}}"
    service_managed(client, TemplateBody=body)
    assert deploy(sandbox, client, accounts=ACCOUNTS[:1]).status == "SUCCEEDED"

    (noted,) = sandbox.unprovisioned
    assert (noted.account, noted.logical_id) == (ACCOUNTS[0], "Odd")
    assert noted.resource_type == "AWS::Nowhere::Thing"


def test_a_refused_resource_fails_the_instance_and_leaves_no_stack(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.session(ACCOUNTS[0]).client("logs").create_log_group(logGroupName=f"/x/{HOME}")
    service_managed(client)
    done = deploy(sandbox, client)

    assert done.failed == {(ACCOUNTS[0], HOME)}
    assert "already exists" in done.reasons[ACCOUNTS[0], HOME]
    assert "ResourceLogicalId:Group" in done.reasons[ACCOUNTS[0], HOME]
    inside = sandbox.session(ACCOUNTS[0]).client("cloudformation")
    assert inside.describe_stacks()["Stacks"] == []
    assert len(instances(client)) == len(ACCOUNTS)


def test_a_fault_of_one_stack_set_does_not_strike_another_in_the_same_place(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(ACCOUNTS[0], HOME, "one")
    for name in ("one", "two"):
        service_managed(client, name, Parameters=parameters({"Prefix": name}))
        client.create_stack_instances(
            StackSetName=name,
            DeploymentTargets=targets(unit(sandbox, "Workloads"), ACCOUNTS[:1]),
            Regions=[HOME],
        )
    sandbox.run_to_end()

    assert [len(sandbox.operations(name)[0].failed) for name in ("one", "two")] == [1, 0]


def test_callers_are_the_operator_unless_their_keys_say_otherwise(sandbox: Sandbox) -> None:
    arn = boto3.client("sts").get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::999999999999:assumed-role/Rollout/operator"
    member = sandbox.session("p0").client("sts").get_caller_identity()
    assert member["Account"] == "300000000000"


def test_only_one_sandbox_at_a_time(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="another sandbox"), Sandbox.start(ORGANIZATION):
        pass
    assert sandbox.calls == []


def test_the_shipped_organization_is_worth_rehearsing_in() -> None:
    with Sandbox.start(FILE) as sandbox:
        accounts = sandbox.organization.accounts.values()
        assert len(accounts) > 30
        assert sum(each.state == "SUSPENDED" for each in accounts) == 2
        assert sandbox.organization.find("log_archive") == "111122223333"
        assert sandbox.organization.find("/Workloads/Prod/Regulated").startswith("ou-")
        assert sandbox.clock.now().utcoffset() == timedelta()


def test_clients_in_many_threads_are_served(sandbox: Sandbox, client: CloudFormationClient) -> None:
    """Whichever thread made a client, and whichever uses it."""
    service_managed(client)

    def work(account: str) -> tuple[str, int]:
        session = sandbox.session(account)
        session.client("logs").create_log_group(logGroupName=f"/{account}")
        listed = client.list_stack_sets()["Summaries"]
        return session.client("sts").get_caller_identity()["Account"], len(listed)

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, ACCOUNTS))
    assert done == [(account, 1) for account in ACCOUNTS]


def test_outside_of_the_block_boto3_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "before")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with Sandbox.start(ORGANIZATION):
        assert boto3.client("sts").get_caller_identity()["Account"] == "999999999999"
        assert "AWS_ENDPOINT_URL" not in os.environ
    assert os.environ["AWS_ACCESS_KEY_ID"] == "before"
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert "AWS_SESSION_TOKEN" not in os.environ
    config = Config(retries={"total_max_attempts": 1})
    outside = boto3.Session().client("sts", HOME, config=config)
    with pytest.raises(EndpointConnectionError):
        outside.get_caller_identity()
