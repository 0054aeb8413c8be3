"""Stacks of stack instances in moto's CloudFormation, with real resources.

moto parses a template at every use and updates only what refers to a parameter by Ref;
the classes below parse once, resolve each resource in full before and after, and note
whatever moto cannot create instead of dropping it. Everything that depends on the inside
of moto's CloudFormation is here and in ``resource_types``.
"""

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from moto.cloudformation import models, parsing
from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from orgrollout.sandbox import drift
from orgrollout.sandbox.effects import DeploymentError
from orgrollout.sandbox.organization import derive
from orgrollout.sandbox.records import Definition, Pair, ResourceDrift
from orgrollout.sandbox.resource_types import RecordedResource, ensure_types, is_recorded
from orgrollout.sandbox.templates import parse_template

AWS_ERRORS = (HTTPException, ServiceException)
Note = Callable[[str, str, str], None]
"""(logical id, type, what could not be done)"""


def prepared(body: str) -> dict[str, Any]:
    """Return a template of the stack's own, all of whose types moto has an answer for."""
    template = copy.deepcopy(parse_template(body))
    ensure_types(template)
    for resource in template["Resources"].values():
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            # moto knows Retain; a failed creation is undone by ``MotoStacks`` itself.
            resource["DeletionPolicy"] = "Retain"
    return template


class ResourceError(Exception):
    """A service refused a resource."""

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        super().__init__(
            f"ResourceLogicalId:{logical_id}, ResourceType:{resource_type}, "
            f"ResourceStatusReason:{reason}"
        )


