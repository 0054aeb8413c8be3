"""Makes and unmakes the stacks of stack instances in moto's CloudFormation."""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends

from orgrollout.sandbox import drift
from orgrollout.sandbox.effects import DeploymentError
from orgrollout.sandbox.moto_stack import AWS_ERRORS, ResourceError, Stack, message_of
from orgrollout.sandbox.records import Definition, Pair, ResourceDrift


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
        """Per account and Region: types, with a property that nobody may read."""
        self.hidden_from_sets: dict[Pair, dict[str, str]] = {}
        """The same for what only the stack sets' role may not read."""
        self.reverted: Callable[[str], None] = lambda _stack_id: None
        """Told when a stack's drift was reverted."""

    def create(
        self, name: str, pair: Pair, definition: Definition, values: Mapping[str, str]
    ) -> str:
        """Return the id of a new stack with its resources."""
        stack_id = new_stack_id(name, pair, self._next())
        stack_name = stack_id.split("/")[1]
        backend = self._backend(stack_id)
        with _quiet():
            try:
                stack = Stack.made(
                    lambda *what: self._note(stack_id, *what),
                    stack_id=stack_id,
                    name=stack_name,
                    template=definition.template_body,
                    parameters=dict(values),
                    account_id=pair[0],
                    region_name=pair[1],
                    tags=dict(definition.tags),
                    cross_stack_resources=backend.exports,
                )
                backend.stacks[stack_id] = stack
                stack._add_stack_event("CREATE_IN_PROGRESS", "User Initiated")  # noqa: SLF001
                stack.create_resources()
            except (ResourceError, *AWS_ERRORS) as error:
                self._undo(backend, stack_id)
                raise DeploymentError(message_of(error)) from error
        if stack.status != "CREATE_COMPLETE":
            stack.mark_creation_complete()
        stack.creation_time = self._now()
        for export in stack.exports:
            backend.exports[export.name] = export
        self._baselines[stack_id] = drift.baseline_of(stack)
        return stack_id

    def update(self, stack_id: str, definition: Definition, values: Mapping[str, str]) -> None:
        """Bring a stack to a definition; nothing to change is a success."""
        stack = cast("Stack", self._backend(stack_id).stacks[stack_id])
        before = (str(stack.template), dict(stack.parameters), dict(stack.tags))
        try:
            self.bring_to(stack_id, definition.template_body, values, definition.tags)
        except (ResourceError, *AWS_ERRORS) as error:
            self.bring_to(stack_id, *before)
            raise DeploymentError(message_of(error)) from error

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
        with _quiet():
            try:
                backend.delete_stack(stack_id)
            except AWS_ERRORS as error:
                backend.stacks[stack_id] = stack
                stack.status = "DELETE_FAILED"
                raise DeploymentError(message_of(error)) from error

    def protect(self, stack_id: str) -> None:
        """Protect a stack from deletion."""
        self._backend(stack_id).stacks[stack_id].enable_termination_protection = True

    def take_in(self, stack_id: str) -> None:
        """Let a stack that was made directly be one of a stack instance; its resources stay."""
        backend = self._backend(stack_id)
        if not isinstance(backend.stacks[stack_id], Stack):
            with _quiet():
                taken = Stack.taken_over(
                    backend.stacks[stack_id], lambda *what: self._note(stack_id, *what)
                )
            backend.stacks[stack_id] = taken
            self._baselines[stack_id] = drift.baseline_of(taken)

    def is_there(self, stack_id: str) -> bool:
        """Tell whether the stack exists."""
        return stack_id in self._backend(stack_id).stacks

    def drifts(self, stack_id: str, *, by_stack_set: bool = True) -> tuple[ResourceDrift, ...]:
        """Compare a stack's resources with what they were when it was deployed."""
        stack = self._backend(stack_id).stacks.get(stack_id)
        if stack is None:
            return ()
        pair = (stack.account_id, stack.region_name)
        only_sets = self.hidden_from_sets.get(pair, {}) if by_stack_set else {}
        blind = {**self.hidden.get(pair, {}), **only_sets}
        return drift.drifts_of(stack, self._baselines.get(stack_id, {}), blind)

    def revert(self, stack_id: str) -> None:
        """Bring what drifted back to what it was when it was deployed."""
        with _quiet():
            stack = self._backend(stack_id).stacks[stack_id]
            drift.revert(stack, self._baselines[stack_id])
            self._baselines[stack_id] = drift.baseline_of(stack)
        self.reverted(stack_id)

    def bring_to(
        self, stack_id: str, body: str, values: Mapping[str, str], tags: dict[str, str]
    ) -> bool:
        """Update a stack directly; False if there was nothing to do."""
        stack = cast("Stack", self._backend(stack_id).stacks[stack_id])
        with _quiet():
            changed = stack.bring_to(body, values, tags)
            if changed:
                stack.updated = self._now()
                # What this update did not touch stays as drifted as it was.
                now, then = drift.baseline_of(stack), self._baselines[stack_id]
                untouched = {k: v for k, v in then.items() if k in now and k not in stack.touched}
                self._baselines[stack_id] = {**now, **untouched}
            return changed

    def find(self, account: str, region: str, name: str) -> Any:
        """Return the stack of a stack instance by name or id; None for any other."""
        backend = cloudformation_backends[account][region]
        for stack_id, stack in backend.stacks.items():
            if isinstance(stack, Stack) and name in (stack_id, stack.name):
                return stack
        return None

    def _undo(self, backend: CloudFormationBackend, stack_id: str) -> None:
        found = backend.stacks.pop(stack_id, None)
        if found is None:
            return
        stack = cast("Stack", found)
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


