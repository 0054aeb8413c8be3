"""Drift: of stack sets, of single stacks, and of their resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orgrollout.sandbox import errors, views
from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.moto_stacks import MotoStacks
from orgrollout.sandbox.organization import derive
from orgrollout.sandbox.preferences import check_preferences
from orgrollout.sandbox.records import Operation, ResourceDrift, StackSet
from orgrollout.sandbox.stack_sets import Caller, StackSets

Answer = dict[str, Any]
CHECKABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
    }
)


@dataclass(frozen=True, slots=True)
class _Detection:
    stack_id: str
    moment: datetime
    drifts: tuple[ResourceDrift, ...]

    @property
    def status(self) -> str:
        return "DRIFTED" if any(_is_drifted(each) for each in self.drifts) else "IN_SYNC"


def _is_drifted(drift: ResourceDrift) -> bool:
    return drift.status in ("MODIFIED", "DELETED")


class DriftApi:
    """The calls that detect drift and tell what was found."""

    def __init__(self, stack_sets: StackSets, stacks: MotoStacks) -> None:
        self._sets = stack_sets
        self._stacks = stacks
        self._detections: dict[str, _Detection] = {}
        self._latest: dict[str, _Detection] = {}

    def detect_stack_set_drift(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Detect drift of all stack instances; there is no way to choose some."""
        stack_set = self._sets.find(caller, params)
        known = self._sets.known(stack_set, params)
        if known is not None:
            return {"OperationId": known.id}
        check_preferences(params)
        if stack_set.running:
            raise errors.operation_in_progress(stack_set.arn)
        instances = list(stack_set.instances.values())
        operation = self._sets.begin(stack_set, "DETECT_DRIFT", instances, params)
        operation.drift = drift_details(stack_set, operation)
        return {"OperationId": operation.id}

    def list_stack_instance_resource_drifts(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """List the resources of one stack instance as a drift operation found them."""
        stack_set = self._sets.find(caller, params)
        pair = (params["StackInstanceAccount"], params["StackInstanceRegion"])
        instance = stack_set.instances.get(pair)
        if instance is None:
            raise errors.stack_instance_not_found(stack_set.id, *pair)
        operation = stack_set.operations.get(params["OperationId"])
        if operation is None or operation.action != "DETECT_DRIFT":
            raise errors.operation_not_found(params["OperationId"], stack_set.id)
        wanted = params.get("StackInstanceResourceDriftStatuses") or ()
        found = [
            _view(str(instance.stack_id), each, instance.drift_checked)
            for each in instance.resource_drifts
            if not wanted or each.status in wanted
        ]
        items, token = views.page(found, params)
        return {"Summaries": items, "NextToken": token}

    def detect_stack_drift(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Detect drift of one stack; the stack set does not hear of it."""
        stack = self._stack(caller, params["StackName"])
        if stack.status not in CHECKABLE:
            raise validation(f"Drift detection cannot be performed on stack in {stack.status}")
        now = self._sets.timeline.now()
        found = _Detection(stack.stack_id, now, self._stacks.drifts(stack.stack_id))
        count = str(len(self._detections))
        identifier = derive(32, stack.stack_id, count, alphabet="0123456789abcdef")
        self._detections[identifier] = self._latest[stack.stack_id] = found
        return {"StackDriftDetectionId": identifier}

    def describe_stack_drift_detection_status(
        self, _caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Tell what a detection found."""
        identifier = params["StackDriftDetectionId"]
        found = self._detections.get(identifier)
        if found is None:
            raise validation(f"Drift detection {identifier} does not exist")
        return {
            "StackId": found.stack_id,
            "StackDriftDetectionId": identifier,
            "StackDriftStatus": found.status,
            "DetectionStatus": "DETECTION_COMPLETE",
            "DriftedStackResourceCount": sum(_is_drifted(each) for each in found.drifts),
            "Timestamp": found.moment,
        }

    def describe_stack_resource_drifts(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the resources of a stack as its newest detection found them."""
        stack = self._stack(caller, params["StackName"])
        found = self._latest.get(stack.stack_id)
        wanted = params.get("StackResourceDriftStatusFilters") or ()
        drifts = found.drifts if found is not None else ()
        shown = [
            _view(stack.stack_id, each, found.moment if found else None)
            for each in drifts
            if not wanted or each.status in wanted
        ]
        items, token = views.page(shown, params)
        return {"StackResourceDrifts": items, "NextToken": token}

    def _stack(self, caller: Caller, name: str) -> Any:
        stack = self._stacks.find(caller.account, caller.region, name)
        if stack is None:
            raise validation(f"Stack [{name}] does not exist")
        return stack


def drift_details(stack_set: StackSet, operation: Operation) -> dict[str, Any]:
    """Return the ``StackSetDriftDetectionDetails`` of a drift operation as it stands."""
    results = operation.results
    found = [stack_set.instances[pair] for pair in results if pair in stack_set.instances]
    done = [i for i in found if results[i.pair].status == "SUCCEEDED"]
    drifted = sum(i.drift_status == "DRIFTED" for i in done)
    statuses = {
        "SUCCEEDED": "PARTIAL_SUCCESS" if operation.failed else "COMPLETED",
        "FAILED": "FAILED",
        "STOPPED": "STOPPED",
    }
    return {
        "DriftStatus": "DRIFTED" if drifted else "IN_SYNC" if done else "NOT_CHECKED",
        "DriftDetectionStatus": statuses.get(operation.status, "IN_PROGRESS"),
        "LastDriftCheckTimestamp": operation.ended or operation.created,
        "TotalStackInstancesCount": len(results),
        "DriftedStackInstancesCount": drifted,
        "InSyncStackInstancesCount": len(done) - drifted,
        "InProgressStackInstancesCount": sum(
            r.status in ("PENDING", "RUNNING") for r in results.values()
        ),
        "FailedStackInstancesCount": sum(r.status == "FAILED" for r in results.values()),
    }


def _view(stack_id: str, drift: ResourceDrift, moment: datetime | None) -> dict[str, Any]:
    return {
        "StackId": stack_id,
        "LogicalResourceId": drift.logical_id,
        "PhysicalResourceId": drift.physical_id,
        "ResourceType": drift.resource_type,
        "StackResourceDriftStatus": drift.status,
        "Timestamp": moment,
        "PropertyDifferences": [
            {
                "PropertyPath": path,
                "ExpectedValue": expected,
                "ActualValue": actual,
                "DifferenceType": kind,
            }
            for path, expected, actual, kind in drift.differences
        ],
    }
