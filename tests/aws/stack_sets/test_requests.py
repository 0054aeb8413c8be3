"""The requests for each operation of the domain, checked field by field by botocore's model."""

from typing import Any

import pytest
from botocore.stub import Stubber

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import AccountId, OperationId, Region, StackSetName, UnitId
from orgrollout.model.operation import OperationAction, OperationPreferences, OperationRequest
from orgrollout.model.stack_set import PermissionModel, StackSetDefinition

NAME = StackSetName("baseline-logs")
ADMIN_ROLE = "arn:aws:iam::111122223333:role/StackSetAdmin"
SENT_PREFERENCES = {
    "RegionConcurrencyType": "PARALLEL",
    "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
    "MaxConcurrentPercentage": 25,
}
SERVICE_MANAGED: dict[str, Any] = {
    "StackSetName": NAME,
    "OperationId": "or-1",
    "OperationPreferences": SENT_PREFERENCES,
    "DeploymentTargets": {
        "OrganizationalUnitIds": ["r-ab12"],
        "Accounts": ["111111111111", "222222222222"],
        "AccountFilterType": "INTERSECTION",
    },
    "Regions": ["us-east-1", "eu-west-1"],
    "CallAs": "SELF",
}
SELF_MANAGED: dict[str, Any] = {
    **{k: v for k, v in SERVICE_MANAGED.items() if k not in {"DeploymentTargets", "CallAs"}},
    "Accounts": ["111111111111", "222222222222"],
}
OVERRIDES = [
    {"ParameterKey": "A", "ParameterValue": "1"},
    {"ParameterKey": "B", "ParameterValue": "2"},
]
DEFINITION = StackSetDefinition(
    template_body="Resources: {}",
    parameters={"B": "2", "A": "1"},
    capabilities=("CAPABILITY_NAMED_IAM",),
    tags={"owner": "security"},
)
SENT_DEFINITION = {
    "TemplateBody": "Resources: {}",
    "Parameters": OVERRIDES,
    "Capabilities": ["CAPABILITY_NAMED_IAM"],
    "Tags": [{"Key": "owner", "Value": "security"}],
}


@pytest.fixture
def stack_sets(connection: Connection) -> StackSets:
    return StackSets(connection, call_as="self")


def request(
    action: OperationAction, *, units: tuple[str, ...] = ("r-ab12",), **more: Any
) -> OperationRequest:
    return OperationRequest(
        **{
            "id": OperationId("or-1"),
            "stack_set": NAME,
            "action": action,
            "accounts": (AccountId("111111111111"), AccountId("222222222222")),
            "regions": (Region("us-east-1"), Region("eu-west-1")),
            "units": tuple(map(UnitId, units)),
            "permission_model": (
                PermissionModel.SERVICE_MANAGED if units else PermissionModel.SELF_MANAGED
            ),
            **more,
        }
    )


