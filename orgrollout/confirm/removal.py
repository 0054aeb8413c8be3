"""How a stack set of an experiment is taken away, whatever state it was left in."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from orgrollout.confirm.ground import exactly
from orgrollout.confirm.stack_set import LONGEST, LOOK_EVERY, UNDER_WAY
from orgrollout.confirm.steps import Call, CannotTellError, Response, Steps, Wait, asked
from orgrollout.model.ids import AccountId, Region, UnitId

CALLS = frozenset(
    {"DeleteStackInstances", "DeleteStackSet", "DescribeStackSetOperation", "ListStackInstances"}
)
_GONE = "StackSetNotFound"
_BUSY = ("OperationInProgress", "StackSetNotEmpty", "StaleRequest")
_SKIPPED = "SKIPPED_SUSPENDED_ACCOUNT"
_PLACE = ("OrganizationalUnitId", "Account", "Region")
_ROUNDS = 3  # of deletions that leave stack instances, before it is given up


class Removal:
    """Takes one stack set away, with all its stacks."""

    def __init__(self, name: str, call_as: str, run: str) -> None:
        """``run`` makes the ids of operations those of this process alone."""
        self._about = {"StackSetName": name, "CallAs": call_as}
        self._name, self._run = name, run
        self._begun = 0
        self._waited = timedelta()

    def steps(self) -> Steps[None]:
        """Take it away; one that is gone already is fine.

        Raises:
            CannotTellError: It is still there; the text says why.
        """
        while True:
            left = yield from self._instances()
            if left is None:
                return
            if left:
                yield from self._delete_instances(left)
                continue
            response = yield self._call("DeleteStackSet", {})
            if not response.is_refused or response.code.startswith(_GONE):
                return
            yield from self._again(response)

    def _instances(self) -> Steps[list[Mapping[str, Any]] | None]:
        """Return the stack instances that are left, or None where the stack set is gone."""
        response = yield self._call("ListStackInstances", {})
        if response.code.startswith(_GONE):
            return None
        if response.is_refused:
            raise CannotTellError(f"ListStackInstances failed: {response.code}")
        return list(response.body.get("Summaries") or ())

    def _delete_instances(self, left: Sequence[Mapping[str, Any]]) -> Steps[None]:
        if self._begun >= _ROUNDS:
            raise CannotTellError("its stack instances are still there after they were deleted")
        if not all(each.get(key) for each in left for key in _PLACE):
            raise CannotTellError("CloudFormation does not say where its stack instances are")
        # A suspended account has no stack here, and only RetainStacks takes its record away.
        skipped = [each for each in left if _is_skipped(each)]
        chosen = [each for each in left if not _is_skipped(each)] or skipped
        id_ = f"{self._name}-{self._run}-{self._begun + 1}"
        sent = {
            **exactly(
                {UnitId(each["OrganizationalUnitId"]) for each in chosen},
                dict.fromkeys(AccountId(each["Account"]) for each in chosen),
                dict.fromkeys(Region(each["Region"]) for each in chosen),
            ),
            "OperationId": id_,
            "RetainStacks": chosen is skipped,
            "OperationPreferences": {"RegionConcurrencyType": "PARALLEL"},
        }
        response = yield self._call("DeleteStackInstances", sent)
        if response.is_refused:
            yield from self._again(response)
            return
        self._begun += 1
        yield from self._ended(id_)

    def _ended(self, id_: str) -> Steps[None]:
        while True:
            call = self._call("DescribeStackSetOperation", {"OperationId": id_})
            response = yield from asked(call)
            if str(response.body["StackSetOperation"]["Status"]) not in UNDER_WAY:
                return
            yield from self._wait("its stack instances are still being deleted")

    def _again(self, refused: Response) -> Steps[None]:
        """Wait for what is in the way.

        Raises:
            CannotTellError: It does not go away by itself.
        """
        if not refused.code.startswith(_BUSY):
            raise CannotTellError(f"deleting it failed: {refused.code}")
        yield from self._wait(f"deleting it was refused: {refused.code}")

    def _wait(self, why: str) -> Steps[None]:
        if self._waited >= LONGEST:
            raise CannotTellError(why)
        yield Wait(span=LOOK_EVERY)
        self._waited += LOOK_EVERY

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> Call:
        sent = {**self._about, **parameters}
        return Call(operation=operation, parameters=sent, is_evidence=False)


def _is_skipped(instance: Mapping[str, Any]) -> bool:
    status = instance.get("StackInstanceStatus") or {}
    return not instance.get("StackId") and status.get("DetailedStatus") == _SKIPPED
