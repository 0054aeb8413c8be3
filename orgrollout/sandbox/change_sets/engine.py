"""Carries change sets out as time passes: they are created, and executed, step by step."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orgrollout.sandbox.change_sets.planned_changes import (
    Change,
    physical_id,
    planned_changes,
    scripted,
)
from orgrollout.sandbox.errors import ApiError, DeploymentError
from orgrollout.sandbox.faults.rules import ChangeSetFault, Faults
from orgrollout.sandbox.moto.resource_errors import AWS_ERRORS, ResourceError, message_of
from orgrollout.sandbox.moto.tampering import remove_resource
from orgrollout.sandbox.records import stack_set_of
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks, RecordStack
from orgrollout.sandbox.stack_sets.operation_runner import spread
from orgrollout.sandbox.timeline import Timeline

UNCHANGED = (
    "The submitted information didn't contain changes. Submit different information to create "
    "a change set."
)
STARTED = "User Initiated"


@dataclass(slots=True, kw_only=True)
class ChangeSet:
    """A change set, and how far it has come."""

    id: str
    name: str
    stack: Any
    body: str
    values: dict[str, str]
    mode: str | None
    created: datetime
    description: str | None = None
    tags: dict[str, str] | None = None
    """The stack's tags from then on; None: as they are."""
    creates: bool = False
    """Whether the stack has no resources yet."""
    changes: list[Change] = field(default_factory=list)
    status: str = "CREATE_PENDING"
    execution: str = "UNAVAILABLE"
    reason: str | None = None
    drift_status: str | None = None

    @property
    def verb(self) -> str:
        """The effect of its execution on the stack."""
        return "CREATE" if self.creates else "UPDATE"

    @property
    def reverts(self) -> bool:
        """Whether it is drift-aware."""
        return self.mode == "REVERT_DRIFT"


