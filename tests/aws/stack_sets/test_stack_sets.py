"""Responses of StackSets are read as if any field might be missing, and with the right CallAs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import (
    OperationInProgressError,
    OperationNotFoundError,
    StackSetExistsError,
    StackSetNotFoundError,
)
from orgrollout.model.ids import AccountId, OperationId, Pair, Region, StackSetName, UnitId
from orgrollout.model.operation import (
    OperationAction,
    OperationRequest,
    OperationStatus,
    ResultStatus,
)
from orgrollout.model.stack_set import (
    InstanceStatus,
    PermissionModel,
    StackInstance,
    StackSetDefinition,
)

NAME, ID = StackSetName("base"), OperationId("or-1")
PAIR = Pair(AccountId("111111111111"), Region("us-east-1"))
WHERE = {"StackSetId": "base:1", "Account": PAIR.account, "Region": PAIR.region}
MANAGEMENT = "999999999999"
SET: dict[str, Any] = {
    "StackSetName": "base",
    "StackSetId": "base:1",
    "StackSetARN": f"arn:aws:cloudformation:us-east-1:{MANAGEMENT}:stackset/base:1",
    "Status": "ACTIVE",
    "TemplateBody": "Resources: {}",
    "PermissionModel": "SERVICE_MANAGED",
}

OPERATION: dict[str, Any] = {"OperationId": "or-1", "Action": "CREATE", "Status": "RUNNING"}
NO_ROWS: dict[str, Any] = {"Summaries": []}


@pytest.fixture
def stack_sets(connection: Connection) -> StackSets:
    return StackSets(connection, call_as="self")


def test_a_stack_set_comes_back_as_it_was_defined(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    described = {
        **SET,
        "Description": "d",
        "Parameters": [{"ParameterKey": "A", "ParameterValue": "1"}],
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": "orgrollout:manifest", "Value": "baseline"}],
        "AutoDeployment": {"Enabled": True},
        "ManagedExecution": {"Active": True},
        "PermissionModel": "SELF_MANAGED",
        "AdministrationRoleARN": f"arn:aws:iam::{MANAGEMENT}:role/Admin",
        "ExecutionRoleName": "Exec",
    }
    cloudformation.add_response("describe_stack_set", {"StackSet": described})

    found = stack_sets.describe(NAME)

    assert found is not None
    assert (found.name, found.id, found.arn) == ("base", "base:1", SET["StackSetARN"])
    assert (found.administrator, found.owner, found.auto_deployment) == (
        MANAGEMENT,
        "baseline",
        True,
    )
    assert found.definition == StackSetDefinition(
        template_body="Resources: {}",
        parameters={"A": "1"},
        description="d",
        capabilities=("CAPABILITY_IAM",),
        tags={"orgrollout:manifest": "baseline"},
        permission_model=PermissionModel.SELF_MANAGED,
        administration_role_arn=f"arn:aws:iam::{MANAGEMENT}:role/Admin",
        execution_role_name="Exec",
        managed_execution=True,
    )


def test_a_stack_set_described_with_few_fields_is_read(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    little = ("StackSetName", "StackSetId", "Status", "TemplateBody")
    cloudformation.add_response("describe_stack_set", {"StackSet": {k: SET[k] for k in little}})
    found = stack_sets.describe(NAME)
    assert found is not None
    assert found.administrator is None
    assert found.definition.permission_model is PermissionModel.SELF_MANAGED  # AWS's default


def test_a_deleted_or_unknown_stack_set_is_none(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_response("describe_stack_set", {"StackSet": {**SET, "Status": "DELETED"}})
    cloudformation.add_client_error("describe_stack_set", "StackSetNotFoundException")
    assert stack_sets.describe(NAME) is None
    assert stack_sets.describe(NAME) is None


def test_instances_are_listed_page_by_page_and_without_overrides(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    full = {
        **WHERE,
        "StackId": "arn:stack",
        "Status": "INOPERABLE",
        "StatusReason": "r",
        "StackInstanceStatus": {"DetailedStatus": "FAILED"},
        "OrganizationalUnitId": "ou-ab12-11111111",
        "DriftStatus": "DRIFTED",
        "LastDriftCheckTimestamp": datetime(2026, 1, 5, 9),  # noqa: DTZ001
        "LastOperationId": "or-1",
    }
    page = {"StackSetName": "base", "MaxResults": 100}
    cloudformation.add_response(
        "list_stack_instances", {"Summaries": [full], "NextToken": "t"}, page
    )
    cloudformation.add_response(
        "list_stack_instances", {"Summaries": [], "NextToken": "u"}, {**page, "NextToken": "t"}
    )
    cloudformation.add_response(
        "list_stack_instances", {"Summaries": [WHERE]}, {**page, "NextToken": "u"}
    )

    first, second = stack_sets.instances(NAME)

    assert first == StackInstance(
        pair=PAIR,
        status=InstanceStatus.INOPERABLE,
        detailed_status="FAILED",
        status_reason="r",
        unit=UnitId("ou-ab12-11111111"),
        stack_id="arn:stack",
        last_operation=ID,
        drift_status="DRIFTED",
        last_drift_check=datetime(2026, 1, 5, 9, tzinfo=UTC),
        overrides=None,
    )
    # A missing status is never taken for success.
    assert second == StackInstance(pair=PAIR, status=InstanceStatus.OUTDATED, detailed_status="")


def test_instances_can_be_narrowed_to_an_operation_account_and_region(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_response(
        "list_stack_instances",
        {"Summaries": []},
        {
            "StackSetName": "base",
            "MaxResults": 100,
            "Filters": [{"Name": "LAST_OPERATION_ID", "Values": "or-1"}],
            "StackInstanceAccount": PAIR.account,
            "StackInstanceRegion": PAIR.region,
        },
    )
    narrowed = stack_sets.instances(
        NAME, last_operation=ID, account=PAIR.account, region=PAIR.region
    )
    assert list(narrowed) == []


@pytest.mark.parametrize(
    ("said", "overrides"),
    [
        ({}, {}),
        ({"ParameterOverrides": []}, {}),
        ({"ParameterOverrides": [{"ParameterKey": "A", "ParameterValue": "1"}]}, {"A": "1"}),
    ],
)
def test_a_described_instance_has_its_overrides_or_an_empty_set(
    stack_sets: StackSets, cloudformation: Stubber, said: Any, overrides: Any
) -> None:
    cloudformation.add_response("describe_stack_instance", {"StackInstance": {**WHERE, **said}})
    found = stack_sets.describe_instance(NAME, PAIR)
    assert found is not None
    assert found.overrides == overrides


def test_an_instance_that_does_not_exist_is_none_but_a_set_is_an_error(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("describe_stack_instance", "StackInstanceNotFoundException")
    cloudformation.add_client_error("describe_stack_instance", "StackSetNotFoundException")
    assert stack_sets.describe_instance(NAME, PAIR) is None
    with pytest.raises(StackSetNotFoundError, match="stack set base does not exist here"):
        stack_sets.describe_instance(NAME, PAIR)


@pytest.mark.parametrize(
    ("status", "read", "terminal"),
    [
        ("QUEUED", OperationStatus.QUEUED, False),
        ("STOPPED", OperationStatus.STOPPED, True),
        ("PONDERING", OperationStatus.RUNNING, False),
    ],
)
def test_an_operation_of_unknown_status_is_still_running(
    stack_sets: StackSets,
    cloudformation: Stubber,
    status: str,
    read: OperationStatus,
    *,
    terminal: bool,
) -> None:
    said = {**OPERATION, "Status": status, "StatusDetails": {"FailedStackInstancesCount": 3}}
    cloudformation.add_response("describe_stack_set_operation", {"StackSetOperation": said})
    found = stack_sets.describe_operation(NAME, ID)
    assert found is not None
    assert (found.status, found.status.is_terminal, found.failed_count) == (read, terminal, 3)


def test_an_operation_that_was_never_started_is_none(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    """After a crash, None means: start it, under the same id."""
    cloudformation.add_client_error("describe_stack_set_operation", "OperationNotFoundException")
    assert stack_sets.describe_operation(NAME, ID) is None


def _result(account: int, status: str, **more: Any) -> dict[str, Any]:
    return {"Account": f"{account:012}", "Region": "us-east-1", "Status": status, **more}


def test_up_to_a_page_of_results_costs_one_call(
    stack_sets: StackSets, cloudformation: Stubber, connection: Connection
) -> None:
    gate = {"Status": "FAILED", "StatusReason": "Gate closed"}
    open_gate = {"Status": "SKIPPED", "StatusReason": "Function not found: arn"}
    cloudformation.add_response(
        "list_stack_set_operation_results",
        {
            "Summaries": [
                _result(4, "CANCELLED", StatusReason="c"),
                _result(1, "SUCCEEDED", AccountGateResult=open_gate),
                _result(2, "FAILED", StatusReason="f", AccountGateResult=open_gate),
                _result(3, "FAILED", AccountGateResult=gate),
                _result(5, "SKIPPED", StatusReason="s"),
            ]
        },
        {"StackSetName": "base", "OperationId": "or-1", "MaxResults": 100},
    )

    failed = stack_sets.failed_results(NAME, ID)

    assert [(r.pair.account[-1], r.status, r.reason) for r in failed] == [
        ("2", ResultStatus.FAILED, "f"),
        ("3", ResultStatus.FAILED, "AccountGate check failed: Gate closed"),
        ("4", ResultStatus.CANCELLED, "c"),
        ("5", ResultStatus.FAILED, "result status SKIPPED. s"),
    ]
    assert connection.calls == {"ListStackSetOperationResults": 1}


def test_of_many_results_only_those_that_did_not_succeed_are_fetched(
    stack_sets: StackSets, cloudformation: Stubber, connection: Connection
) -> None:
    """10,000 instances would be 100 calls; the failures are few."""
    asked = {"StackSetName": "base", "OperationId": "or-1", "MaxResults": 100}
    cloudformation.add_response(
        "list_stack_set_operation_results",
        {"Summaries": [_result(n, "SUCCEEDED") for n in range(100)], "NextToken": "t"},
        asked,
    )
    answers: dict[str, list[dict[str, Any]]] = {
        "PENDING": [],
        "RUNNING": [_result(300, "RUNNING")],
        "FAILED": [_result(300, "FAILED"), _result(200, "FAILED")],
        "CANCELLED": [_result(201, "CANCELLED")],
    }
    for status, results in answers.items():
        filters = [{"Name": "OPERATION_RESULT_STATUS", "Values": status}]
        cloudformation.add_response(
            "list_stack_set_operation_results",
            {"Summaries": results},
            {**asked, "Filters": filters},
        )

    failed = stack_sets.failed_results(NAME, ID)

    # 300 failed between two calls; it is in there once, as it ended.
    assert [(int(r.pair.account), r.status.value) for r in failed] == [
        (200, "FAILED"),
        (201, "CANCELLED"),
        (300, "FAILED"),
    ]
    assert connection.calls["ListStackSetOperationResults"] == 5


CREATE = OperationRequest(
    id=ID,
    stack_set=NAME,
    action=OperationAction.CREATE,
    accounts=(PAIR.account,),
    regions=(PAIR.region,),
    units=(UnitId("r-ab12"),),
)


def test_an_operation_that_exists_already_was_started(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error(
        "create_stack_instances", "OperationIdAlreadyExistsException", http_status_code=409
    )
    stack_sets.start(CREATE)


def test_a_set_that_is_busy_with_this_very_operation_is_no_error(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    """The answer to the first attempt was lost; the second meets its own lock."""
    cloudformation.add_client_error("create_stack_instances", "OperationInProgressException")
    cloudformation.add_response("describe_stack_set_operation", {"StackSetOperation": OPERATION})
    stack_sets.start(CREATE)


def test_a_set_that_is_busy_with_another_operation_is_named(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("create_stack_instances", "OperationInProgressException")
    cloudformation.add_client_error("describe_stack_set_operation", "OperationNotFoundException")
    with pytest.raises(OperationInProgressError, match="stack set base is busy") as caught:
        stack_sets.start(CREATE)
    assert caught.value.subject == "base"


def test_stopping_an_ended_operation_is_fine_and_an_unknown_one_is_an_error(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("stop_stack_set_operation", "InvalidOperationException")
    cloudformation.add_client_error("stop_stack_set_operation", "OperationNotFoundException")
    stack_sets.stop(NAME, ID)
    with pytest.raises(OperationNotFoundError):
        stack_sets.stop(NAME, ID)


def test_an_existing_set_of_that_name_is_ours_only_if_it_is_the_same(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    """A stack set that another user made must never be taken over silently."""
    ours = StackSetDefinition(template_body="Resources: {}")
    for _ in range(2):
        cloudformation.add_client_error("create_stack_set", "NameAlreadyExistsException")
        cloudformation.add_response("describe_stack_set", {"StackSet": SET})
    stack_sets.create_stack_set(NAME, ours, "t")
    other = StackSetDefinition(template_body="Resources: {}", tags={"orgrollout:manifest": "x"})
    with pytest.raises(StackSetExistsError, match="left alone"):
        stack_sets.create_stack_set(NAME, other, "t")


def test_a_set_that_is_gone_already_counts_as_deleted(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("delete_stack_set", "StackSetNotFoundException")
    stack_sets.delete_stack_set(NAME)
