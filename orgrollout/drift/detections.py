"""How much drift detections still tell of a stack instance."""

from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.inventory.watermark import DRIFT, newest_first
from orgrollout.model.drift import StackSetDrift
from orgrollout.model.ids import OperationId
from orgrollout.model.operation import Operation
from orgrollout.model.stack_set import StackInstance

COMPLETED = "COMPLETED"  # of StackSetDriftDetectionDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class Detections:
    """What is known of looking for drift in one stack set."""

    last: StackSetDrift | None = None  # of those that ended
    running: OperationId | None = None
    operations: tuple[Operation, ...] = ()  # newest first, back to a detection of all instances


def with_operation(found: Detections, missing: Operation) -> Detections:
    """Return what is known with an operation that the list does not name."""
    operations = newest_first((missing, *found.operations))
    ended = next((o for o in operations if o.action == DRIFT and o.status.is_terminal), None)
    last = found.last
    if ended is missing and last is not None:
        last = replace(last, operation=missing.id, ended=missing.ended)
    running = found.running if missing.status.is_terminal else missing.id
    return Detections(last=last, running=running, operations=operations)


class Telling:
    """Which detection tells how a stack instance is, if nothing can have changed it since.

    A detection becomes an instance's last operation, and so does whatever comes after it. One that
    did not get as far as the instance, since it was stopped, leaves what an earlier one found: that
    holds if the operation that changed the instance is known, and was over by then.

    A detection that has looked at every stack instance dates each of them. A row that was checked
    before it began is older than the detection: it comes from a list that lags, and tells nothing.
    """

    def __init__(self, detections: Detections) -> None:
        self._listed = {operation.id: operation for operation in detections.operations}
        self._runs = [o for o in detections.operations if o.action == DRIFT]
        times = [o.created for o in detections.operations if o.created is not None]
        self._oldest = min(times, default=None)
        self._complete = self._begun(detections.last)

    def _begun(self, last: StackSetDrift | None) -> datetime | None:
        """Return when the last detection began, if it looked at every stack instance."""
        if last is None or last.operation is None or last.status != COMPLETED:
            return None
        operation = self._listed.get(last.operation)
        is_whole = not last.failed and last.drifted + last.in_sync == last.total
        return operation.created if operation is not None and is_whole else None

    def operation(self, instance: StackInstance) -> OperationId | None:
        """Return the detection that tells of the stack instance; None: none does."""
        checked = instance.last_drift_check
        if checked is None or not self._holds(instance, checked):
            return None
        if self._complete is not None and checked < self._complete:
            return None
        reached = (o.id for o in self._runs if o.created is not None and o.created <= checked)
        return next(reached, None)

    def _holds(self, instance: StackInstance, checked: datetime) -> bool:
        last = self._listed.get(instance.last_operation) if instance.last_operation else None
        if last is None:  # newer than the list, which lags
            return False
        if last.action != DRIFT:
            return _is_over(last, checked)
        if last.created is not None and checked >= last.created:
            return True
        before = instance.changed_by
        if before in self._listed:
            return _is_over(self._listed[before], checked)
        # Not listed: older than all that are.
        return before is not None and self._oldest is not None and checked >= self._oldest


def _is_over(operation: Operation, by: datetime) -> bool:
    return operation.ended is not None and operation.ended <= by
