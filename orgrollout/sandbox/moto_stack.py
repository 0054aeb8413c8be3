"""A stack in moto's CloudFormation that behaves: parsed once, resolved in full, updated.

moto parses a template at every use and updates only what refers to a parameter by Ref.
These classes resolve each resource before and after, and note whatever moto cannot create
instead of dropping it. What depends on the inside of moto's CloudFormation is here and in
``resource_types``.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from moto.cloudformation import models, parsing
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from orgrollout.sandbox.resource_types import RecordedResource, ensure_types, is_recorded
from orgrollout.sandbox.templates import parse_template

AWS_ERRORS = (HTTPException, ServiceException)
_GONE = re.compile(r"does not exist|not found|cannot be found", re.IGNORECASE)
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


class Resources(parsing.ResourceMap):
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
        _tidy(kind, made, self._resource_json_map[key].get("Properties") or {})
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

    def take_over(self, older: "Resources") -> None:
        """Refer to the resources that exist; parameters and conditions are this map's own."""
        self._parsed_resources = {**older._parsed_resources, **self._parsed_resources}  # noqa: SLF001
        self.load_conditions()

    def wants(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource holds."""
        condition = entry.get("Condition")
        return condition is None or bool(self.lazy_condition_map[condition])

    def _delete_resource(self, parsed_resource: Any, resource_json: dict[str, Any]) -> None:
        """Delete a resource; one that is gone is as good as deleted.

        A delete handler answers NotFound then, which CloudFormation takes for done (resource type
        handler contract, CloudFormation CLI guide).
        """
        try:
            super()._delete_resource(parsed_resource, resource_json)
        except AWS_ERRORS as error:
            if not _GONE.search(message_of(error)):
                raise

    def _clean(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        kept = {"Type": entry["Type"], "Properties": entry.get("Properties") or {}}
        cleaned: dict[str, Any] = _pruned(parsing.clean_json(kept, self))
        return cleaned


def _tidy(kind: str, made: Any, properties: Mapping[str, Any]) -> None:
    """Mend what moto's CloudFormation gets wrong: policies, tags, contents of documents."""
    if kind == "AWS::SSM::Document" and isinstance(made.content, dict):
        made.content = json.dumps(made.content, default=str)
    if kind == "AWS::IAM::Role":
        made.aws_managed = tuple(properties.get("ManagedPolicyArns", ()))
        for name, policy in made.policies.items():
            made.policies[name] = (
                policy if isinstance(policy, str) else json.dumps(policy, default=str)
            )
    if kind == "AWS::SNS::Topic":
        made._tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}  # noqa: SLF001


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
        raise ResourceError(key, kind, message_of(error)) from error


def message_of(error: Exception) -> str:
    """Return what a service said."""
    return str(getattr(error, "message", None) or getattr(error, "description", None) or error)


class Stack(models.Stack):
    """A stack whose template is parsed once and whose update really updates.

    It bears the name of moto's class, from which moto derives names in its answers.
    """

    note: Note
    resource_map: Resources
    touched: frozenset[str] = frozenset()
    """The resources that the latest update added, changed or removed."""
    updated: datetime | None = None

    @classmethod
    def made(cls, note: Note, **arguments: Any) -> "Stack":
        """Return a stack; moto's constructor resolves the template, so the note comes first."""
        stack = cast("Stack", cls.__new__(cls))
        stack.note = note
        stack.__init__(**arguments)  # type: ignore[misc]
        return stack

    @classmethod
    def taken_over(cls, plain: models.Stack, note: Note) -> "Stack":
        """Return a stack of moto's own as one that behaves, with the resources it has."""
        stack = cls.made(
            note,
            stack_id=plain.stack_id,
            name=plain.name,
            template=plain.template,
            parameters=dict(plain.parameters),
            account_id=plain.account_id,
            region_name=plain.region_name,
            tags=dict(plain.tags or {}),
            cross_stack_resources=plain.cross_stack_resources,
        )
        stack.resource_map.take_over(cast("Resources", plain.resource_map))
        stack.status, stack.events = plain.status, plain.events
        return stack

    @staticmethod
    def parse_template(template: str) -> dict[str, Any]:
        """Return the template, parsed once however many stacks use it."""
        return prepared(template)

    def _create_resource_map(self) -> Resources:
        made = Resources(
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

    def forget_and_delete(self, key: str) -> None:
        """Delete a resource in its service."""
        self._remove(key, dict(self.resource_map.entries())[key])

    def create_again(self, key: str) -> None:
        """Create a resource anew that somebody deleted."""
        self.resource_map.forget(key)
        _ = self.resource_map[key]

    def _renewed(self, body: str, parameters: Mapping[str, str]) -> Resources:
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
        _tidy(entry["Type"], changed, entry.get("Properties") or {})
        resources.keep(key, changed, entry)
