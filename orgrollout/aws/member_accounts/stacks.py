"""Stacks in member accounts: described, reverted by drift-aware change sets, looked at again.

The connection is one into the account and Region of the stack. Nothing here waits.
"""

from collections.abc import Iterator
from typing import Any

from orgrollout.aws.stack_sets.drift import resource_drift
from orgrollout.aws.transport.connection import Connection
from orgrollout.aws.transport.response_checks import PageTokens
from orgrollout.errors import AwsError, InvalidOperationError, RejectedError, StackSetExistsError
from orgrollout.model.drift import ResourceDrift
from orgrollout.model.member_stack import ChangeSet, MemberStack, ResourceChange, StackDetection

_GONE = "does not exist"
_NO_CHANGE_SET = ("ChangeSetNotFound", "ChangeSetNotFoundException")
_NOT_NOW = ("InvalidChangeSetStatus", "InvalidChangeSetStatusException")
# Of a detection, or of the stack's status. The wording is not documented, and drift detection has
# no error of its own.
_IN_PROGRESS = "in progress"


class MemberStacks:
    """The stacks of one account and Region."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def describe(self, stack: str) -> MemberStack | None:
        """Return the stack, or None where it is gone (DescribeStacks)."""
        try:
            answer = self._call("DescribeStacks", StackName=stack)
        except RejectedError as error:
            if _GONE in error.said:
                return None
            raise
        found = answer["Stacks"][0]
        return None if found["StackStatus"] == "DELETE_COMPLETE" else _member_stack(found)

    def change_set(self, stack: str, name: str) -> ChangeSet | None:
        """Return the change set with all its changes, or None where there is none of that name."""
        parameters: dict[str, Any] = {"StackName": stack, "ChangeSetName": name}
        changes: list[ResourceChange] = []
        tokens = PageTokens("cloudformation:DescribeChangeSet")
        while True:
            try:
                answer = self._call("DescribeChangeSet", **parameters)
            except AwsError as error:
                if error.code in _NO_CHANGE_SET:
                    return None
                raise
            changes += (_change(c["ResourceChange"]) for c in answer.get("Changes") or ())
            if not (token := tokens.of(answer)):
                return ChangeSet(
                    status=answer.get("Status") or "",
                    execution=answer.get("ExecutionStatus") or "",
                    reason=answer.get("StatusReason") or "",
                    changes=tuple(changes),
                )
            parameters["NextToken"] = token

    def revert(self, stack: MemberStack, name: str) -> None:
        """Ask for a change set that brings what drifted back to what was deployed.

        Template and parameters stay what they are. One of that name is taken for this one.

        Raises:
            RejectedError, QuotaError: CloudFormation says why not.
        """
        try:
            self._call(
                "CreateChangeSet",
                StackName=stack.id,
                ChangeSetName=name,
                ChangeSetType="UPDATE",
                DeploymentMode="REVERT_DRIFT",
                UsePreviousTemplate=True,
                Parameters=[
                    {"ParameterKey": key, "UsePreviousValue": True} for key in stack.parameters
                ],
                Capabilities=list(stack.capabilities),
                ClientToken=name,
            )
        except StackSetExistsError:
            return

    def execute(self, stack: str, name: str) -> None:
        """Carry a change set out.

        One that is being carried out, or was, stays as it is. One that is gone was carried out
        before an answer got lost, or another process deleted it; the stack tells which.
        """
        try:
            self._call(
                "ExecuteChangeSet", StackName=stack, ChangeSetName=name, ClientRequestToken=name
            )
        except AwsError as error:
            if error.code not in {*_NOT_NOW, *_NO_CHANGE_SET, "TokenAlreadyExistsException"}:
                raise

    def discard(self, stack: str, name: str) -> None:
        """Delete a change set that was not carried out; one that is gone is fine."""
        try:
            self._call("DeleteChangeSet", StackName=stack, ChangeSetName=name)
        except AwsError as error:
            if error.code not in {*_NO_CHANGE_SET, *_NOT_NOW}:
                raise

    def detect_drift(self, stack: str) -> str | None:
        """Ask for a drift detection of one stack, and return its id.

        None where something runs on the stack, another detection included: nothing was asked for.
        """
        try:
            answer = self._call("DetectStackDrift", StackName=stack)
        except (RejectedError, InvalidOperationError) as error:
            if _IN_PROGRESS not in error.said.lower().replace("_", " "):
                raise
            return None
        return str(answer["StackDriftDetectionId"])

    def detection(self, detection: str) -> StackDetection:
        """Return how far a detection is (DescribeStackDriftDetectionStatus).

        A stack's own LastCheckTimestamp would not do: it tells when a detection was begun.
        """
        answer = self._call("DescribeStackDriftDetectionStatus", StackDriftDetectionId=detection)
        return StackDetection(
            status=answer.get("DetectionStatus") or "",
            reason=answer.get("DetectionStatusReason") or "",
            is_in_sync=answer.get("StackDriftStatus") == "IN_SYNC",
        )

    def drift(self, stack: str) -> tuple[ResourceDrift, ...]:
        """Return every resource as the newest detection of the stack found it."""
        rows = self._connection.pages(
            "cloudformation",
            "DescribeStackResourceDrifts",
            {"StackName": stack, "MaxResults": 100},
            "StackResourceDrifts",
        )
        return tuple(resource_drift(row) for row in rows)

    def why_it_failed(self, stack: str) -> str:
        """Return the reason of the resource that failed first in the last update, if one did."""
        for event in reversed(list(self._last_update(stack))):
            status = event.get("ResourceStatus") or ""
            reason = event.get("ResourceStatusReason") or ""
            if status.endswith("_FAILED") and "cancelled" not in reason.lower():
                name = event.get("LogicalResourceId") or "?"
                return f"{name}: {reason}" if reason else f"{name} is {status}"
        return ""

    def _last_update(self, stack: str) -> Iterator[dict[str, Any]]:
        """Yield the events of the last update, newest first, as far as the first page has them."""
        answer = self._call("DescribeStackEvents", StackName=stack)
        for event in answer.get("StackEvents") or ():
            yield event
            whole = event.get("PhysicalResourceId") == event.get("StackId")
            if whole and event.get("ResourceStatus") == "UPDATE_IN_PROGRESS":
                return

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._connection.call("cloudformation", operation, parameters)


def _member_stack(found: dict[str, Any]) -> MemberStack:
    # arn:aws:cloudformation:REGION:ACCOUNT:changeSet/NAME/ID
    executed = (found.get("ChangeSetId") or "").split("/")
    return MemberStack(
        id=found["StackId"],
        status=found["StackStatus"],
        status_reason=found.get("StackStatusReason") or "",
        change_set=executed[1] if len(executed) > 1 else "",
        parameters=tuple(p["ParameterKey"] for p in found.get("Parameters") or ()),
        capabilities=tuple(found.get("Capabilities") or ()),
    )


def _change(found: dict[str, Any]) -> ResourceChange:
    targets = [detail.get("Target") or {} for detail in found.get("Details") or ()]
    return ResourceChange(
        action=found.get("Action") or "",
        logical_id=found.get("LogicalResourceId") or "",
        resource_type=found.get("ResourceType") or "",
        replacement=found.get("Replacement") or "",
        properties=tuple(dict.fromkeys(p for t in targets if (p := _property(t)))),
        drift_status=found.get("ResourceDriftStatus") or "",
    )


def _property(target: dict[str, Any]) -> str:
    """Return the JSON pointer of what a change is about (ResourceTargetDefinition).

    ``Path`` begins with the attribute, as in /Properties/DisplayName; ``Name`` is a property's.
    """
    path = str(target.get("Path") or "").removeprefix("/Properties")
    if path:
        return path
    if target.get("Name"):
        return f"/{target['Name']}"
    return f"/{target['Attribute']}" if target.get("Attribute") not in {None, "Properties"} else ""
