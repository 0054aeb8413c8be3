"""Direct changes of stacks in accounts: update stack, change sets, REVERT_DRIFT.

Stacks that stack sets made are handled here, because moto compares templates as text and
knows no drift; calls on any other stack are left to moto.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgrollout.sandbox.errors import ApiError, validation
from orgrollout.sandbox.gateway import FORWARD
from orgrollout.sandbox.moto_stacks import MotoStacks
from orgrollout.sandbox.organization import derive
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import Caller
from orgrollout.sandbox.templates import check_parameters, parse_template
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
NOTHING = "No updates are to be performed."
UNCHANGED = (
    "The submitted information didn't contain changes. Submit different information to create "
    "a change set."
)


@dataclass(slots=True, kw_only=True)
class _ChangeSet:
    id: str
    name: str
    stack: Any
    body: str
    values: dict[str, str]
    mode: str | None
    created: datetime
    changes: list[dict[str, Any]] = field(default_factory=list)
    status: str = "CREATE_COMPLETE"
    execution: str = "AVAILABLE"
    reason: str | None = None


class ChangeSetApi:
    """The calls on the stacks of stack instances, made inside of their accounts."""

    def __init__(self, stacks: MotoStacks, settings: Settings, timeline: Timeline) -> None:
        self._stacks = stacks
        self._settings = settings
        self._timeline = timeline
        self._known: dict[str, _ChangeSet] = {}

    def update_stack(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Update a stack directly; nothing to change is an error here."""
        stack = self._stack(caller, params)
        if stack is None:
            return FORWARD
        body, values = self._wanted(stack, params)
        tags = dict(stack.tags)
        if "Tags" in params:
            tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        if not self._stacks.bring_to(stack.stack_id, body, values, tags):
            raise validation(NOTHING)
        return {"StackId": stack.stack_id}

    def create_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Make a change set; with REVERT_DRIFT, of everything that drifted."""
        stack = self._stack(caller, params)
        if stack is None:
            return FORWARD
        mode = params.get("DeploymentMode")
        if mode == "REVERT_DRIFT":
            self._check_revert(params)
        body, values = self._wanted(stack, params)
        made = _ChangeSet(
            id=self._arn(stack, params["ChangeSetName"]),
            name=params["ChangeSetName"],
            stack=stack,
            body=body,
            values=values,
            mode=mode,
            created=self._timeline.now(),
            changes=self._changes(stack, body, values, mode),
        )
        if not made.changes:
            made.status, made.execution, made.reason = "FAILED", "UNAVAILABLE", UNCHANGED
        self._known[made.id] = made
        return {"Id": made.id, "StackId": stack.stack_id}

    def describe_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe a change set."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        return {
            "ChangeSetName": found.name,
            "ChangeSetId": found.id,
            "StackId": found.stack.stack_id,
            "StackName": found.stack.name,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in found.values.items()
            ],
            "CreationTime": found.created,
            "ExecutionStatus": found.execution,
            "Status": found.status,
            "StatusReason": found.reason,
            "DeploymentMode": found.mode,
            "Changes": [{"Type": "Resource", "ResourceChange": each} for each in found.changes],
        }

    def execute_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Carry a change set out."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        if found.execution != "AVAILABLE":
            message = f"ChangeSet [{found.id}] cannot be executed in its current status"
            raise ApiError("InvalidChangeSetStatus", message)
        stack = found.stack
        self._stacks.bring_to(stack.stack_id, found.body, found.values, dict(stack.tags))
        if found.mode == "REVERT_DRIFT":
            self._stacks.revert(stack.stack_id)
        stack.status = "UPDATE_COMPLETE"
        found.execution = "EXECUTE_COMPLETE"
        return {}

    def delete_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Forget a change set."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        del self._known[found.id]
        return {}

    def list_change_sets(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the change sets of a stack."""
        stack = self._stack(caller, params)
        if stack is None:
            return FORWARD
        found = [
            {
                "StackId": stack.stack_id,
                "StackName": stack.name,
                "ChangeSetId": each.id,
                "ChangeSetName": each.name,
                "ExecutionStatus": each.execution,
                "Status": each.status,
                "StatusReason": each.reason,
                "CreationTime": each.created,
            }
            for each in self._known.values()
            if each.stack is stack
        ]
        return {"Summaries": found}

    def _check_revert(self, params: Mapping[str, Any]) -> None:
        if not self._settings.revert_drift_on_stack_set_stacks:
            raise validation("REVERT_DRIFT is not supported for stacks of a stack set")
        if params.get("ChangeSetType", "CREATE") != "UPDATE":
            raise validation("REVERT_DRIFT requires ChangeSetType UPDATE")

    def _stack(self, caller: Caller, params: Mapping[str, Any]) -> Any:
        return self._stacks.find(caller.account, caller.region, params.get("StackName", ""))

    def _find(self, caller: Caller, params: Mapping[str, Any]) -> _ChangeSet | None:
        name = params["ChangeSetName"]
        if name in self._known:
            return self._known[name]
        stack = self._stack(caller, params)
        known = reversed(list(self._known.values()))
        return next((c for c in known if c.name == name and c.stack is stack), None)

    def _wanted(self, stack: Any, params: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        body = stack.template if params.get("UsePreviousTemplate") else params.get("TemplateBody")
        if not body:
            raise validation("Either Template URL or Template Body must be specified.")
        given = params.get("Parameters") or []
        values = {
            each["ParameterKey"]: stack.parameters[each["ParameterKey"]]
            if each.get("UsePreviousValue")
            else each.get("ParameterValue", "")
            for each in given
            if not each.get("UsePreviousValue") or each["ParameterKey"] in stack.parameters
        }
        check_parameters(parse_template(body), values)
        return str(body), values

    def _changes(
        self, stack: Any, body: str, values: dict[str, str], mode: str | None
    ) -> list[dict[str, Any]]:
        changes = [
            _change(stack, action, key, kind) for action, key, kind in stack.compared(body, values)
        ]
        if mode == "REVERT_DRIFT":
            named = {each["LogicalResourceId"] for each in changes}
            for drift in self._stacks.drifts(stack.stack_id):
                if drift.status in ("MODIFIED", "DELETED") and drift.logical_id not in named:
                    action = "Add" if drift.status == "DELETED" else "Modify"
                    made = _change(stack, action, drift.logical_id, drift.resource_type)
                    changes.append({**made, "ResourceDriftStatus": drift.status})
        return changes

    def _arn(self, stack: Any, name: str) -> str:
        text = derive(32, stack.stack_id, name, str(len(self._known)), alphabet="0123456789abcdef")
        place = f"{stack.region_name}:{stack.account_id}"
        return f"arn:aws:cloudformation:{place}:changeSet/{name}/{text}"


def _change(stack: Any, action: str, key: str, kind: str) -> dict[str, Any]:
    made = stack.resource_map.made(key)
    physical_id = str(made.physical_resource_id) if made is not None else None
    change = {
        "Action": action,
        "LogicalResourceId": key,
        "PhysicalResourceId": physical_id,
        "ResourceType": kind,
    }
    return {**change, "Replacement": "False"} if action == "Modify" else change
