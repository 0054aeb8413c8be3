"""Drift: of stack sets, of single stacks, and of their resources."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from orgrollout.sandbox import errors
from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.moto.stack_states import Detection
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.records import Operation, ResourceDrift, StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks
from orgrollout.sandbox.stack_sets.operation_runner import spread
from orgrollout.sandbox.stack_sets.preferences import check_preferences
from orgrollout.sandbox.stack_sets.service import Caller, StackSets

Answer = dict[str, Any]
CHECKABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
    }
)


class DriftApi:
    """The calls that detect drift and tell what was found."""

    def __init__(self, stack_sets: StackSets, live: LiveStacks, settings: Settings) -> None:
        self._sets = stack_sets
        self._live = live
        self._settings = settings
        self._detections: dict[str, Detection] = {}

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
        items, token = responses.page(found, params)
        return {"Summaries": items, "NextToken": token}

    def detect_stack_drift(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Begin to detect drift of one stack; the stack set does not hear of it."""
        stack = self._stack(caller, params["StackName"])
        status = self._live.status(stack)
        if status not in CHECKABLE:
            raise validation(f"Drift detection cannot be performed on stack in {status}")
        state, now = self._live.state(stack), self._sets.timeline.now()
        if state.detecting is not None:
            # The refusal is known, its wording is not documented.
            message = f"Drift detection is already in progress for this stack {stack.stack_id}"
            raise validation(message)
        count = str(len(self._detections))
        identifier = derive(32, stack.stack_id, count, alphabet="0123456789abcdef")
        begun = Detection(id=identifier, stack_id=stack.stack_id, began=now)
        self._detections[identifier] = state.detecting = begun
        taken = spread(self._settings, self._settings.stack_drift_duration, "drift", identifier)
        self._sets.timeline.at(now + taken, lambda: self._detected(stack, begun))
        return {"StackDriftDetectionId": identifier}

    def _detected(self, stack: Any, begun: Detection) -> None:
        drifts, state = self._live.drifts(stack), self._live.state(stack)
        ended = replace(begun, ended=self._sets.timeline.now(), drifts=drifts)
        self._detections[begun.id] = state.detected = ended
        state.detecting = None

    def describe_stack_drift_detection_status(
        self, _caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Return the status and the results of a detection."""
        identifier = params["StackDriftDetectionId"]
        found = self._detections.get(identifier)
        if found is None:
            raise validation(f"Drift detection {identifier} does not exist")
        status = "DETECTION_IN_PROGRESS" if found.drifts is None else "DETECTION_COMPLETE"
        answer = {
            "StackId": found.stack_id,
            "StackDriftDetectionId": identifier,
            "DetectionStatus": status,
            "Timestamp": found.began,
        }
        if found.drifts is None:
            return answer
        return {
            **answer,
            "StackDriftStatus": found.status,
            "DriftedStackResourceCount": found.drifted,
        }

    def describe_stack_resource_drifts(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the resources of a stack as its newest detection found them."""
        stack = self._stack(caller, params["StackName"])
        state = self._live.states.known(stack.stack_id)
        found = state.detected if state is not None else None
        wanted = params.get("StackResourceDriftStatusFilters") or ()
        drifts = (found.drifts or ()) if found is not None else ()
        shown = [
            _view(stack.stack_id, each, found.ended if found else None)
            for each in drifts
            if not wanted or each.status in wanted
        ]
        items, token = responses.page(shown, params)
        return {"StackResourceDrifts": items, "NextToken": token}

    def _stack(self, caller: Caller, name: str) -> Any:
        stack = self._live.find(caller.account, caller.region, name)
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
