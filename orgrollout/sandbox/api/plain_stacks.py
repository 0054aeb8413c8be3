"""Stacks that were made directly, beside those of stack sets: created, deleted, listed.

They are of the same kind as the stacks of stack instances, so that updates, change sets and
drift detection treat both alike. Only where stacks are mere records are they left to moto.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.cloudformation.models import cloudformation_backends

from orgrollout.sandbox.api.gateway import FORWARD
from orgrollout.sandbox.errors import ApiError, DeploymentError, validation
from orgrollout.sandbox.moto.stack import EMPTY
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.templates import check_capabilities, check_parameters, parse_template
from orgrollout.sandbox.timeline import Timeline

Answer = dict[str, Any]
IN_REVIEW = "REVIEW_IN_PROGRESS"


class PlainStackApi:
    """CreateStack, DeleteStack, ListStacks and the termination protection of stacks."""

    def __init__(
        self, live: LiveStacks, read_url: Callable[[str], str], timeline: Timeline
    ) -> None:
        self._live = live
        self._read_url = read_url
        self._timeline = timeline

    def create_stack(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Create a stack; it is there at once, or rolled back."""
        if self._live.deployed.records_only:
            return FORWARD
        body = body_of(params, self._read_url)
        template, values = parse_template(body), given_values(params)
        check_parameters(template, values)
        check_capabilities(template, tuple(params.get("Capabilities") or ()))
        stack_id = new_stack_id(caller, params["StackName"])
        try:
            stack = self._live.deployed.create_plain(stack_id, body, values, given_tags(params))
        except DeploymentError as error:
            stack = self._rolled_back(stack_id, str(error), params)
        self._describe(stack, params)
        return {"StackId": stack_id}

    def delete_stack(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Delete a stack; one that is not there is fine, one that cannot go is DELETE_FAILED."""
        stack = self._live.find(caller.account, caller.region, params["StackName"])
        if stack is None or self._live.deployed.records_only:
            return FORWARD if self._live.deployed.records_only else {}
        if stack.enable_termination_protection:
            message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is "
            raise validation(message + "enabled")
        state, now = self._live.state(stack), self._timeline.now()
        state.tell(now, "DELETE_IN_PROGRESS", "User Initiated")
        try:
            self._live.deployed.delete(stack.stack_id)
        except DeploymentError as error:
            stack.status_reason = str(error)
            state.tell(now, "DELETE_FAILED", str(error))
        else:
            stack.deleted = now
            state.tell(now, "DELETE_COMPLETE")
        return {}

    def update_termination_protection(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Protect a stack from being deleted, or no longer."""
        stack = self._live.find(caller.account, caller.region, params["StackName"])
        if stack is None:
            raise validation(f"Stack [{params['StackName']}] does not exist")
        wanted = str(params["EnableTerminationProtection"]).lower() == "true"
        stack.enable_termination_protection = wanted
        return {"StackId": stack.stack_id}

    def list_stacks(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the stacks of an account and Region, deleted ones too."""
        wanted = params.get("StackStatusFilter") or ()
        found = [
            each
            for each in (self._summary(stack) for stack in self._all(caller))
            if not wanted or each["StackStatus"] in wanted
        ]
        items, token = responses.page(found, {"NextToken": params.get("NextToken")})
        return {"StackSummaries": items, "NextToken": token}

    def _rolled_back(self, stack_id: str, reason: str, params: Mapping[str, Any]) -> Any:
        """Leave what CloudFormation leaves of a stack that could not be created.

        Raises:
            ApiError: The template is refused before anything is created.
        """
        if not reason.startswith(("ResourceLogicalId:", "Resource handler")):
            raise validation(reason)
        deployed = self._live.deployed
        stack = deployed.create_plain(stack_id, EMPTY, {}, given_tags(params))
        state, now = self._live.state(stack), self._timeline.now()
        state.tell(now, "ROLLBACK_IN_PROGRESS", reason)
        stack.status, stack.status_reason = "ROLLBACK_COMPLETE", reason
        if params.get("OnFailure") == "DELETE":
            deployed.delete(stack_id)
        state.tell(now, stack.status)
        return stack

    def _describe(self, stack: Any, params: Mapping[str, Any]) -> None:
        stack.role_arn = params.get("RoleARN")
        stack.notification_arns = list(params.get("NotificationARNs") or ())
        stack.timeout_in_minutes = params.get("TimeoutInMinutes")
        stack.disable_rollback = bool(params.get("DisableRollback", False))
        stack.enable_termination_protection = bool(params.get("EnableTerminationProtection"))
        stack.capabilities = list(params.get("Capabilities") or ())
        stack.policy = params.get("StackPolicyBody") or ""

    def _all(self, caller: Caller) -> Iterator[Any]:
        backend = cloudformation_backends[caller.account][caller.region]
        yield from backend.stacks.values()
        yield from backend.deleted_stacks.values()
        yield from self._live.records(caller.account, caller.region)

    def _summary(self, stack: Any) -> Answer:
        return {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "TemplateDescription": getattr(stack, "description", None),
            "CreationTime": self._live.created(stack),
            "LastUpdatedTime": self._live.updated(stack),
            "DeletionTime": getattr(stack, "deleted", None),
            "StackStatus": self._live.status(stack),
            "StackStatusReason": getattr(stack, "status_reason", None),
            "DriftInformation": drift_information(self._live, stack),
        }


def new_stack_id(caller: Caller, name: str) -> str:
    """Return the ARN of a new stack.

    Raises:
        ApiError: AlreadyExistsException.
    """
    backend = cloudformation_backends[caller.account][caller.region]
    if any(each.name == name for each in backend.stacks.values()):
        raise ApiError("AlreadyExistsException", f"Stack [{name}] already exists")
    number = str(len(backend.deleted_stacks))
    text = derive(32, caller.account, caller.region, name, number, alphabet="0123456789abcdef")
    unique = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    place = f"arn:{partition_of(caller.region)}:cloudformation:{caller.region}"
    return f"{place}:{caller.account}:stack/{name}/{unique}"


def drift_information(live: LiveStacks, stack: Any) -> Answer:
    """Return what a stack tells of its newest drift detection."""
    state = live.states.known(stack.stack_id)
    detected = state.detected if state is not None else None
    return {
        "StackDriftStatus": detected.status if detected is not None else "NOT_CHECKED",
        "LastCheckTimestamp": detected.ended if detected is not None else None,
    }


def body_of(params: Mapping[str, Any], read_url: Callable[[str], str]) -> str:
    """Return the template that a call brings along.

    Raises:
        ApiError: ValidationError; there is none, or both a body and a URL.
    """
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if bool(body) == bool(url):
        raise validation("Either Template URL or Template Body must be specified.")
    return str(body or read_url(str(url)))


def given_values(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that a call gives values for."""
    given = params.get("Parameters") or ()
    return {each["ParameterKey"]: str(each.get("ParameterValue", "")) for each in given}


def given_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that a call gives."""
    return {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