class NoStacks(MotoStacks):
    """Stands in where only records matter: ids without stacks."""

    records_only = True

    def __init__(
        self, note: Callable[[str, str, str, str], None], now: Callable[[], datetime]
    ) -> None:
        super().__init__(note, now)
        self.drifted: dict[str, tuple[ResourceDrift, ...]] = {}
        """By stack id: the drift that was scripted."""

    def create(
        self,
        name: str,
        pair: Pair,
        definition: Definition,  # noqa: ARG002
        values: Mapping[str, str],  # noqa: ARG002
    ) -> str:
        """Return the id a stack would have."""
        return new_stack_id(name, pair, self._next())

    def update(self, stack_id: str, definition: Definition, values: Mapping[str, str]) -> None:
        """Do nothing."""

    def roll_back(self, stack_id: str) -> None:
        """Do nothing."""

    def delete(self, stack_id: str) -> None:
        """Forget what drifted."""
        self.drifted.pop(stack_id, None)

    def revert(self, stack_id: str) -> None:
        """Forget what drifted."""
        self.drifted.pop(stack_id, None)
        self.reverted(stack_id)

    def bring_to(
        self,
        stack_id: str,  # noqa: ARG002
        body: str,  # noqa: ARG002
        values: Mapping[str, str],  # noqa: ARG002
        tags: dict[str, str],  # noqa: ARG002
    ) -> bool:
        """Do nothing: there is nothing to change."""
        return False

    def take_in(self, stack_id: str) -> None:
        """Do nothing."""

    def is_there(self, stack_id: str) -> bool:  # noqa: ARG002
        """Every stack is there."""
        return True

    def drifts(
        self,
        stack_id: str,
        *,
        by_stack_set: bool = True,  # noqa: ARG002
    ) -> tuple[ResourceDrift, ...]:
        """Return the drift that was scripted; resources that did not drift are not listed."""
        return self.drifted.get(stack_id, ())

    def find(self, account: str, region: str, name: str) -> Any:  # noqa: ARG002
        """There are no stacks."""
        return None


def new_stack_id(name: str, pair: Pair, number: str) -> str:
    """Return the ARN of a stack named ``StackSet-NAME-uuid``."""
    text = hashlib.sha256("/".join((name, *pair, number)).encode()).hexdigest()
    one, other = _uuid(text[:32]), _uuid(text[32:])
    account, region = pair
    return f"arn:aws:cloudformation:{region}:{account}:stack/StackSet-{name}-{one}/{other}"


def _uuid(text: str) -> str:
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
