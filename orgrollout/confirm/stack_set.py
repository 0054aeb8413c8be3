"""What experiments do with a stack set of their own: make it, deploy it, wait, look."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orgrollout.confirm.ground import MADE_BY, Ground
from orgrollout.confirm.steps import Call, CannotTellError, Steps, Wait, asked
from orgrollout.confirm.template import TEMPLATE
from orgrollout.model.ids import Pair, StackSetName

LOOK_EVERY = timedelta(seconds=5)
LONGEST = timedelta(minutes=15)  # that one operation is waited for
_ATTEMPTS = 3
_LAG = timedelta(minutes=5)
_UNFINISHED = frozenset({"PENDING", "RUNNING"})
UNDER_WAY = frozenset({"RUNNING", "QUEUED", "STOPPING"})
SET_UP = frozenset(
    {
        "CreateStackInstances",
        "CreateStackSet",
        "DescribeStackInstance",
        "DescribeStackSetOperation",
    }
)
"""What `Trial` sends while it is set up and looked at."""
SUSPENDED_CALLS = SET_UP - {"DescribeStackInstance"}
"""The same where the account is suspended."""


class Trial:
    """One stack set of one experiment."""

    def __init__(self, ground: Ground, title: str) -> None:
        self.ground = ground
        self.name: StackSetName = ground.name(title)
        self._operations = 0

    def call(self, operation: str, parameters: Mapping[str, Any], *shows: str) -> Call:
        """Return a call about the stack set."""
        about = {"StackSetName": self.name, "CallAs": self.ground.call_as}
        return Call(operation=operation, parameters={**about, **parameters}, shows=shows)

    def targets(self, *pairs: Pair) -> dict[str, Any]:
        """Return deployment targets that are these pairs and nothing else."""
        return self.ground.targets(*pairs)

    def next_id(self) -> str:
        """Return the id for another operation."""
        self._operations += 1
        return f"{self.name}-{self._operations}"

    def parameters(self, **values: str) -> list[dict[str, str]]:
        """Return parameters in the API's shape."""
        return [{"ParameterKey": k, "ParameterValue": v} for k, v in sorted(values.items())]

    def begin(self, *pairs: Pair, value: str = "first", managed: bool = False) -> Steps[None]:
        """Make the stack set, deploy it to ``pairs``, and wait until that is done.

        Raises:
            CannotTellError: It failed several times; a failure may be transient.
        """
        yield from self.make(value=value, managed=managed)
        parallel = {"OperationPreferences": {"RegionConcurrencyType": "PARALLEL"}}
        for _ in range(_ATTEMPTS if pairs else 0):
            sent = {**self.targets(*pairs), **parallel}
            id_ = yield from self.start("CreateStackInstances", sent)
            if (yield from self.ended(id_)) == "SUCCEEDED":
                return
        if pairs:
            raise CannotTellError(f"its stacks could not be made in {_ATTEMPTS} attempts")

    def make(self, *, value: str = "first", managed: bool = False) -> Steps[None]:
        """Make the stack set, without stack instances."""
        made = {
            "Description": MADE_BY,
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": {"Enabled": False},
            "ManagedExecution": {"Active": managed},
            "TemplateBody": TEMPLATE,
            "Parameters": self.parameters(Name=self.name, Value=value),
            "ClientRequestToken": self.name,
        }
        yield from asked(self.call("CreateStackSet", made))

    def update(self, parameters: Mapping[str, Any]) -> Steps[None]:
        """Update the stack set, and wait until that has succeeded.

        The description is sent each time: what an omitted one means is not documented.
        """
        kept: dict[str, Any] = {"Description": MADE_BY}
        if "TemplateBody" not in parameters:
            kept["UsePreviousTemplate"] = True
        yield from self.done("UpdateStackSet", {**kept, **parameters})

    def start(self, operation: str, parameters: Mapping[str, Any]) -> Steps[str]:
        """Start an operation, and return its id."""
        id_ = self.next_id()
        yield from asked(self.call(operation, {"OperationId": id_, **parameters}))
        return id_

    def done(self, operation: str, parameters: Mapping[str, Any]) -> Steps[None]:
        """Start an operation, and wait until it has succeeded."""
        id_ = yield from self.start(operation, parameters)
        yield from self.succeeded(id_)

    def succeeded(self, id_: str) -> Steps[None]:
        """Wait until an operation has succeeded.

        Raises:
            CannotTellError: It has not, or not in time.
        """
        status = yield from self.ended(id_)
        if status != "SUCCEEDED":
            raise CannotTellError(f"an operation that has to succeed is {status}")

    def ended(self, id_: str) -> Steps[str]:
        """Wait until an operation has ended, and return its status."""
        waited = timedelta()
        while True:
            status = yield from self.status(id_)
            if status not in UNDER_WAY:
                return status
            if waited >= LONGEST:
                raise CannotTellError(f"an operation has been {status} for {LONGEST}")
            yield Wait(span=LOOK_EVERY)
            waited += LOOK_EVERY

    def status(self, id_: str) -> Steps[str]:
        """Return the status that an operation has now."""
        asked_for = {"OperationId": id_}
        call = self.call("DescribeStackSetOperation", asked_for, "StackSetOperation.Status")
        response = yield from asked(call)
        return str(response.body["StackSetOperation"]["Status"])

    def results(self, id_: str) -> Steps[list[Mapping[str, Any]]]:
        """Return the results of an operation that is over, once all of them are."""
        waited = timedelta()
        asked_for = {"OperationId": id_}
        call = self.call("ListStackSetOperationResults", asked_for, "Summaries.0.Status")
        while True:
            response = yield from asked(call)
            found: list[Mapping[str, Any]] = list(response.body.get("Summaries") or ())
            if found and all(each.get("Status") not in _UNFINISHED for each in found):
                return found
            if waited >= _LAG:
                raise CannotTellError("the results of an operation that is over are not listed")
            yield Wait(span=LOOK_EVERY)  # the list is eventually consistent
            waited += LOOK_EVERY

    def described(self, pair: Pair, *shows: str) -> Call:
        """Return the call that describes a stack instance."""
        where = {"StackInstanceAccount": pair.account, "StackInstanceRegion": pair.region}
        return self.call("DescribeStackInstance", where, *shows)

    def instance(self, pair: Pair, *shows: str) -> Steps[Mapping[str, Any]]:
        """Return a stack instance as CloudFormation describes it now."""
        shown = tuple(f"StackInstance.{each}" for each in shows)
        response = yield from asked(self.described(pair, *shown))
        found: Mapping[str, Any] = response.body["StackInstance"]
        return found

    @property
    def skipped(self) -> Pair:
        """Return the pair of the suspended account.

        Raises:
            CannotTellError: None was named.
        """
        if self.ground.suspended is None:
            raise CannotTellError("no suspended account was named")
        return Pair(self.ground.suspended.account, self.ground.regions[0])

    def begin_suspended(self) -> Steps[str]:
        """Make the stack set, aim it at the suspended account, and return the operation's id."""
        yield from self.make()
        id_ = yield from self.start("CreateStackInstances", self.targets(self.skipped))
        yield from self.ended(id_)
        return id_

    def stack(self, pair: Pair) -> Steps[str]:
        """Return the id of the stack of a stack instance."""
        found = yield from self.instance(pair, "Status")
        if not (stack := found.get("StackId")):
            raise CannotTellError("the stack instance has no stack")
        return str(stack)

    def overridden(self, pair: Pair) -> Steps[str | None]:
        """Return the value that a stack instance overrides, or None where it overrides none."""
        found = yield from self.instance(pair, "Status", "ParameterOverrides")
        values = {o["ParameterKey"]: o for o in found.get("ParameterOverrides") or ()}
        return str(values["Value"]["ParameterValue"]) if "Value" in values else None