STARTED: list[tuple[OperationRequest, str, dict[str, Any]]] = [
    (
        request(OperationAction.CREATE, overrides={"B": "2", "A": "1"}),
        "create_stack_instances",
        {**SERVICE_MANAGED, "ParameterOverrides": OVERRIDES},
    ),
    (
        request(OperationAction.UPDATE),
        "update_stack_instances",
        {**SERVICE_MANAGED, "ParameterOverrides": []},  # the full list: none is left
    ),
    (
        request(OperationAction.UPDATE, definition=DEFINITION),
        "update_stack_set",
        {**SERVICE_MANAGED, **SENT_DEFINITION},
    ),
    (
        request(OperationAction.DETACH),
        "delete_stack_instances",
        {**SERVICE_MANAGED, "RetainStacks": True},
    ),
    (
        request(OperationAction.DELETE),
        "delete_stack_instances",
        {**SERVICE_MANAGED, "RetainStacks": False},
    ),
    (
        request(OperationAction.CREATE, units=()),
        "create_stack_instances",
        {**SELF_MANAGED, "ParameterOverrides": []},
    ),
    (
        request(OperationAction.UPDATE, units=(), overrides={"A": "1", "B": "2"}),
        "update_stack_instances",
        {**SELF_MANAGED, "ParameterOverrides": OVERRIDES},
    ),
    (
        request(OperationAction.DELETE, units=()),
        "delete_stack_instances",
        {**SELF_MANAGED, "RetainStacks": False},
    ),
    (
        request(
            OperationAction.UPDATE,
            units=(),
            definition=StackSetDefinition(
                template_body="Resources: {}",
                permission_model=PermissionModel.SELF_MANAGED,
                administration_role_arn=ADMIN_ROLE,
                execution_role_name="Exec",
                description="d",
                managed_execution=True,
            ),
        ),
        "update_stack_set",
        {
            **SELF_MANAGED,
            "TemplateBody": "Resources: {}",
            "Parameters": [],
            "Capabilities": [],
            "Tags": [],
            "Description": "d",
            "AdministrationRoleARN": ADMIN_ROLE,
            "ExecutionRoleName": "Exec",
        },
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", STARTED, ids=lambda case: f"{case[0].action} {case[1]}")
def test_an_operation_is_sent_with_exactly_its_pairs(
    stack_sets: StackSets,
    cloudformation: Stubber,
    case: tuple[OperationRequest, str, dict[str, Any]],
) -> None:
    asked, method, parameters = case
    cloudformation.add_response(method, {"OperationId": "or-1"}, parameters)
    stack_sets.start(asked)


def test_a_set_without_instances_is_updated_without_targets(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    """Anything but this one case must name its pairs: without targets, all are updated."""
    cloudformation.add_response(
        "update_stack_set",
        {"OperationId": "or-1"},
        {
            "StackSetName": NAME,
            "OperationId": "or-1",
            "OperationPreferences": SENT_PREFERENCES,
            **SENT_DEFINITION,
        },
    )
    stack_sets.start(
        request(OperationAction.UPDATE, units=(), definition=DEFINITION, accounts=(), regions=())
    )


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        (
            OperationPreferences(parallel_regions=False, strict=True),
            {
                "RegionConcurrencyType": "SEQUENTIAL",
                "ConcurrencyMode": "STRICT_FAILURE_TOLERANCE",
                "MaxConcurrentPercentage": 25,
            },
        ),
        (
            OperationPreferences(
                max_concurrent_count=7,
                failure_tolerance_count=0,
                failure_tolerance_percentage=10,
                region_order=(Region("eu-west-1"), Region("us-east-1")),
            ),
            {
                "RegionConcurrencyType": "PARALLEL",
                "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
                "MaxConcurrentCount": 7,
                "FailureToleranceCount": 0,
                "RegionOrder": ["eu-west-1", "us-east-1"],
            },
        ),
        (
            OperationPreferences(max_concurrent_percentage=None, failure_tolerance_percentage=0),
            {
                "RegionConcurrencyType": "PARALLEL",
                "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
                "FailureTolerancePercentage": 0,
            },
        ),
    ],
)
def test_a_count_and_a_percentage_are_never_sent_together(
    stack_sets: StackSets,
    cloudformation: Stubber,
    preferences: OperationPreferences,
    expected: dict[str, Any],
) -> None:
    cloudformation.add_response(
        "delete_stack_instances",
        {"OperationId": "or-1"},
        {**SERVICE_MANAGED, "RetainStacks": True, "OperationPreferences": expected},
    )
    stack_sets.start(request(OperationAction.DETACH, preferences=preferences))


def test_a_service_managed_set_is_created_without_automatic_deployment(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    """Automatic deployment ignores filters, overrides and tolerances."""
    cloudformation.add_response(
        "create_stack_set",
        {"StackSetId": "x"},
        {
            "StackSetName": NAME,
            "ClientRequestToken": "token-1",
            "PermissionModel": "SERVICE_MANAGED",
            "ManagedExecution": {"Active": False},
            "AutoDeployment": {"Enabled": False},
            "CallAs": "SELF",
            **SENT_DEFINITION,
        },
    )
    stack_sets.create_stack_set(NAME, DEFINITION, "token-1")


def test_a_self_managed_set_is_created_with_its_roles_and_without_call_as(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_response(
        "create_stack_set",
        {"StackSetId": "x"},
        {
            "StackSetName": NAME,
            "ClientRequestToken": "token-1",
            "PermissionModel": "SELF_MANAGED",
            "ManagedExecution": {"Active": True},
            "TemplateBody": "Resources: {}",
            "Parameters": [],
            "Capabilities": [],
            "Tags": [],
            "AdministrationRoleARN": ADMIN_ROLE,
        },
    )
    definition = StackSetDefinition(
        template_body="Resources: {}",
        permission_model=PermissionModel.SELF_MANAGED,
        administration_role_arn=ADMIN_ROLE,
        managed_execution=True,
    )
    stack_sets.create_stack_set(NAME, definition, "token-1")
