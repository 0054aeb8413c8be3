"""The stacks of stack instances as they are described inside of their accounts.

Stacks that were made directly are left to moto.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation.models import cloudformation_backends

from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.api.plain_stacks import drift_information
from orgrollout.sandbox.moto.stack import Stack
from orgrollout.sandbox.moto.stack_states import STACK, StackEvent
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.live_stacks import (
    LiveStacks,
    RecordStack,
    effective_parameters,
    masked,
)
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.templates import parse_template

Answer = dict[str, Any]


class StacksApi:
    """DescribeStacks and DescribeStackEvents."""

    def __init__(self, live: LiveStacks) -> None:
        self._live = live

    def describe_stacks(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe one stack or all of an account and Region."""
        name = params.get("StackName")
        if name:
            stack = self._live.find(caller.account, caller.region, name)
            stack = stack if stack is not None else self._deleted(caller, name)
            return FORWARD if stack is None else {"Stacks": [self._view(stack)]}
        found = [self._view(each) for each in self._all(caller)]
        items, token = responses.page(found, {"NextToken": params.get("NextToken")})
        return {"Stacks": items, "NextToken": token}

    def describe_stack_events(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List what happened to a stack, newest first."""
        stack = self._live.find(caller.account, caller.region, params.get("StackName") or "")
        if stack is None:
            return FORWARD
        found = [_event(stack, each) for each in self._events(stack)]
        items, token = responses.page(found, {"NextToken": params.get("NextToken")})
        return {"StackEvents": items, "NextToken": token}

    def _deleted(self, caller: Caller, stack_id: str) -> Any:
        """Return a stack that is deleted: by its id it is still described."""
        return cloudformation_backends[caller.account][caller.region].deleted_stacks.get(stack_id)

    def _all(self, caller: Caller) -> Iterator[Any]:
        yield from cloudformation_backends[caller.account][caller.region].stacks.values()
        yield from self._live.records(caller.account, caller.region)

    def _events(self, stack: Any) -> Iterator[StackEvent]:
        state = self._live.states.known(stack.stack_id)
        if state is not None:
            yield from reversed(state.events)
        yield StackEvent(
            id="created",
            time=self._live.created(stack),
            logical_id=stack.name,
            physical_id=stack.stack_id,
            resource_type=STACK,
            status="CREATE_COMPLETE",
        )

    def _view(self, stack: Any) -> Answer:
        state = self._live.states.known(stack.stack_id)
        owner = self._live.owner(stack)
        own = getattr(stack, "capabilities", [])
        capabilities = owner[0].definition.capabilities if owner is not None else own
        return {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "ChangeSetId": state.change_set_id if state is not None else None,
            "Description": _description(stack),
            "Parameters": _masked(stack),
            "CreationTime": self._live.created(stack),
            "LastUpdatedTime": self._live.updated(stack),
            "StackStatus": self._live.status(stack),
            "StackStatusReason": getattr(stack, "status_reason", None),
            "DeletionTime": getattr(stack, "deleted", None),
            "DisableRollback": getattr(stack, "disable_rollback", False),
            "RoleARN": getattr(stack, "role_arn", None) or None,
            "NotificationARNs": getattr(stack, "notification_arns", []),
            "TimeoutInMinutes": getattr(stack, "timeout_in_minutes", None) or None,
            "Capabilities": capabilities,
            "Outputs": [] if isinstance(stack, RecordStack) else stack.outputs or [],
            "Tags": responses.key_values(stack.tags, "Key", "Value"),
            "EnableTerminationProtection": getattr(stack, "enable_termination_protection", False),
            "DriftInformation": drift_information(self._live, stack),
        }


def _masked(stack: Any) -> list[dict[str, str]]:
    if _is_plain(stack):
        return list(stack.parameter_list)
    values = effective_parameters(stack.template, stack.parameters)
    return responses.parameters(masked(stack.template, values))


def _description(stack: Any) -> str | None:
    if _is_plain(stack):
        return stack.template_description or None
    found = parse_template(stack.template).get("Description") if stack.template else None
    return None if found is None else str(found)


def _is_plain(stack: Any) -> bool:
    """Return whether a stack is moto's own, made by CreateStack."""
    return not isinstance(stack, Stack | RecordStack)


def _event(stack: Any, event: StackEvent) -> Answer:
    return {
        "StackId": stack.stack_id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.resource_type,
        "Timestamp": event.time,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
    }
