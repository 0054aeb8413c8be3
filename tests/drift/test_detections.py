"""The detection that a row of a stack instance belongs to: none, if it is older than the last."""

from datetime import UTC, datetime, timedelta

import pytest

from orgrollout.drift.detections import COMPLETED, Detections, Telling
from orgrollout.model.drift import StackSetDrift
from orgrollout.model.ids import AccountId, OperationId, Pair, Region, StackSetName
from orgrollout.model.operation import Operation, OperationStatus
from orgrollout.model.stack_set import InstanceStatus, StackInstance

OLDER, NEWER = OperationId("ordrift-1"), OperationId("ordrift-2")
BEGAN = datetime(2026, 11, 2, 8, tzinfo=UTC)


def detection(name: OperationId, began: datetime) -> Operation:
    return Operation(
        id=name,
        stack_set=StackSetName("base-topics"),
        action="DETECT_DRIFT",
        status=OperationStatus.SUCCEEDED,
        created=began,
        ended=began + timedelta(minutes=1),
    )


def detections(*, status: str = COMPLETED, drifted: int = 1, failed: int = 0) -> Detections:
    """Return two detections of four stack instances, an hour apart."""
    return Detections(
        last=StackSetDrift(
            operation=NEWER,
            ended=BEGAN + timedelta(minutes=1),
            status=status,
            total=4,
            drifted=drifted,
            in_sync=3 - failed,
            failed=failed,
        ),
        operations=(detection(NEWER, BEGAN), detection(OLDER, BEGAN - timedelta(hours=1))),
    )


def checked(at: datetime, by: OperationId) -> StackInstance:
    return StackInstance(
        pair=Pair(AccountId("111122223333"), Region("us-east-1")),
        status=InstanceStatus.CURRENT,
        detailed_status="SUCCEEDED",
        last_operation=by,
        drift_status="DRIFTED",
        last_drift_check=at,
    )


STALE = checked(BEGAN - timedelta(minutes=59), OLDER)


def test_a_row_of_the_last_detection_belongs_to_that_detection() -> None:
    assert Telling(detections()).operation(checked(BEGAN, NEWER)) == NEWER


def test_a_row_older_than_a_full_detection_belongs_to_no_detection() -> None:
    """The list lags: the detection has looked at all four, and this row does not know of it."""
    assert Telling(detections()).operation(STALE) is None


@pytest.mark.parametrize(
    "last",
    [detections(status="STOPPED"), detections(failed=1), detections(drifted=0)],
    ids=["stopped", "failed in one", "counts do not add up"],
)
def test_a_partial_detection_keeps_the_findings_of_an_earlier_one(
    last: Detections,
) -> None:
    assert Telling(last).operation(STALE) == OLDER
