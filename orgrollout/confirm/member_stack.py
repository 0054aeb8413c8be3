"""What experiments do with a stack in the canary account, through a role there."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orgrollout.confirm.stack_set import LONGEST, LOOK_EVERY
from orgrollout.confirm.steps import Call, CannotTellError, Steps, Wait, asked
from orgrollout.model.ids import Pair

_BEING_MADE = frozenset({"CREATE_PENDING", "CREATE_IN_PROGRESS"})


def values_in(stack: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters of a stack as DescribeStacks has it; none is secret here."""
    found = stack.get("Parameters") or ()
    return {each["ParameterKey"]: each.get("ParameterValue", "") for each in found}


def described_stack(stack: str, where: Pair, *shows: str) -> Steps[Mapping[str, Any]]:
    """Return a stack as DescribeStacks has it now."""
    shown = ("StackStatus", "Parameters", *shows)
    call = Call(
        operation="DescribeStacks",
        parameters={"StackName": stack},
        where=where,
        shows=tuple(f"Stacks.0.{each}" for each in shown),
    )
    response = yield from asked(call)
    found: Mapping[str, Any] = response.body["Stacks"][0]
    return found


def change_set(stack: str, name: str, where: Pair, **more: Any) -> Call:
    """Return the call that makes a change set of the stack's own template."""
    parameters = {
        "StackName": stack,
        "ChangeSetName": name,
        "ChangeSetType": "UPDATE",
        "UsePreviousTemplate": True,
        "ClientToken": name,
        **more,
    }
    return Call(operation="CreateChangeSet", parameters=parameters, where=where)


def described(name: str, where: Pair, stack: str | None = None) -> Call:
    """Return the call that describes a change set, by name and stack or by its ARN."""
    whose = {"StackName": stack} if stack else {}
    return Call(
        operation="DescribeChangeSet",
        parameters={"ChangeSetName": name, **whose},
        where=where,
        shows=("Status", "ExecutionStatus"),
    )


def ended(name: str, where: Pair, stack: str) -> Steps[Mapping[str, Any]]:
    """Wait until the making of a change set is over, and return its description."""
    waited = timedelta()
    while True:
        response = yield from asked(described(name, where, stack))
        if response.body.get("Status") not in _BEING_MADE:
            return response.body
        if waited >= LONGEST:
            raise CannotTellError(f"a change set has been made for {LONGEST}")
        yield Wait(span=LOOK_EVERY)
        waited += LOOK_EVERY


def execute(stack: str, name: str, where: Pair) -> Steps[None]:
    """Wait until a change set is made, and execute it."""
    made = yield from ended(name, where, stack)
    if made.get("ExecutionStatus") != "AVAILABLE":
        raise CannotTellError("the change set was not made")
    parameters = {"StackName": stack, "ChangeSetName": name, "ClientRequestToken": name}
    yield from asked(Call(operation="ExecuteChangeSet", parameters=parameters, where=where))


def updated(stack: str, where: Pair) -> Steps[None]:
    """Wait until the update of a stack is over."""
    waited = timedelta()
    call = Call(
        operation="DescribeStacks",
        parameters={"StackName": stack},
        where=where,
        shows=("Stacks.0.StackStatus",),
    )
    while True:
        response = yield from asked(call)
        status = str(response.body["Stacks"][0]["StackStatus"])
        if status == "UPDATE_COMPLETE":
            return
        if waited >= LONGEST or not status.endswith(("_IN_PROGRESS", "CREATE_COMPLETE")):
            raise CannotTellError(f"the stack is {status} after its change set")
        yield Wait(span=LOOK_EVERY)
        waited += LOOK_EVERY