class _Resources(parsing.ResourceMap):
    """The resources of one stack; remembers each as it was resolved."""

    note: Note

    def __getitem__(self, key: str) -> Any:
        if key in self._parsed_resources or key not in self._resource_json_map:
            return super().__getitem__(key)
        entry = self._resource_json_map[key]
        kind = str(entry["Type"])
        if not self.wants(entry):
            return None
        with _told(key, kind):
            self._resource_json_map[key] = {**entry, **self._clean(entry)}
            try:
                made = super().__getitem__(key)
            except (*AWS_ERRORS, ResourceError):
                raise
            except Exception as error:  # noqa: BLE001 - moto's own gaps take many forms
                self.note(key, kind, f"not created, only recorded: {error!r}")
                properties = self._resource_json_map[key].get("Properties", {})
                made = self._parsed_resources[key] = RecordedResource(
                    kind, (self._account_id, self._region_name), key, self.stack_id, properties
                )
                return made
        if is_recorded(made):
            self.note(key, kind, "recorded: moto has no such resource")
        return made

    def resolved(self) -> dict[str, Any]:
        """Return every resource that its conditions allow, with all functions carried out."""
        entries = self._resource_json_map.items()
        return {key: self._clean(entry) for key, entry in entries if self.wants(entry)}

    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the resources as the template has them, conditions aside."""
        return list(self._resource_json_map.items())

    def made(self, key: str) -> Any:
        """Return a resource if it exists; never creates one."""
        return self._parsed_resources.get(key)

    def keep(self, key: str, resource: Any, entry: Mapping[str, Any]) -> None:
        """Remember a resource that was made or changed, as it was resolved."""
        self._parsed_resources[key] = resource
        self._resource_json_map[key] = {**self._resource_json_map[key], **entry}

    def forget(self, key: str) -> Any:
        """Forget a resource and return it, if there was one."""
        return self._parsed_resources.pop(key, None)

    def pretend(self, keys: list[str]) -> None:
        """Let references to resources that do not exist yet resolve to their names."""
        for key in keys:
            self._parsed_resources.setdefault(key, key)

    def take_over(self, older: "_Resources") -> None:
        """Refer to the resources that exist; parameters and conditions are this map's own."""
        self._parsed_resources = {**older._parsed_resources, **self._parsed_resources}  # noqa: SLF001
        self.load_conditions()

    def wants(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource holds."""
        condition = entry.get("Condition")
        return condition is None or bool(self.lazy_condition_map[condition])

    def _clean(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        kept = {"Type": entry["Type"], "Properties": entry.get("Properties") or {}}
        cleaned: dict[str, Any] = _pruned(parsing.clean_json(kept, self))
        return cleaned


def _pruned(value: Any) -> Any:
    """Return ``value`` without what AWS::NoValue stands for; moto leaves it in lists."""
    if isinstance(value, dict):
        return {key: _pruned(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_pruned(each) for each in value if each is not None]
    return value


@contextmanager
def _told(key: str, kind: str) -> Iterator[None]:
    try:
        yield
    except AWS_ERRORS as error:
        raise ResourceError(key, kind, _message(error)) from error


def _message(error: Exception) -> str:
    return str(getattr(error, "message", None) or getattr(error, "description", None) or error)


class Stack(models.Stack):
    """A stack whose template is parsed once and whose update really updates.

    It bears the name of moto's class, from which moto derives names in its answers.
    """

    note: Note
    resource_map: _Resources
    touched: frozenset[str] = frozenset()
    """The resources that the latest update added, changed or removed."""

    @classmethod
    def made(cls, note: Note, **arguments: Any) -> "Stack":
        """Return a stack; moto's constructor resolves the template, so the note comes first."""
        stack = cast("Stack", cls.__new__(cls))
        stack.note = note
        stack.__init__(**arguments)  # type: ignore[misc]
        return stack

    @staticmethod
    def parse_template(template: str) -> dict[str, Any]:
        """Return the template, parsed once however many stacks use it."""
        return prepared(template)

    def _create_resource_map(self) -> _Resources:
        made = _Resources(
            self.stack_id,
            self.name,
            self.parameters,
            self.tags,
            account_id=self.account_id,
            region_name=self.region_name,
            template=self.template_dict,
            cross_stack_resources=self.cross_stack_resources,
        )
        made.note = self.note
        made.load()
        return made

    def bring_to(self, body: str, parameters: Mapping[str, str], tags: dict[str, str]) -> bool:
        """Update to a template and parameters; False if there was nothing to do."""
        if self.template == body and self.parameters == parameters and self.tags == tags:
            return False
        before, old = self.resource_map.resolved(), self.resource_map
        self.resource_map = self._renewed(body, parameters)
        self.template, self.parameters, self.tags = body, dict(parameters), dict(tags)
        self._parse_template()
        after = {
            key for key, entry in self.resource_map.entries() if self.resource_map.wants(entry)
        }
        policies = {key: entry.get("DeletionPolicy") for key, entry in old.entries()}
        for key in [key for key in before if key not in after]:
            self._remove(key, before[key], policies[key])
        for key in sorted(after - before.keys()):
            _ = self.resource_map[key]
        entries = self.resource_map.resolved().items()
        changed = {key: e for key, e in entries if key in before and e != before[key]}
        for key, entry in changed.items():
            self._modify(key, entry)
        self.touched = frozenset(changed) | (after ^ before.keys())
        self.output_map = self._create_output_map()
        self.status = "UPDATE_COMPLETE"
        self._add_stack_event("UPDATE_COMPLETE")
        return True

    def compared(self, body: str, parameters: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Return what an update would do: (Add | Modify | Remove, logical id, type)."""
        before, planned = self.resource_map.resolved(), self._renewed(body, parameters)
        wanted = {key: entry for key, entry in planned.entries() if planned.wants(entry)}
        found = [("Remove", key, e["Type"]) for key, e in before.items() if key not in wanted]
        found += [("Add", key, e["Type"]) for key, e in wanted.items() if key not in before]
        planned.pretend([key for _, key, _ in found])
        after = planned.resolved().items()
        changed = [(key, e) for key, e in after if key in before and e != before[key]]
        return found + [("Modify", key, entry["Type"]) for key, entry in changed]

    def create_again(self, key: str) -> None:
        """Create a resource anew that somebody deleted."""
        self.resource_map.forget(key)
        _ = self.resource_map[key]

    def _renewed(self, body: str, parameters: Mapping[str, str]) -> _Resources:
        """Return resources for another template that refer to the ones that exist."""
        kept = self.template_dict, self.parameters
        self.template_dict, self.parameters = self.parse_template(body), dict(parameters)
        fresh = self._create_resource_map()
        self.template_dict, self.parameters = kept
        fresh.take_over(self.resource_map)
        return fresh

    def _remove(self, key: str, entry: dict[str, Any], policy: str | None = None) -> None:
        resource = self.resource_map.forget(key)
        if resource is None or policy == "Retain":
            return
        try:
            self.resource_map._delete_resource(resource, entry)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001
            self.note(key, entry["Type"], f"not deleted: {error!r}")

    def _modify(self, key: str, entry: dict[str, Any]) -> None:
        resources = self.resource_map
        with _told(key, entry["Type"]):
            try:
                changed = parsing.parse_and_update_resource(
                    key, entry, resources, self.account_id, self.region_name
                )
            except (*AWS_ERRORS, ResourceError):
                raise
            except Exception as error:  # noqa: BLE001
                self.note(key, entry["Type"], f"not updated in place: {error!r}")
                changed = None
            if changed is None:
                # moto cannot update this type, so it is replaced.
                self._remove(key, entry)
                changed = resources[key]
        resources.keep(key, changed, entry)


class MotoStacks:
    """Makes and unmakes stacks in moto's CloudFormation."""

    def __init__(self, note: Callable[[str, str, str, str], None]) -> None:
        self._note = note
        self._names = 0
        self._baselines: dict[str, drift.Baseline] = {}
        self.unreadable: dict[Pair, dict[str, str]] = {}
        """Per account and Region: types, with a property that the role may not read."""

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
                raise DeploymentError(_message(error)) from error
        if stack.status != "CREATE_COMPLETE":
            stack.mark_creation_complete()
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
            raise DeploymentError(_message(error)) from error

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
                raise DeploymentError(_message(error)) from error

    def protect(self, stack_id: str) -> None:
        """Protect a stack from deletion."""
        self._backend(stack_id).stacks[stack_id].enable_termination_protection = True

    def is_there(self, stack_id: str) -> bool:
        """Tell whether the stack exists."""
        return stack_id in self._backend(stack_id).stacks

    def drifts(self, stack_id: str) -> tuple[ResourceDrift, ...]:
        """Compare a stack's resources with what they were when it was deployed."""
        stack = self._backend(stack_id).stacks.get(stack_id)
        if stack is None:
            return ()
        blind = self.unreadable.get((stack.account_id, stack.region_name), {})
        return drift.drifts_of(stack, self._baselines.get(stack_id, {}), blind)

    def revert(self, stack_id: str) -> None:
        """Bring what drifted back to what it was when it was deployed."""
        with _quiet():
            stack = self._backend(stack_id).stacks[stack_id]
            drift.revert(stack, self._baselines[stack_id])
            self._baselines[stack_id] = drift.baseline_of(stack)

    def bring_to(
        self, stack_id: str, body: str, values: Mapping[str, str], tags: dict[str, str]
    ) -> bool:
        """Update a stack directly; False if there was nothing to do."""
        stack = cast("Stack", self._backend(stack_id).stacks[stack_id])
        with _quiet():
            changed = stack.bring_to(body, values, tags)
            if changed:
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
        """Do nothing."""

    def is_there(self, stack_id: str) -> bool:  # noqa: ARG002
        """Every stack is there."""
        return True

    def drifts(self, stack_id: str) -> tuple[ResourceDrift, ...]:  # noqa: ARG002
        """Nothing was made, so nothing drifts."""
        return ()

    def find(self, account: str, region: str, name: str) -> Any:  # noqa: ARG002
        """There are no stacks."""
        return None


def new_stack_id(name: str, pair: Pair, number: str) -> str:
    """Return the ARN of a stack named ``StackSet-NAME-uuid``."""
    text = derive(64, name, *pair, number, alphabet="0123456789abcdef")
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
