"""A stack in moto's CloudFormation that behaves: parsed once, resolved in full, updated.

moto parses a template at every use and updates only what refers to a parameter by Ref.
This class resolves each resource before and after, and notes whatever moto cannot create
instead of dropping it. What depends on the inside of moto's CloudFormation is here, in
``resources``, ``template_names``, ``stack_outputs`` and ``resource_types``.
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from moto.cloudformation import models, parsing

from orgrollout.sandbox.moto.intrinsics import TemplateError
from orgrollout.sandbox.moto.resource_errors import AWS_ERRORS, ResourceError, named_in_errors
from orgrollout.sandbox.moto.resource_types import ensure_types
from orgrollout.sandbox.moto.resource_types.corrections import named, tidy
from orgrollout.sandbox.moto.resources import Resources
from orgrollout.sandbox.moto.stack_outputs import Outputs
from orgrollout.sandbox.moto.template_names import Note
from orgrollout.sandbox.template_structure import in_order
from orgrollout.sandbox.templates import parse_template

EMPTY = ""
"""The template of a stack that has no resources yet."""
_READ_AGAIN = ("AWS::SSM::Parameter::Value", "Fn::ImportValue", "!ImportValue")
"""Parts of an unchanged template that may have another value."""
_KEPT = ("Retain", "RetainExceptOnCreate")


def prepared(body: str) -> dict[str, Any]:
    """Return a template of the stack's own, all of whose types moto has an answer for."""
    if body == EMPTY:
        return {"Resources": {}}
    template = copy.deepcopy(parse_template(body))
    ensure_types(template)
    return template


