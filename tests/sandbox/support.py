"""Small organizations and templates, and the calls that most tests begin with."""

from collections.abc import Iterable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.call_log import OperationRecord

HOME = "us-east-1"
ACCOUNTS = tuple(f"{number:012d}" for number in range(100000000001, 100000000011))
"""Ten accounts of the unit Workloads."""

ORGANIZATION: dict[str, Any] = {
    "organization": "o-a1b2c3d4e5",
    "management_account": "999999999999",
    "regions": ["us-east-1", "eu-west-1", "us-west-2"],
    "delegated_administrators": ["audit"],
    "root": {
        "organizational_units": {
            "Workloads": {
                "accounts": [{"name": f"w{i}", "id": each} for i, each in enumerate(ACCOUNTS)],
                "organizational_units": {
                    "Prod": {
                        "accounts": [{"name": "p0", "id": "300000000000"}],
                        "organizational_units": {
                            "Deep": {"accounts": [{"name": "d0", "id": "400000000000"}]}
                        },
                    }
                },
            },
            "Security": {
                "accounts": [
                    {"name": "audit", "id": "222222222222"},
                    {"name": "old", "id": "555555555555", "state": "SUSPENDED"},
                ]
            },
        }
    },
}

TEMPLATE = """
Parameters:
  Days: {Type: Number, Default: 30}
  Prefix: {Type: String, Default: x}
Resources:
  Group:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub "/${Prefix}/${AWS::Region}"
      RetentionInDays: !Ref Days
"""

FAST: dict[str, Any] = {"MaxConcurrentPercentage": 100, "FailureTolerancePercentage": 100}


def cloudformation(sandbox: Sandbox, account: str | None = None) -> CloudFormationClient:
    """Return a client in the home Region that never repeats a call."""
    from botocore.config import Config  # noqa: PLC0415

    session = sandbox.session(account)
    return session.client("cloudformation", HOME, config=Config(retries={"total_max_attempts": 1}))


def unit(sandbox: Sandbox, name: str = "/") -> str:
    """Return the id of a unit or the root."""
    return sandbox.organization.find(name)


def service_managed(client: CloudFormationClient, name: str = "base", **more: Any) -> None:
    """Create a service-managed stack set."""
    arguments: dict[str, Any] = {"TemplateBody": TEMPLATE, "PermissionModel": "SERVICE_MANAGED"}
    client.create_stack_set(StackSetName=name, **{**arguments, **more})


def parameters(values: Mapping[str, str]) -> list[Any]:
    """Return parameters as the API takes them."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def targets(unit_id: str, accounts: Iterable[str] = ()) -> Any:
    """Return deployment targets: a unit, or some of its accounts."""
    named = list(accounts)
    if not named:
        return {"OrganizationalUnitIds": [unit_id]}
    kind = "INTERSECTION"
    return {"OrganizationalUnitIds": [unit_id], "Accounts": named, "AccountFilterType": kind}


def deploy(
    sandbox: Sandbox,
    client: CloudFormationClient,
    *,
    name: str = "base",
    where: str = "Workloads",
    accounts: Iterable[str] = ACCOUNTS,
    regions: Iterable[str] = (HOME,),
    **more: Any,
) -> OperationRecord:
    """Create stack instances and wait for the end of the operation."""
    arguments: dict[str, Any] = {"OperationPreferences": FAST}
    client.create_stack_instances(
        StackSetName=name,
        DeploymentTargets=targets(unit(sandbox, where), accounts),
        Regions=list(regions),
        **{**arguments, **more},
    )
    sandbox.run_to_end()
    return sandbox.operations(name)[-1]


def instances(client: CloudFormationClient, name: str = "base", **more: Any) -> list[Any]:
    """Return all stack instances."""
    pages = client.get_paginator("list_stack_instances").paginate(StackSetName=name, **more)
    return [each for page in pages for each in page["Summaries"]]


def describe(
    client: CloudFormationClient, account: str, region: str = HOME, name: str = "base"
) -> Any:
    """Return one stack instance with its overrides."""
    answer = client.describe_stack_instance(
        StackSetName=name, StackInstanceAccount=account, StackInstanceRegion=region
    )
    return answer["StackInstance"]


def log_groups(sandbox: Sandbox, account: str, region: str = HOME) -> dict[str, int]:
    """Return the log groups that really exist, with their retention in days."""
    client = sandbox.session(account, region).client("logs")
    groups = client.describe_log_groups()["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays", 0) for group in groups}


def default_client() -> CloudFormationClient:
    """Return a client as boto3 makes it by default."""
    return boto3.client("cloudformation", HOME)


def many(number: int) -> dict[str, Any]:
    """Return an organization with ``number`` accounts in one unit, Fleet."""
    accounts = [{"name": f"f{i:03d}", "id": f"{100_000_000_000 + i}"} for i in range(number)]
    root = {"organizational_units": {"Fleet": {"accounts": accounts}}}
    return {"organization": "o-a1b2c3d4e5", "regions": [HOME, "eu-west-1"], "root": root}


def fleet(number: int) -> list[str]:
    """Return the accounts of ``many(number)``, in the order in which they are dispatched."""
    return [f"{100_000_000_000 + i}" for i in range(number)]


def begin(
    sandbox: Sandbox,
    client: CloudFormationClient,
    where: str = "Fleet",
    regions: Iterable[str] = (HOME,),
    name: str = "base",
    **preferences: Any,
) -> str:
    """Begin to create stack instances and return the operation's id."""
    answer = client.create_stack_instances(
        StackSetName=name,
        DeploymentTargets=targets(unit(sandbox, where)),
        Regions=list(regions),
        OperationPreferences=preferences,  # type: ignore[arg-type]
    )
    return answer["OperationId"]


def results(
    client: CloudFormationClient, operation: str, status: str = "", name: str = "base"
) -> list[Any]:
    """Return the results of an operation, all or those of one status."""
    filters: Any = [{"Name": "OPERATION_RESULT_STATUS", "Values": status}] if status else []
    pages = client.get_paginator("list_stack_set_operation_results").paginate(
        StackSetName=name, OperationId=operation, Filters=filters
    )
    return [each for page in pages for each in page["Summaries"]]


def operation(client: CloudFormationClient, identifier: str, name: str = "base") -> Any:
    """Return an operation."""
    answer = client.describe_stack_set_operation(StackSetName=name, OperationId=identifier)
    return answer["StackSetOperation"]


def code_of(call: Any, **arguments: Any) -> tuple[str, int]:
    """Return the error code and HTTP status that a call is answered with."""
    try:
        call(**arguments)
    except ClientError as error:
        answer: Any = error.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
    return "", 200