class ChangeSetWork:
    """The change sets that exist, and what they do to their stacks."""

    def __init__(
        self, live: LiveStacks, settings: Settings, faults: Faults, timeline: Timeline
    ) -> None:
        self._live = live
        self._settings = settings
        self._faults = faults
        self._timeline = timeline
        self._known: dict[str, ChangeSet] = {}
        self._by_stack: dict[str, dict[str, ChangeSet]] = {}
        self._gone: dict[str, str] = {}
        """By ARN: the stacks of change sets that are gone."""

    def of(self, stack: Any) -> Iterator[ChangeSet]:
        """Yield the change sets of a stack, oldest first."""
        yield from self._by_stack.get(stack.stack_id, {}).values()

    def by_id(self, identifier: str) -> ChangeSet | None:
        """Return a change set by its ARN."""
        return self._known.get(identifier)

    def stack_of(self, identifier: str) -> str | None:
        """Return the id of the stack of a change set, by its ARN; also of one that is gone."""
        found = self._known.get(identifier)
        return str(found.stack.stack_id) if found is not None else self._gone.get(identifier)

    def forget(self, change_set: ChangeSet) -> None:
        """Forget a change set; what it has begun goes on."""
        if self._known.pop(change_set.id, None) is not None:
            self._by_stack[change_set.stack.stack_id].pop(change_set.id, None)
            self._gone[change_set.id] = change_set.stack.stack_id

    def is_gone(self, identifier: str) -> bool:
        """Return whether there was a change set with this ARN."""
        return identifier in self._gone

    def begin(self, made: ChangeSet) -> None:
        """Create a change set; it takes a while until there is something to see."""
        self._known[made.id] = made
        self._by_stack.setdefault(made.stack.stack_id, {})[made.id] = made
        fault = self._fault("create", made)
        pending = self._span("pending", self._settings.change_set_duration / 4, made)
        rest = self._span("create", self._settings.change_set_duration, made)
        began = self._timeline.now() + pending
        self._timeline.at(began, partial(_to_status, made, "CREATE_IN_PROGRESS"))
        if fault is None or not fault.stuck:
            delay = fault.delay if fault is not None else timedelta()
            self._timeline.at(began + rest + delay, partial(self._created, made, fault))

    def execute(self, change_set: ChangeSet) -> None:
        """Begin to update the stack; all its other change sets are gone."""
        stack, now = change_set.stack, self._timeline.now()
        for other in list(self.of(stack)):
            if other is not change_set:
                self.forget(other)
        fault = self._fault("execute", change_set)
        change_set.execution = "EXECUTE_IN_PROGRESS"
        state = self._live.state(stack)
        status = f"{change_set.verb}_IN_PROGRESS"
        state.in_progress, state.change_set_id = status, change_set.id
        state.tell(now, status, STARTED)
        for key, physical, kind in _resources(change_set):
            state.tell(now, status, None, (key, physical, kind))
        if fault is None or not fault.stuck:
            delay = fault.delay if fault is not None else timedelta()
            taken = self._span("execute", self._settings.stack_update_duration, change_set)
            self._timeline.at(now + taken + delay, partial(self._executed, change_set, fault))

    def _created(self, made: ChangeSet, fault: ChangeSetFault | None) -> None:
        moment = self._timeline.now()
        made.status, made.execution = "CREATE_COMPLETE", "AVAILABLE"
        if fault is not None and fault.reason:
            made.status, made.execution, made.reason = "FAILED", "UNAVAILABLE", fault.reason
            return
        seen = moment if made.reverts else None
        try:
            changes = planned_changes(self._live, made.stack, made.body, made.values, seen)
        except (ApiError, DeploymentError) as error:
            # Its stack set has changed the stack meanwhile, or the template cannot be carried out.
            made.status, made.execution, made.reason = "FAILED", "UNAVAILABLE", message_of(error)
            return
        made.changes = scripted(changes, fault, made.stack)
        if made.reverts:
            drifted = any(each.is_drifted for each in self._live.drifts(made.stack))
            made.drift_status = "DRIFTED" if drifted else "IN_SYNC"
        if not made.changes:
            made.status, made.execution, made.reason = "FAILED", "UNAVAILABLE", UNCHANGED

    def _executed(self, change_set: ChangeSet, fault: ChangeSetFault | None) -> None:
        reason = fault.reason if fault is not None else ""
        if not reason:
            reason = self._apply(change_set)
        if reason:
            self._rolled_back(change_set, reason)
        else:
            self._succeeded(change_set)
        if self._settings.executed_change_set == "gone":
            self.forget(change_set)
        elif self._settings.executed_change_set == "by_arn" and not reason:
            self._by_stack[change_set.stack.stack_id].pop(change_set.id, None)

    def _apply(self, change_set: ChangeSet) -> str:
        """Change the stack, and return why that failed, if it did."""
        stack, deployed = change_set.stack, self._live.deployed
        if not deployed.is_there(stack.stack_id):
            return f"Stack with id {stack.stack_id} does not exist"
        try:
            self._carry_out_scripted(change_set)
            tags = dict(stack.tags) if change_set.tags is None else change_set.tags
            deployed.bring_to(stack.stack_id, change_set.body, change_set.values, tags)
            if change_set.reverts:
                deployed.revert(stack.stack_id)
        except (DeploymentError, ResourceError, *AWS_ERRORS) as error:
            return message_of(error)
        return ""

    def _carry_out_scripted(self, change_set: ChangeSet) -> None:
        """Carry out a scripted replacement or removal in the account."""
        stack = change_set.stack
        if isinstance(stack, RecordStack):
            return
        for each in change_set.changes:
            replaced = each.get("Replacement") in ("True", "Conditional")
            there = stack.resource_map.made(each["LogicalResourceId"]) is not None
            if there and (replaced or each["Action"] == "Remove"):
                remove_resource(stack, each["LogicalResourceId"])
                if replaced:
                    stack.create_again(each["LogicalResourceId"])

    def _succeeded(self, change_set: ChangeSet) -> None:
        state, now = self._live.state(change_set.stack), self._timeline.now()
        change_set.execution = "EXECUTE_COMPLETE"
        for resource in _resources(change_set):
            state.tell(now, f"{change_set.verb}_COMPLETE", None, resource)
        self._live.finish(change_set.stack, f"{change_set.verb}_COMPLETE")
        state.tell(now, f"{change_set.verb}_COMPLETE")

    def _rolled_back(self, change_set: ChangeSet, reason: str) -> None:
        state, now = self._live.state(change_set.stack), self._timeline.now()
        change_set.execution = "EXECUTE_FAILED"
        resources = _resources(change_set)
        for resource in resources[:1]:
            state.tell(now, f"{change_set.verb}_FAILED", reason, resource)
        failed = ", ".join(key for key, _, _ in resources[:1])
        summary = f"The following resource(s) failed to {change_set.verb.lower()}: [{failed}]. "
        rolled_back = "ROLLBACK" if change_set.creates else "UPDATE_ROLLBACK"
        state.tell(now, f"{rolled_back}_IN_PROGRESS", summary)
        self._live.finish(change_set.stack, f"{rolled_back}_COMPLETE")
        state.tell(now, f"{rolled_back}_COMPLETE")

    def _fault(self, step: str, change_set: ChangeSet) -> ChangeSetFault | None:
        stack = change_set.stack
        name = stack_set_of(stack.name) or ""
        return self._faults.for_change_set(step, name, stack.account_id, stack.region_name)

    def _span(self, step: str, median: timedelta, change_set: ChangeSet) -> timedelta:
        return spread(self._settings, median, step, change_set.stack.stack_id, change_set.name)


def _to_status(made: ChangeSet, status: str) -> None:
    made.status = status


def _resources(change_set: ChangeSet) -> list[tuple[str, str, str]]:
    return [
        (
            each["LogicalResourceId"],
            each["PhysicalResourceId"]
            or physical_id(change_set.stack, each["LogicalResourceId"])
            or "",
            each["ResourceType"],
        )
        for each in change_set.changes
    ]
