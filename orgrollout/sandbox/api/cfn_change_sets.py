"""Direct changes of stacks in accounts: update stack, change sets, REVERT_DRIFT.

Stacks that stack sets made are handled here, because moto compares templates as text and
knows no drift; calls on any other stack are left to moto.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.api.plain_stacks import IN_REVIEW, body_of, given_tags, new_stack_id
from orgrollout.sandbox.change_sets.engine import ChangeSet, ChangeSetWork
from orgrollout.sandbox.change_sets.planned_changes import shown
from orgrollout.sandbox.errors import ApiError, DeploymentError, validation
from orgrollout.sandbox.moto.stack import EMPTY
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks, RecordStack, masked
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.templates import check_parameters, parse_template
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
NOTHING = "No updates are to be performed."


class ChangeSetApi:
    """The calls that change the stacks of stack instances, made inside of their accounts."""

    def __init__(
        self,
        live: LiveStacks,
        work: ChangeSetWork,
        settings: Settings,
        timeline: Timeline,
        read_url: Callable[[str], str],
    ) -> None:
        self._read_url = read_url
        self._live = live
        self._work = work
        self._settings = settings
        self._timeline = timeline
        self._made = 0

    def update_stack(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Update a stack directly; nothing to change is an error here."""
        stack = self._existing(caller, params)
        if stack is None:
            return FORWARD
        self._check_idle(stack)
        body, values = self._wanted(stack, params)
        tags = given_tags(params) if "Tags" in params else dict(stack.tags)
        try:
            changed = self._live.deployed.bring_to(stack.stack_id, body, values, tags)
        except DeploymentError as error:
            self._rolled_back(stack, str(error))
            return {"StackId": stack.stack_id}
        if not changed:
            raise validation(NOTHING)
        if "RoleARN" in params:
            stack.role_arn = params["RoleARN"]
        return {"StackId": stack.stack_id}

    def _rolled_back(self, stack: Any, reason: str) -> None:
        """Record that a direct update failed.

        Raises:
            ApiError: ValidationError; it was refused before anything was changed.
        """
        if not reason.startswith(("ResourceLogicalId:", "Resource handler")):
            raise validation(reason)
        state, now = self._live.state(stack), self._timeline.now()
        state.tell(now, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        self._live.deployed.roll_back(stack.stack_id)
        stack.status_reason = reason
        state.tell(now, "UPDATE_ROLLBACK_COMPLETE")

    def create_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Begin to make a change set; with REVERT_DRIFT, of everything that drifted."""
        stack = self._meant(caller, params)
        if stack is None:
            return FORWARD
        name, mode = params["ChangeSetName"], params.get("DeploymentMode")
        if mode == "REVERT_DRIFT":
            self._check_revert(params)
        self._check_idle(stack)
        if any(each.name == name for each in self._work.of(stack)):
            # AWS documents the code and not the wording.
            raise ApiError("AlreadyExistsException", f"ChangeSet [{name}] already exists")
        body, values = self._wanted(stack, params)
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
            tags=given_tags(params) if "Tags" in params else None,
            creates=stack.status == IN_REVIEW,
        )
        self._work.begin(made)
        return {"Id": made.id, "StackId": stack.stack_id}

    def describe_change_set(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe a change set."""
        found = self._find(caller, params)
        if found is None:
            return FORWARD
        changes = shown(found.changes, with_values=bool(params.get("IncludePropertyValues")))
        items, token = responses.page(changes, {"NextToken": params.get("NextToken")})
        return {
            **_summary(found),
            "Parameters": responses.parameters(masked(found.body, found.values)),
            "Tags": responses.key_values(found.stack.tags, "Key", "Value"),
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
        """Forget a change set; one that is not there is fine."""
        try:
            found = self._find(caller, params)
        except ApiError as error:
            if error.code != "ChangeSetNotFound":
                raise
            return {}
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
        items, token = responses.page(found, {"NextToken": params.get("NextToken")})
        return {"Summaries": items, "NextToken": token}

    def _check_revert(self, params: Mapping[str, Any]) -> None:
        if not self._settings.revert_drift_on_stack_set_stacks:
            raise validation("REVERT_DRIFT is not supported for stacks of a stack set")
        if params.get("ChangeSetType", "UPDATE") != "UPDATE":
            raise validation("REVERT_DRIFT requires ChangeSetType UPDATE")

    def _check_idle(self, stack: Any) -> None:
        running = self._live.in_progress(stack)
        if running is not None:
            message = f"Stack:{stack.stack_id} is in {running} state and can not be updated."
            raise validation(message)

    def _stack(self, caller: Caller, params: Mapping[str, Any]) -> Any:
        return self._live.find(caller.account, caller.region, params.get("StackName", ""))

    def _existing(self, caller: Caller, params: Mapping[str, Any]) -> Any:
        """Return a stack; None where stacks are mere records, which moto may have besides.

        Raises:
            ApiError: ValidationError; there is no such stack.
        """
        stack = self._stack(caller, params)
        if stack is None and not self._live.deployed.records_only:
            raise validation(f"Stack [{params.get('StackName')}] does not exist")
        return stack

    def _meant(self, caller: Caller, params: Mapping[str, Any]) -> Any:
        """Return the stack of a new change set; ChangeSetType CREATE makes one in review."""
        if params.get("ChangeSetType", "UPDATE") != "CREATE":
            return self._existing(caller, params)
        if self._live.deployed.records_only:
            return None
        stack, name = self._stack(caller, params), params["StackName"]
        if stack is None:
            stack_id = new_stack_id(caller, name)
            stack = self._live.deployed.create_plain(stack_id, EMPTY, {}, given_tags(params))
            stack.status = IN_REVIEW
        elif stack.status != IN_REVIEW:
            message = f"Stack [{name}] already exists and cannot be created again with the "
            raise validation(f"{message}changeSet [{params['ChangeSetName']}].")
        return stack

    def _wanted(self, stack: Any, params: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """Return template and parameters that a call asks for."""
        if params.get("UsePreviousTemplate"):
            body = str(stack.template)
        else:
            body = body_of(params, self._read_url)
        given = params.get("Parameters") or []
        values = {
            each["ParameterKey"]: stack.parameters[each["ParameterKey"]]
            if each.get("UsePreviousValue")
            else each.get("ParameterValue", "")
            for each in given
            if not each.get("UsePreviousValue") or each["ParameterKey"] in stack.parameters
        }
        check_parameters(parse_template(body), values)
        return body, values

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
        partition = partition_of(stack.region_name)
        return f"arn:{partition}:cloudformation:{place}:changeSet/{name}/{identifier}"


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
