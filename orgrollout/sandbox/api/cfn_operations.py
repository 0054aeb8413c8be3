"""Operations: describing, listing, their results, stopping; organizations access."""

from collections.abc import Mapping
from typing import Any

from orgrollout.sandbox import errors
from orgrollout.sandbox.api.cfn_drift import drift_details
from orgrollout.sandbox.records import Operation, StackSet
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.preferences import check_filters
from orgrollout.sandbox.stack_sets.service import Caller, StackSets

Answer = dict[str, Any]


class OperationApi:
    """The calls on operations."""

    def __init__(self, stack_sets: StackSets) -> None:
        self._sets = stack_sets

    def describe_stack_set_operation(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe an operation; strongly consistent."""
        stack_set, operation = self._found(caller, params)
        if operation.drift is not None:
            operation.drift = drift_details(stack_set, operation)
        return {"StackSetOperation": responses.operation_view(stack_set, operation)}

    def list_stack_set_operations(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List operations, newest first, as they stood a moment ago."""
        stack_set = self._sets.find(caller, params, deleted=True)
        seen_at = self._sets.timeline.now() - self._sets.settings.operation_list_lag
        newest = reversed(list(stack_set.operations.values()))
        visible = [o for o in newest if o.created <= seen_at and not self._is_gone(o)]
        items, token = responses.page(visible, params)
        summaries = [responses.operation_summary(each) for each in items]
        for operation, summary in zip(items, summaries, strict=True):
            if operation.ended is not None and operation.ended > seen_at:
                summary.update(Status="RUNNING", EndTimestamp=None)
        return {"Summaries": summaries, "NextToken": token}

    def list_stack_set_operation_results(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List results, as they stood a moment ago."""
        _, operation = self._found(caller, params)
        wanted = check_filters(params, ("OPERATION_RESULT_STATUS",)).get("OPERATION_RESULT_STATUS")
        seen_at = self._sets.timeline.now() - self._sets.settings.result_lag
        if operation.created > seen_at:
            return {"Summaries": []}
        seen = (responses.result_view(each, seen_at) for each in operation.results.values())
        items, token = responses.page((e for e in seen if wanted in (None, e["Status"])), params)
        return {"Summaries": items, "NextToken": token}

    def stop_stack_set_operation(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Stop an operation that has not ended."""
        stack_set, operation = self._found(caller, params)
        if operation.is_final:
            raise errors.invalid_operation(
                f"Operation {operation.id} is in {operation.status} state and cannot be stopped"
            )
        if operation.status != "STOPPING":
            self._sets.stop(stack_set, operation)
        return {}

    def describe_organizations_access(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Return whether StackSets may use the organization."""
        self._sets.owner(caller, params)
        return {"Status": self._sets.access}

    def activate_organizations_access(self, caller: Caller, _params: Mapping[str, Any]) -> Answer:
        """Activate trusted access, from the StackSets side."""
        self._check_management(caller)
        organization = self._sets.organization
        if organization.feature_set != "ALL":
            raise errors.invalid_operation("The organization must have all features enabled")
        now = self._sets.timeline.now()
        organization.trusted_services.setdefault(
            "member.org.stacksets.cloudformation.amazonaws.com", now
        )
        self._sets.access = "ENABLED"
        return {}

    def deactivate_organizations_access(self, caller: Caller, _params: Mapping[str, Any]) -> Answer:
        """Take the organization away from StackSets."""
        self._check_management(caller)
        self._sets.access = "DISABLED"
        return {}

    def _check_management(self, caller: Caller) -> None:
        if caller.account != self._sets.organization.management_account_id:
            raise errors.invalid_operation("Only the management account can do this")

    def _found(self, caller: Caller, params: Mapping[str, Any]) -> tuple[StackSet, Operation]:
        stack_set = self._sets.find(caller, params, deleted=True)
        operation = stack_set.operations.get(params["OperationId"])
        if operation is None or self._is_gone(operation):
            raise errors.operation_not_found(params["OperationId"], stack_set.id)
        return stack_set, operation

    def _is_gone(self, operation: Operation) -> bool:
        retention = self._sets.settings.operation_retention
        if retention is None or operation.ended is None:
            return False
        return self._sets.timeline.now() - operation.ended > retention
