"""Direct changes of stacks in accounts: update stack, change sets, REVERT_DRIFT.

Stacks that stack sets made are handled here, because moto compares templates as text and
knows no drift; calls on any other stack are left to moto.
"""

from collections.abc import Mapping
from typing import Any

from orgrollout.sandbox import views
from orgrollout.sandbox.change_set_work import ChangeSet, ChangeSetWork
from orgrollout.sandbox.errors import ApiError, validation
from orgrollout.sandbox.gateway import FORWARD
from orgrollout.sandbox.live_stacks import LiveStacks, RecordStack, masked
from orgrollout.sandbox.organization import derive
from orgrollout.sandbox.planned_changes import shown
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import Caller
from orgrollout.sandbox.templates import check_parameters, parse_template
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
NOTHING = "No updates are to be performed."


class ChangeSetApi:
    """The calls that change the stacks of stack instances, made inside of their accounts."""

    def __init__(
        self, live: LiveStacks, work: ChangeSetWork, settings: Settings, timeline: Timeline
    ) -> None:
        self._live = live
        self._work = work
        self._settings = settings
        self._timeline = timeline
        self._made = 0

    def update_stack(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Update a stack directly; nothing to change is an error here."""
        stack = self._stack(caller, params)
        if stack is None:
            return FORWARD
        self._check_idle(stack)
        body, values = _wanted(stack, params)
        tags = dict(stack.tags)
        if "Tags" in params:
            tags = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        if not self._live.deployed.bring_to(stack.stack_id, body, values, tags):
            raise validation(NOTHING)
        return {"StackId": stack.stack_id}

    def create_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Begin to make a change set; with REVERT_DRIFT, of everything that drifted."""
        stack = self._stack(caller, params)
        if stack is None:
            return FORWARD
        name, mode = params["ChangeSetName"], params.get("DeploymentMode")
        if mode == "REVERT_DRIFT":
            self._check_revert(params)
        self._check_idle(stack)
        if any(each.name == name for each in self._work.of(stack)):
            # AWS documents the code and not the wording.
            raise ApiError("AlreadyExistsException", f"ChangeSet [{name}] already exists")
        body, values = _wanted(stack, params)
        if isinstance(stack, RecordStack):
            stack.compared(body, values)
        made = ChangeSet(
            id=self._arn(stack, name),
            name=name,
            stack=stack,
            body=body,
            values=values,
            mode=mode,
            created=self._timeline.now(),
            description=params.get("Description"),
        )
        self._work.begin(made)
        return {"Id": made.id, "StackId": stack.stack_id}

    def describe_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe a change set."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        changes = shown(found.changes, with_values=bool(params.get("IncludePropertyValues")))
        items, token = views.page(changes, {"NextToken": params.get("NextToken")})
        return {
            **_summary(found),
            "Parameters": views.parameters(masked(found.body, found.values)),
            "Tags": views.key_values(found.stack.tags, "Key", "Value"),
            "DeploymentMode": found.mode,
            "StackDriftStatus": found.drift_status,
            "Changes": [{"Type": "Resource", "ResourceChange": each} for each in items],
            "NextToken": token,
        }

    def execute_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Begin to carry a change set out."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        if found.execution != "AVAILABLE":
            message = (
                f"ChangeSet [{found.id}] cannot be executed in its current status of "
                f"[{found.status}]"
            )
            raise ApiError("InvalidChangeSetStatus", message)
        self._check_idle(found.stack)
        self._work.execute(found)
        return {}

    def delete_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Forget a change set."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        if found.execution == "EXECUTE_IN_PROGRESS":
            message = f"ChangeSet [{found.id}] cannot be deleted while it is being executed"
            raise ApiError("InvalidChangeSetStatus", message)
        self._work.forget(found)
        return {}

    def list_change_sets(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the change sets of a stack."""
        stack = self._stack(caller, params)
        if stack is None:
            return FORWARD
        found = [_summary(each) for each in self._work.of(stack)]
        items, token = views.page(found, {"NextToken": params.get("NextToken")})
        return {"Summaries": items, "NextToken": token}

    def _check_revert(self, params: Mapping[str, Any]) -> None:
        if not self._settings.revert_drift_on_stack_set_stacks:
            raise validation("REVERT_DRIFT is not supported for stacks of a stack set")
        if params.get("ChangeSetType", "CREATE") != "UPDATE":
            raise validation("REVERT_DRIFT requires ChangeSetType UPDATE")

    def _check_idle(self, stack: Any) -> None:
        running = self._live.in_progress(stack)
        if running is not None:
            message = f"Stack:{stack.stack_id} is in {running} state and can not be updated."
            raise validation(message)

    def _stack(self, caller: Caller, params: Mapping[str, Any]) -> Any:
        return self._live.find(caller.account, caller.region, params.get("StackName", ""))

    def _find(self, caller: Caller, params: Mapping[str, Any]) -> ChangeSet | None:
        """Return a change set by ARN, or by its name and stack; None: a matter for moto.

        Raises:
            ApiError: ChangeSetNotFound, for a stack of a stack instance.
        """
        name = params["ChangeSetName"]
        found = self._work.by_id(name)
        if found is not None and _is_of(found, caller):
            return found
        stack = self._stack(caller, params)
        if stack is None and not self._work.is_gone(name):
            return None
        named = [] if stack is None else [s for s in self._work.of(stack) if s.name == name]
        if not named:
            raise ApiError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
        return named[-1]

    def _arn(self, stack: Any, name: str) -> str:
        self._made += 1
        text = derive(32, stack.stack_id, name, str(self._made), alphabet="0123456789abcdef")
        identifier = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
        place = f"{stack.region_name}:{stack.account_id}"
        return f"arn:aws:cloudformation:{place}:changeSet/{name}/{identifier}"


def _is_of(found: ChangeSet, caller: Caller) -> bool:
    return (found.stack.account_id, found.stack.region_name) == (caller.account, caller.region)


def _summary(found: ChangeSet) -> Answer:
    return {
        "ChangeSetName": found.name,
        "ChangeSetId": found.id,
        "StackId": found.stack.stack_id,
        "StackName": found.stack.name,
        "Description": found.description,
        "CreationTime": found.created,
        "ExecutionStatus": found.execution,
        "Status": found.status,
        "StatusReason": found.reason,
    }


def _wanted(stack: Any, params: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
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
