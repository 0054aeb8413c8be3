"""Makes and unmakes the stacks of stack instances in moto's CloudFormation."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, cast

from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends

from orgrollout.sandbox.errors import DeploymentError
from orgrollout.sandbox.moto import drift
from orgrollout.sandbox.moto.resource_errors import guarded
from orgrollout.sandbox.moto.stack import Stack
from orgrollout.sandbox.moto.stack_ids import new_stack_id
from orgrollout.sandbox.moto.stack_outputs import export
from orgrollout.sandbox.moto.stack_states import STACK
from orgrollout.sandbox.records import Definition, Pair, ResourceDrift

_DIFFERENT = ("MODIFIED", "DELETED")


class MotoStacks:
    """Makes and unmakes stacks in moto's CloudFormation."""

    records_only = False

    def __init__(
        self, note: Callable[[str, str, str, str], None], now: Callable[[], datetime]
    ) -> None:
        self._note = note
        self._now = now
        self._names = 0
        self._baselines: dict[str, drift.Baseline] = {}
        self.hidden: dict[Pair, dict[str, str]] = {}
        """Per account and Region: types, with a property that no role may read."""
        self.hidden_from_sets: dict[Pair, dict[str, str]] = {}
        """The same for what only the stack sets' role may not read."""
        self.reverted: Callable[[str], None] = lambda _stack_id: None
        """Told when a stack's drift was reverted."""
        self.told: Callable[[str, str, list[tuple[str, str]]], None] = lambda *_: None
        """Told what was created, updated or deleted in a stack: its id, the action, resources."""

    def create(
        self, name: str, pair: Pair, definition: Definition, values: Mapping[str, str]
    ) -> str:
        """Return the id of a new stack with its resources."""
        stack_id = new_stack_id(name, pair, self._next())
        with self._guarded(stack_id, "created"):
            self._build(stack_id, definition.template_body, values, definition.tags)
        return stack_id

    def create_plain(
        self, stack_id: str, body: str, values: Mapping[str, str], tags: Mapping[str, str]
    ) -> Stack:
        """Make a stack that belongs to no stack set; an empty body makes one without resources.

        Raises:
            DeploymentError: Nothing of it is left.
        """
        with self._guarded(stack_id, "created"):
            return self._build(stack_id, body, values, tags)

    def _build(
        self, stack_id: str, body: str, values: Mapping[str, str], tags: Mapping[str, str]
    ) -> Stack:
        _, _, _, region, account, resource = stack_id.split(":", 5)
        backend = self._backend(stack_id)
        try:
            stack = Stack.made(
                lambda *what: self._note(stack_id, *what),
                stack_id=stack_id,
                name=resource.split("/")[1],
                template=body,
                parameters=dict(values),
                account_id=account,
                region_name=region,
                tags=dict(tags),
                cross_stack_resources=backend.exports,
            )
            backend.stacks[stack_id] = stack
            stack._add_stack_event("CREATE_IN_PROGRESS", "User Initiated")  # noqa: SLF001
            stack.create_resources()
            export(backend, stack)
            self._baselines[stack_id] = self._baseline(stack)
        except Exception:  # whatever it was: it is raised again, and nothing of the stack is left
            self._undo(backend, stack_id)
            raise
        stack.creation_time = self._now()
        self.told(stack_id, "create", _resources(stack))
        return stack

    def update(self, stack_id: str, definition: Definition, values: Mapping[str, str]) -> None:
        """Bring a stack to a definition; nothing to change is a success."""
        self.bring_to(stack_id, definition.template_body, values, definition.tags)

    def roll_back(self, stack_id: str) -> None:
        """Note that an update failed and was undone."""
        stack = self._backend(stack_id).stacks.get(stack_id)
        if stack is not None:
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
            stack._add_stack_event("UPDATE_ROLLBACK_COMPLETE")  # noqa: SLF001

    def delete(self, stack_id: str) -> None:
        """Delete a stack and its resources; one that is gone is fine."""
        backend = self._backend(stack_id)
        stack = backend.stacks.get(stack_id)
        if stack is None:
            return
        if stack.enable_termination_protection:
            raise DeploymentError(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        self.take_in(stack_id)
        stack = cast("Stack", backend.stacks[stack_id])
        self.told(stack_id, "delete", _resources(stack))
        try:
            with self._guarded(stack_id, "deleted"):
                stack.destroy()
        except DeploymentError:
            stack.status = "DELETE_FAILED"
            raise
        for name in [e.name for e in backend.exports.values() if e.exporting_stack_id == stack_id]:
            del backend.exports[name]
        stack.status = "DELETE_COMPLETE"
        stack._add_stack_event("DELETE_COMPLETE")  # noqa: SLF001
        backend.deleted_stacks[stack_id] = backend.stacks.pop(stack_id)

    def protect(self, stack_id: str) -> None:
        """Protect a stack from deletion."""
        self._backend(stack_id).stacks[stack_id].enable_termination_protection = True

    def take_in(self, stack_id: str) -> None:
        """Give a stack that moto made itself the behaviour of all others; its resources stay."""
        backend = self._backend(stack_id)
        if not isinstance(backend.stacks[stack_id], Stack):
            with self._guarded(stack_id, "taken in"):
                taken = Stack.taken_over(
                    backend.stacks[stack_id], lambda *what: self._note(stack_id, *what)
                )
            backend.stacks[stack_id] = taken
            self._baselines[stack_id] = self._baseline(taken)

    def is_there(self, stack_id: str) -> bool:
        """Return whether the stack exists."""
        return stack_id in self._backend(stack_id).stacks

    def drifts(self, stack_id: str, *, by_stack_set: bool = True) -> tuple[ResourceDrift, ...]:
        """Compare a stack's resources with what they were when it was deployed."""
        stack = self._backend(stack_id).stacks.get(stack_id)
        if stack is None:
            return ()
        pair = (stack.account_id, stack.region_name)
        only_sets = self.hidden_from_sets.get(pair, {}) if by_stack_set else {}
        blind = {**self.hidden.get(pair, {}), **only_sets}
        with self._guarded(stack_id, "compared"):
            return drift.drifts_of(stack, self._baselines.get(stack_id, {}), blind)

    def revert(self, stack_id: str) -> None:
        """Bring what drifted back to what it was when it was deployed."""
        with self._guarded(stack_id, "reverted"):
            stack = self._backend(stack_id).stacks[stack_id]
            drifted = drift.drifts_of(stack, self._baselines[stack_id], {})
            drift.revert(stack, self._baselines[stack_id])
            self._baselines[stack_id] = self._baseline(stack)
        found = [(e.resource_type, e.physical_id) for e in drifted if e.status in _DIFFERENT]
        self.told(stack_id, "update", found)
        self.reverted(stack_id)

    def bring_to(
        self, stack_id: str, body: str, values: Mapping[str, str], tags: dict[str, str]
    ) -> bool:
        """Update a stack directly; False if there was nothing to do.

        Raises:
            DeploymentError: It was refused; the stack is as it was before.
        """
        stack = cast("Stack", self._backend(stack_id).stacks[stack_id])
        before = (str(stack.template), dict(stack.parameters), dict(stack.tags))
        try:
            with self._guarded(stack_id, "updated"):
                return self._bring_to(stack, body, values, tags)
        except DeploymentError:
            self._bring_back(stack, before)
            raise

    def _bring_to(
        self, stack: Stack, body: str, values: Mapping[str, str], tags: dict[str, str]
    ) -> bool:
        changed = stack.bring_to(body, values, tags)
        if changed:
            stack.updated = self._now()
            export(self._backend(stack.stack_id), stack)
            # What this update did not touch stays as drifted as it was.
            now, then = self._baseline(stack), self._baselines.get(stack.stack_id, {})
            untouched = {k: v for k, v in then.items() if k in now and k not in stack.touched}
            self._baselines[stack.stack_id] = {**now, **untouched}
            self.told(stack.stack_id, "update", _resources(stack, stack.touched))
        return changed

    def _bring_back(self, stack: Stack, before: tuple[str, dict[str, str], dict[str, str]]) -> None:
        try:
            with self._guarded(stack.stack_id, "rolled back"):
                self._bring_to(stack, *before)
        except DeploymentError as error:
            self._note(stack.stack_id, "", STACK, f"not rolled back: {error}")

    def compared(
        self, stack: Stack, body: str, values: Mapping[str, str]
    ) -> list[tuple[str, str, str]]:
        """Return what an update would do: (Add | Modify | Remove, logical id, type)."""
        with self._guarded(stack.stack_id, "compared"):
            return stack.compared(body, values)

    def _baseline(self, stack: Any) -> drift.Baseline:
        return drift.baseline_of(stack, self._told(stack.stack_id))

    def _told(self, stack_id: str) -> Callable[[str, str, str], None]:
        return lambda *what: self._note(stack_id, *what)

    def _guarded(self, stack_id: str, what: str) -> AbstractContextManager[None]:
        return guarded(self._note, stack_id, what)

    def find(self, account: str, region: str, name: str) -> Any:
        """Return a stack by name or id; None if there is none."""
        backend = cloudformation_backends[account][region]
        for stack_id, stack in list(backend.stacks.items()):
            if name in (stack_id, stack.name):
                return self._behaving(backend, stack_id)
        return None

    def _behaving(self, backend: CloudFormationBackend, stack_id: str) -> Any:
        """Return a stack, taken in if moto made it by itself; None if that cannot be."""
        try:
            self.take_in(stack_id)
        except DeploymentError:
            return None
        return backend.stacks[stack_id]

    def _undo(self, backend: CloudFormationBackend, stack_id: str) -> None:
        found = backend.stacks.pop(stack_id, None)
        if found is None:
            return
        stack = cast("Stack", found)
        self._baselines.pop(stack_id, None)
        for key, entry in stack.resource_map.entries():
            stack._remove(key, entry)  # noqa: SLF001
        stack.status = "DELETE_COMPLETE"
        backend.deleted_stacks[stack_id] = stack

    def _backend(self, stack_id: str) -> CloudFormationBackend:
        _, _, _, region, account, _ = stack_id.split(":", 5)
        return cloudformation_backends[account][region]

    def _next(self) -> str:
        self._names += 1
        return str(self._names)


def _resources(stack: Any, keys: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """Return type and physical id of the resources of a stack, or of some."""
    wanted = set(keys) if keys is not None else None
    found = []
    for key, entry in stack.resource_map.entries():
        made = stack.resource_map.made(key)
        is_meant = wanted is None or key in wanted
        if is_meant and made is not None and not isinstance(made, str):
            found.append((str(entry["Type"]), str(made.physical_resource_id)))
    return found
