"""What StackSets tells of drift: the last detection of a stack set, and what it found where."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.aws.stack_sets.reads import StackSetReads
from orgrollout.aws.stack_sets.responses import moment
from orgrollout.drift.detections import Detections
from orgrollout.errors import StackInstanceNotFoundError
from orgrollout.inventory.watermark import DRIFT
from orgrollout.model.drift import (
    DifferenceType,
    PropertyDifference,
    ResourceDrift,
    ResourceDriftStatus,
    StackSetDrift,
)
from orgrollout.model.ids import OperationId, Pair, StackSetName
from orgrollout.model.operation import Operation, OperationStatus

_PAGES = 10  # of a hundred operations: so far back a detection is looked for
_NOTHING: Mapping[str, Any] = {}


class DriftReads(StackSetReads):
    """Drift of the stack sets of one administrator, to be looked at."""

    def detections(self, name: StackSetName) -> Detections:
        """Return the last detection that ended, and the operations since.

        DescribeStackSet tells of the last one that ended and does not name its operation, so that
        is the newest of the list (eventually consistent). Two calls, unless the list is long.

        Raises:
            StackSetNotFoundError: There is no such stack set.
        """
        answer = self._call("DescribeStackSet", self._for(name, {}))
        details = answer["StackSet"].get("StackSetDriftDetectionDetails") or _NOTHING
        operations = tuple(self._back_to_a_detection(name))
        found = [o for o in operations if o.action == DRIFT]
        ended = next((o for o in found if o.status.is_terminal), None)
        return Detections(
            last=_last(details, ended),
            running=next((o.id for o in found if not o.status.is_terminal), None),
            operations=operations,
        )

    def resource_drifts(
        self, name: StackSetName, pair: Pair, operation: OperationId
    ) -> tuple[ResourceDrift, ...]:
        """Return the resources of a stack instance as the detection found them.

        A hundred a call. None for a stack instance that is gone.

        Raises:
            StackSetNotFoundError, OperationNotFoundError: It is not there any more.
        """
        where = {
            "StackInstanceAccount": pair.account,
            "StackInstanceRegion": pair.region,
            "OperationId": operation,
            "MaxResults": 100,
        }
        rows = self._pages("ListStackInstanceResourceDrifts", self._for(name, where))
        try:
            return tuple(resource_drift(row) for row in rows)
        except StackInstanceNotFoundError:
            return ()

    def _back_to_a_detection(self, name: StackSetName) -> Iterator[Operation]:
        """Yield operations, newest first, back to a detection that reached everything."""
        for number, page in enumerate(self.operation_pages(name), start=1):
            yield from page
            whole = (o.action == DRIFT and o.status is OperationStatus.SUCCEEDED for o in page)
            if any(whole) or number == _PAGES:
                return


def resource_drift(found: Mapping[str, Any]) -> ResourceDrift:
    """Return one resource as a detection found it, of a stack instance or of a stack.

    A status that is not known counts as one that could not be checked.
    """
    status = found.get("StackResourceDriftStatus")
    return ResourceDrift(
        logical_id=found.get("LogicalResourceId") or "",
        physical_id=found.get("PhysicalResourceId") or "",
        resource_type=found.get("ResourceType") or "",
        status=next((s for s in ResourceDriftStatus if s == status), ResourceDriftStatus.UNKNOWN),
        differences=tuple(_difference(each) for each in found.get("PropertyDifferences") or ()),
    )


def _difference(found: Mapping[str, Any]) -> PropertyDifference:
    kind = found.get("DifferenceType")
    return PropertyDifference(
        path=found.get("PropertyPath") or "",
        expected=found.get("ExpectedValue") or "",
        actual=found.get("ActualValue") or "",
        kind=next((k for k in DifferenceType if k == kind), DifferenceType.NOT_EQUAL),
    )


def _last(details: Mapping[str, Any], ended: Operation | None) -> StackSetDrift | None:
    if not details and ended is None:
        return None
    return StackSetDrift(
        operation=ended.id if ended else None,
        ended=ended.ended if ended else moment(details.get("LastDriftCheckTimestamp")),
        status=details.get("DriftDetectionStatus") or (ended.status.value if ended else ""),
        total=details.get("TotalStackInstancesCount") or 0,
        drifted=details.get("DriftedStackInstancesCount") or 0,
        in_sync=details.get("InSyncStackInstancesCount") or 0,
        failed=details.get("FailedStackInstancesCount") or 0,
    )