class Stack(models.Stack):
    """A stack whose template is parsed once and whose update really updates.

    It bears the name of moto's class, from which moto derives names in its answers.
    """

    note: Note
    resource_map: Resources
    output_map: Outputs
    touched: frozenset[str] = frozenset()
    """The resources that the latest update added, changed or removed."""
    updated: datetime | None = None
    deleted: datetime | None = None
    status_reason: str | None = None
    capabilities: Sequence[str] = ()

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
        stack.settle_outputs()
        return stack

    @staticmethod
    def parse_template(template: str) -> dict[str, Any]:
        """Return the template, parsed once however many stacks use it."""
        return prepared(template)

    @property
    def stack_resources(self) -> list[Any]:
        """The resources that exist; moto would create what its conditions leave out."""
        return list(self.resource_map.all_made())

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """The outputs as they are described."""
        found = []
        for key, value, exported in self.output_map.described():
            output = self.output_map[key]
            description = output.description if output is not None else None
            found.append(
                {
                    "OutputKey": key,
                    "OutputValue": value,
                    "Description": description,
                    "ExportName": exported,
                }
            )
        return found

    def _add_stack_event(
        self,
        resource_status: str,
        resource_status_reason: str | None = None,
        resource_properties: str | None = None,
    ) -> None:
        """Add an event; a topic that is not there fails no stack."""
        try:
            super()._add_stack_event(resource_status, resource_status_reason, resource_properties)
        except Exception as error:  # noqa: BLE001 - whatever moto's SNS says of the topic
            self.note("", "AWS::CloudFormation::Stack", f"not notified: {error!r}")

    def settle_outputs(self) -> None:
        """Carry the outputs out."""
        self.output_map = self._create_output_map()
        self.output_map.settle()

    def create_resources(self) -> None:
        """Create everything, outputs last."""
        super().create_resources()
        self.settle_outputs()

    def _create_output_map(self) -> Outputs:
        return Outputs.of(self.resource_map, self.template_dict, self.stack_id)

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
        if not self._differs(body, parameters, tags):
            return False
        before, old = self.resource_map.resolved(), self.resource_map
        self.resource_map = self._renewed(body, parameters)
        self.template, self.parameters, self.tags = body, dict(parameters), dict(tags)
        self._parse_template()
        wanted = dict(self.resource_map.entries()).items()
        after = {key for key, entry in wanted if self.resource_map.wants(entry)}
        policies = {key: entry.get("DeletionPolicy") for key, entry in old.entries()}
        for key in in_order({key: dict(wanted)[key] for key in after - before.keys()}):
            _ = self.resource_map[key]
        entries = self.resource_map.resolved().items()
        changed = {key: e for key, e in entries if key in before and e != before[key]}
        for key, entry in entries:
            if key in changed:
                self._modify(key, entry)
            elif (made := self.resource_map.made(key)) is not None:
                self.resource_map.keep(key, made, entry)
        for key in [key for key in before if key not in after]:
            self._remove(key, before[key], policies[key])
        self.touched = frozenset(changed) | (after ^ before.keys())
        self.settle_outputs()
        self.status = "UPDATE_COMPLETE"
        self._add_stack_event("UPDATE_COMPLETE")
        return True

    def _differs(self, body: str, parameters: Mapping[str, str], tags: dict[str, str]) -> bool:
        """Return whether an update has something to do, as CloudFormation decides it.

        Conditions, parameters and mappings that change no resource and no output are nothing to
        do: "No updates are to be performed".
        """
        same = self.template == body and self.parameters == parameters
        if self.tags != tags:
            return True
        if same and not any(each in body for each in _READ_AGAIN):
            return False
        return bool(self.compared(body, parameters)) or self._outputs_differ(body, parameters)

    def _outputs_differ(self, body: str, parameters: Mapping[str, str]) -> bool:
        planned = Outputs.of(self._renewed(body, parameters), prepared(body), self.stack_id)
        try:
            planned.settle()
        except TemplateError:
            return True
        return planned.described() != self.output_map.described()

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
        """Create a resource again that another user deleted."""
        self.resource_map.forget(key)
        _ = self.resource_map[key]

    def destroy(self) -> None:
        """Delete every resource that is not retained, what depends on others first.

        Raises:
            ResourceError: A service refuses to delete one; what could be deleted is.
        """
        entries = dict(self.resource_map.entries())
        left = [key for key in reversed(in_order(entries)) if self._is_deleted(key, entries[key])]
        refusals: dict[str, ResourceError] = {}
        while left:
            refusals = {}
            for key in left:
                try:
                    self._delete(key, entries[key])
                except ResourceError as error:
                    refusals[key] = error
            if len(refusals) == len(left):
                # No other resource stands in the way any more: it is refused for good.
                raise next(iter(refusals.values()))
            left = list(refusals)

    def _is_deleted(self, key: str, entry: Mapping[str, Any]) -> bool:
        made = self.resource_map.made(key)
        there = made is not None and not isinstance(made, str)
        return there and entry.get("DeletionPolicy") not in _KEPT

    def _delete(self, key: str, entry: dict[str, Any]) -> None:
        kind = str(entry["Type"])
        with named_in_errors(key, kind):
            try:
                self.resource_map._delete_resource(self.resource_map.made(key), entry)  # noqa: SLF001
            except (*AWS_ERRORS, ResourceError):
                raise
            except Exception as error:  # noqa: BLE001 - moto's own gaps take many forms
                self.note(key, kind, f"not deleted: {error!r}")
        self.resource_map.forget(key)

    def _renewed(self, body: str, parameters: Mapping[str, str]) -> Resources:
        """Return resources for another template that refer to the ones that exist."""
        kept = self.template_dict, self.parameters
        try:
            self.template_dict, self.parameters = self.parse_template(body), dict(parameters)
            fresh = self._create_resource_map()
        finally:
            self.template_dict, self.parameters = kept
        fresh.take_over(self.resource_map)
        return fresh

    def _remove(self, key: str, entry: dict[str, Any], policy: str | None = None) -> None:
        resource = self.resource_map.forget(key)
        if resource is None or isinstance(resource, str) or policy in _KEPT:
            return
        try:
            self.resource_map._delete_resource(resource, entry)  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - the clean-up of an update fails no stack
            self.note(key, entry["Type"], f"not deleted: {error!r}")

    def _modify(self, key: str, entry: dict[str, Any]) -> None:
        resources = self.resource_map
        kind = str(entry["Type"])
        place = (self.account_id, self.region_name)
        with named_in_errors(key, kind):
            asked = resources.asked(key, entry)
            try:
                changed: Any = parsing.parse_and_update_resource(key, asked, resources, *place)
                named(changed, resources.generated_name(key))
            except (*AWS_ERRORS, ResourceError):
                raise
            except Exception as error:  # noqa: BLE001 - moto's own gaps take many forms
                self.note(key, kind, f"not updated in place: {error!r}")
                changed = None
            if changed is None:
                # moto cannot update this type, so it is replaced.
                self._remove(key, entry)
                changed = resources[key]
        tidy(kind, changed, entry["Properties"])
        resources.keep(key, changed, entry)
