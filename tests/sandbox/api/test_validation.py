"""Section D and the errors: quotas, and what CloudFormation refuses."""

from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    cloudformation,
    code_of,
    deploy,
    parameters,
    service_managed,
    targets,
    unit,
)

INVALID = ("ValidationError", 400)
LIMIT = ("LimitExceededException", 400)
ROLE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}%s}
"""


@pytest.mark.parametrize(
    "arguments",
    [
        {"StackSetName": "1st", "TemplateBody": TEMPLATE},
        {"StackSetName": "a" * 129, "TemplateBody": TEMPLATE},
        {"TemplateBody": None},
        {"TemplateBody": "Resources: {"},
        {"TemplateBody": "{}"},
        {"TemplateBody": "Resources: {A: {Properties: {}}}"},
        {"TemplateBody": TEMPLATE.replace("!Ref Days", "!Ref Nowhere")},
        {"TemplateBody": TEMPLATE + "#" * 51_200},
        {"Parameters": parameters({"None": "1"})},
        {"TemplateBody": TEMPLATE.replace(", Default: 30", "")},
        {"TemplateBody": TEMPLATE.replace("Default: 30", "Default: 30, AllowedValues: [30]")}
        | {"Parameters": parameters({"Days": "31"})},
        {"Tags": [{"Key": f"k{i}", "Value": "v"} for i in range(51)]},
        {"AutoDeployment": {"Enabled": True}},
        {"PermissionModel": "SERVICE_MANAGED", "TemplateBody": f"Transform: X\n{TEMPLATE}"},
        {
            "PermissionModel": "SERVICE_MANAGED",
            "TemplateBody": "Resources: {A: {Type: AWS::CloudFormation::Stack}}",
        },
        {
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": True, "DependsOn": ["arn:x"] * 11},
        },
        {"TemplateURL": "https://none.s3.amazonaws.com/t.yaml", "TemplateBody": None},
    ],
    ids=[
        "name begins with a digit",
        "name of 129 characters",
        "no template",
        "broken template",
        "no resources",
        "resource without type",
        "reference to nothing",
        "template of more than 51200 bytes",
        "unknown parameter",
        "required parameter missing",
        "value not allowed",
        "51 tags",
        "automatic deployment of a self-managed set",
        "macro in a service-managed set",
        "nested stack in a service-managed set",
        "11 dependencies",
        "template that is not there",
    ],
)
def test_create_stack_set_refuses(client: CloudFormationClient, arguments: dict[str, Any]) -> None:
    given = {"StackSetName": "base", "TemplateBody": TEMPLATE, **arguments}
    given = {key: value for key, value in given.items() if value is not None}
    assert code_of(client.create_stack_set, **given) == INVALID
    assert client.list_stack_sets()["Summaries"] == []


@pytest.mark.parametrize(
    ("name", "given", "accepted"),
    [
        ("", [], False),
        ("", ["CAPABILITY_IAM"], True),
        ("", ["CAPABILITY_NAMED_IAM"], True),
        (", RoleName: r", ["CAPABILITY_IAM"], False),
        (", RoleName: r", ["CAPABILITY_NAMED_IAM"], True),
    ],
)
def test_iam_resources_have_to_be_acknowledged(
    client: CloudFormationClient, name: str, given: list[str], accepted: bool
) -> None:
    code, status = code_of(
        client.create_stack_set,
        StackSetName="base",
        TemplateBody=ROLE % name,
        Capabilities=given,
    )
    assert status == (200 if accepted else 400)
    assert code == ("" if accepted else "InsufficientCapabilitiesException")


@pytest.mark.parametrize(
    "preferences",
    [
        {"FailureToleranceCount": 1, "FailureTolerancePercentage": 1},
        {"MaxConcurrentCount": 1, "MaxConcurrentPercentage": 1},
        {"FailureTolerancePercentage": 101},
        {"MaxConcurrentPercentage": 0},
        {"RegionOrder": ["eu-west-1", "us-west-2"]},
        {"RegionOrder": [HOME, HOME]},
    ],
)
def test_preferences_that_exclude_each_other_or_are_out_of_range(
    sandbox: Sandbox, preferences: dict[str, Any]
) -> None:
    from botocore.config import Config  # noqa: PLC0415

    config = Config(parameter_validation=False)
    client = sandbox.session().client("cloudformation", config=config)
    service_managed(client)
    assert (
        code_of(
            client.create_stack_instances,
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox)),
            Regions=[HOME],
            OperationPreferences=preferences,
        )
        == INVALID
    )


@pytest.mark.parametrize("regions", [[], ["mars-1"]])
def test_regions_must_be_given_and_exist(
    sandbox: Sandbox, client: CloudFormationClient, regions: list[str]
) -> None:
    service_managed(client)
    assert (
        code_of(
            client.create_stack_instances,
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox)),
            Regions=regions,
        )
        == INVALID
    )


def test_an_unknown_override_is_refused(sandbox: Sandbox, client: CloudFormationClient) -> None:
    service_managed(client)
    assert (
        code_of(
            client.create_stack_instances,
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox)),
            Regions=[HOME],
            ParameterOverrides=parameters({"None": "1"}),
        )
        == INVALID
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"TemplateBody": TEMPLATE, "UsePreviousTemplate": True},
        {"UsePreviousTemplate": True, "AutoDeployment": {"Enabled": True}, "Regions": [HOME]},
        {"TemplateBody": TEMPLATE, "AutoDeployment": {"Enabled": True}},
    ],
    ids=["no template", "two templates", "automatic and targeted", "automatic and template"],
)
def test_update_stack_set_refuses(client: CloudFormationClient, arguments: dict[str, Any]) -> None:
    service_managed(client)
    assert code_of(client.update_stack_set, StackSetName="base", **arguments) == INVALID


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("describe_stack_set", {}),
        ("list_stack_instances", {}),
        ("list_stack_set_operations", {}),
        ("update_stack_set", {"UsePreviousTemplate": True}),
        ("detect_stack_set_drift", {}),
        ("describe_stack_set_operation", {"OperationId": "x"}),
    ],
)
def test_a_stack_set_that_is_not_there(
    client: CloudFormationClient, operation: str, arguments: dict[str, Any]
) -> None:
    found = code_of(getattr(client, operation), StackSetName="none", **arguments)
    assert found == ("StackSetNotFoundException", 404)


def test_an_operation_that_is_not_there(client: CloudFormationClient) -> None:
    service_managed(client)
    for call in (client.describe_stack_set_operation, client.list_stack_set_operation_results):
        found = code_of(call, StackSetName="base", OperationId="none")
        assert found == ("OperationNotFoundException", 404)


def test_deleting_a_stack_set_that_is_not_there_is_no_error(client: CloudFormationClient) -> None:
    client.delete_stack_set(StackSetName="none")


def test_quotas_of_stack_sets_and_instances() -> None:
    """1,000 stack sets and 100,000 instances a set; smaller here."""
    assert Settings().max_stack_sets == 1_000
    assert Settings().max_stack_instances == 100_000
    settings = Settings(max_stack_sets=1, max_stack_instances=5)
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        create = client.create_stack_set
        assert code_of(create, StackSetName="two", TemplateBody=TEMPLATE) == LIMIT
        deploy(sandbox, client, accounts=ACCOUNTS[:5])
        assert (
            code_of(
                client.create_stack_instances,
                StackSetName="base",
                DeploymentTargets=targets(unit(sandbox)),
                Regions=[HOME],
            )
            == LIMIT
        )


def test_the_quota_of_instances_at_one_time_is_per_region_over_all_sets() -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(max_concurrent_instances=4)) as sandbox:
        client = cloudformation(sandbox)
        for name in ("one", "two"):
            service_managed(client, name, Parameters=parameters({"Prefix": name}))
            client.create_stack_instances(
                StackSetName=name,
                DeploymentTargets=targets(unit(sandbox, "Workloads"), ACCOUNTS),
                Regions=[HOME],
                OperationPreferences={"MaxConcurrentCount": 3, "FailureToleranceCount": 9},
            )
        sandbox.run_to_end()
        one, two = sandbox.operations("one")[0], sandbox.operations("two")[0]
        assert len(one.succeeded) == len(two.succeeded) == len(ACCOUNTS)
        assert two.ended is not None
        assert one.ended is not None
        assert one.max_concurrent == 3


def test_a_ceiling_per_stack_set_counts_all_of_its_regions() -> None:
    settings = Settings(max_concurrent_per_stack_set=3, deploy_resources=False)
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        client.create_stack_instances(
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox, "Workloads"), ACCOUNTS),
            Regions=[HOME, "eu-west-1"],
            OperationPreferences={
                "MaxConcurrentPercentage": 100,
                "FailureToleranceCount": 9,
                "RegionConcurrencyType": "PARALLEL",
            },
        )
        sandbox.run_to_end()
        (operation,) = sandbox.operations("base")
        assert operation.max_concurrent == 3
        assert len(operation.succeeded) == 2 * len(ACCOUNTS)


def test_a_queue_of_operations_is_limited() -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(max_queued_operations=1)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client, ManagedExecution={"Active": True})
        where: Any = {
            "StackSetName": "base",
            "DeploymentTargets": targets(unit(sandbox)),
            "Regions": [HOME],
        }
        for _ in range(2):
            client.create_stack_instances(**where)
        assert code_of(client.create_stack_instances, **where) == LIMIT


def test_pages_hold_100_at_most(client: CloudFormationClient) -> None:
    service_managed(client)
    assert code_of(client.list_stack_instances, StackSetName="base", MaxResults=101) == INVALID
    assert code_of(client.list_stack_instances, StackSetName="base", NextToken="?") == INVALID


def test_a_template_may_come_from_s3_and_be_larger(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    s3 = sandbox.session().client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="t.yaml", Body=(TEMPLATE + "#" * 60_000).encode())
    url = "https://templates.s3.us-east-1.amazonaws.com/t.yaml"
    client.create_stack_set(StackSetName="base", TemplateURL=url)
    body = client.describe_stack_set(StackSetName="base")["StackSet"]["TemplateBody"]
    assert len(body) > 60_000


def test_the_template_summary_names_parameters_types_and_capabilities(
    client: CloudFormationClient,
) -> None:
    body = TEMPLATE + '  Role: {Type: "AWS::IAM::Role", Properties: {RoleName: r}}\n'
    found = client.get_template_summary(TemplateBody=body)
    assert {each["ParameterKey"]: each["DefaultValue"] for each in found["Parameters"]} == {
        "Days": "30",
        "Prefix": "x",
    }
    assert found["ResourceTypes"] == ["AWS::IAM::Role", "AWS::Logs::LogGroup"]
    assert found["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    service_managed(client)
    assert client.get_template_summary(StackSetName="base")["ResourceTypes"] == [
        "AWS::Logs::LogGroup"
    ]
