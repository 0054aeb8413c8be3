"""Responses of CloudFormation about drift: page by page, with CallAs, and in our words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from orgrollout.aws.stack_sets.drift import resource_drift
from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import OperationInProgressError
from orgrollout.model.drift import DifferenceType, ResourceDriftStatus, StackSetDrift
from orgrollout.model.ids import OperationId
from tests.aws.stack_sets.test_stack_sets import NAME, NO_ROWS, PAIR, SET

RUN = OperationId("drift-1")
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
AS = {"StackSetName": "base", "CallAs": "DELEGATED_ADMIN"}
LIST = {**AS, "MaxResults": 100}
WHERE = {
    **LIST,
    "StackInstanceAccount": PAIR.account,
    "StackInstanceRegion": PAIR.region,
    "OperationId": RUN,
}
ROW = {
    "StackId": "arn",
    "LogicalResourceId": "Topic",
    "ResourceType": "AWS::SNS::Topic",
    "StackResourceDriftStatus": "MODIFIED",
    "Timestamp": NOON,
}


@pytest.fixture
def stack_sets(connection: Connection, cloudformation: Stubber) -> StackSets:
    """The stack sets of a delegated administrator, one of which was looked at before."""
    made = StackSets(connection, call_as="delegated_admin")
    cloudformation.add_response("describe_stack_set", {"StackSet": SET}, AS)
    made.describe(NAME)
    return made


def operation(name: str, status: str, action: str = "DETECT_DRIFT", hours: int = 0) -> Any:
    moment = NOON + timedelta(hours=hours)
    ended = {} if status in {"RUNNING", "STOPPING"} else {"EndTimestamp": moment}
    return {
        "OperationId": name,
        "Action": action,
        "Status": status,
        "CreationTimestamp": moment,
        **ended,
    }


def detected(**details: Any) -> dict[str, Any]:
    return {"StackSet": {**SET, "StackSetDriftDetectionDetails": details}}


def test_the_last_detection_is_the_newest_that_ended_with_its_counts(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    counted = {
        "DriftDetectionStatus": "PARTIAL_SUCCESS",
        "LastDriftCheckTimestamp": NOON,
        "TotalStackInstancesCount": 9,
        "DriftedStackInstancesCount": 2,
        "InSyncStackInstancesCount": 6,
        "FailedStackInstancesCount": 1,
    }
    listed = [
        operation("drift-3", "RUNNING", hours=3),
        operation("or-9", "SUCCEEDED", "UPDATE", hours=2),
        operation("drift-2", "STOPPED", hours=1),
        operation("drift-1", "SUCCEEDED"),
    ]
    cloudformation.add_response("describe_stack_set", detected(**counted), AS)
    cloudformation.add_response(
        "list_stack_set_operations", {"Summaries": listed, "NextToken": "more"}, LIST
    )

    found = stack_sets.detections(NAME)  # reads no further than a detection of everything

    assert found.last == StackSetDrift(
        operation=OperationId("drift-2"),
        ended=NOON + timedelta(hours=1),
        status="PARTIAL_SUCCESS",
        total=9,
        drifted=2,
        in_sync=6,
        failed=1,
    )
    assert found.running == "drift-3"
    assert [o.id for o in found.operations] == ["drift-3", "or-9", "drift-2", "drift-1"]


def test_a_missing_detection_is_distinguished_from_one_with_an_expired_operation(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_response("describe_stack_set", {"StackSet": SET}, AS)
    cloudformation.add_response("list_stack_set_operations", NO_ROWS, LIST)
    cloudformation.add_response("describe_stack_set", detected(LastDriftCheckTimestamp=NOON), AS)
    cloudformation.add_response("list_stack_set_operations", NO_ROWS, LIST)

    assert stack_sets.detections(NAME).last is None
    forgotten = stack_sets.detections(NAME).last
    assert forgotten == StackSetDrift(operation=None, ended=NOON, status="")


def test_resources_are_read_to_the_last_page_with_call_as(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    more = {**ROW, "LogicalResourceId": "Other"}
    cloudformation.add_response(
        "list_stack_instance_resource_drifts", {"Summaries": [ROW], "NextToken": "t"}, WHERE
    )
    cloudformation.add_response(
        "list_stack_instance_resource_drifts",
        {"Summaries": [more]},
        {**WHERE, "NextToken": "t"},
    )

    found = stack_sets.resource_drifts(NAME, PAIR, RUN)

    assert [each.logical_id for each in found] == ["Topic", "Other"]


def test_a_stack_instance_that_is_gone_has_no_resources(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error(
        "list_stack_instance_resource_drifts", "StackInstanceNotFoundException"
    )

    assert stack_sets.resource_drifts(NAME, PAIR, RUN) == ()


def test_an_unknown_status_is_never_in_sync() -> None:
    assert resource_drift({}).status is ResourceDriftStatus.UNKNOWN
    odd = {"PropertyPath": "/A", "DifferenceType": "NEW"}
    found = resource_drift({"StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [odd]})
    assert found.status is ResourceDriftStatus.MODIFIED
    assert found.differences[0].kind is DifferenceType.NOT_EQUAL


def test_a_detection_requested_twice_starts_once_and_a_busy_stack_set_is_reported(
    stack_sets: StackSets, cloudformation: Stubber
) -> None:
    sent = {**AS, "OperationId": RUN, "OperationPreferences": ANY}
    about = {**AS, "OperationId": RUN}
    busy = ("detect_stack_set_drift", "OperationInProgressException")
    cloudformation.add_response("detect_stack_set_drift", {"OperationId": RUN}, sent)
    cloudformation.add_client_error(
        "detect_stack_set_drift", "OperationIdAlreadyExistsException", expected_params=sent
    )
    cloudformation.add_client_error(*busy)
    running = {"StackSetOperation": operation(RUN, "RUNNING")}
    cloudformation.add_response("describe_stack_set_operation", running, about)
    cloudformation.add_client_error(*busy)
    cloudformation.add_client_error("describe_stack_set_operation", "OperationNotFoundException")

    for _ in range(3):
        stack_sets.detect_drift(NAME, RUN)
    with pytest.raises(OperationInProgressError):
        stack_sets.detect_drift(NAME, RUN)
