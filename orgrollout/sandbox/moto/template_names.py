"""The values of a template's names: parameters, conditions, resources, their attributes.

This is the scope in which functions are carried out (``intrinsics.Scope``).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import parsing
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from orgrollout.sandbox.moto.dynamic_references import stored
from orgrollout.sandbox.moto.intrinsics import TemplateError, condition_holds, text_of
from orgrollout.sandbox.moto.resource_types import is_recorded, made_up_values
from orgrollout.sandbox.moto.resource_types.corrections import answer_of
from orgrollout.sandbox.partitions import domain_of, partition_of

_PARAMETER = "AWS::SSM::Parameter::Value"
Note = Callable[[str, str, str], None]
"""(logical id, type, what could not be done)"""


class TemplateNames(parsing.ResourceMap):
    """The names of one stack's template."""

    note: Note
    _block = "Resources"

    @property
    def place(self) -> tuple[str, str]:
        """Account and Region."""
        return self._account_id, self._region_name

    def load(self) -> None:
        """Take in parameters and conditions.

        Raises:
            TemplateError: A parameter cannot be read from Parameter Store.
        """
        region = self._region_name
        pseudo = {
            "AWS::Partition": partition_of(region),
            "AWS::URLSuffix": domain_of(region),
            "AWS::NotificationARNs": [],
        }
        self._parsed_resources.update(pseudo)
        self.load_parameters()
        self.load_conditions()

    def load_parameters(self) -> None:
        """Give each parameter its value or default, as the text or list that it is."""
        self.no_echo_parameter_keys = []
        for name, declared in (self._template.get("Parameters") or {}).items():
            value = text_of(self.input_parameters.get(name, declared.get("Default", "")))
            if text_of(declared.get("NoEcho")) == "true":
                self.no_echo_parameter_keys.append(name)
            kind = str(declared.get("Type", "String"))
            if kind.startswith(_PARAMETER):
                value = stored(str(value), self.place)
            if "List<" in kind or kind == "CommaDelimitedList":
                value = [each.strip() for each in str(value).split(",")] if value else []
            self.resolved_parameters[name] = value
        self._parsed_resources.update(self.resolved_parameters)

    def load_conditions(self) -> None:
        """Find out which conditions hold."""
        self.lazy_condition_map = parsing.LazyDict()
        for name in self._template.get("Conditions") or {}:
            self.holds(name)

    def wants(self, entry: Mapping[str, Any]) -> bool:
        """Return whether the condition of a resource holds."""
        condition = entry.get("Condition")
        return condition is None or self.holds(condition)

    @contextmanager
    def within(self, block: str) -> Iterator[None]:
        """Name ``block`` of the template in errors about references."""
        self._block, before = block, self._block
        try:
            yield
        finally:
            self._block = before

    def value_of(self, name: str) -> Any:
        """Return what Ref gives: a parameter, or the physical id of a resource."""
        if name in self._resource_json_map:
            found = self._there(name)
            return found if isinstance(found, str) else str(found.physical_resource_id)
        if name not in self._parsed_resources:
            raise self._unresolved(name)
        return self._parsed_resources[name]

    def attribute_of(self, name: str, attribute: str) -> Any:
        """Return what Fn::GetAtt gives; made up, and noted, where moto has no answer."""
        if name not in self._resource_json_map:
            raise self._unresolved(name)
        found = self._there(name)
        entry = self._resource_json_map[name]
        kind, properties = str(entry["Type"]), entry.get("Properties") or {}
        value = None if isinstance(found, str) else answer_of(found, attribute)
        if value is not None:
            return value
        physical = found if isinstance(found, str) else str(found.physical_resource_id)
        try:
            value = made_up_values.attribute(kind, self.place, physical, properties, attribute)
        except KeyError:
            message = f"Template error: resource {name} does not support attribute type {attribute}"
            raise TemplateError(f"{message} in Fn::GetAtt") from None
        is_known = isinstance(found, str) or is_recorded(found) or attribute in properties
        if not is_known and value != physical:
            self.note(name, kind, f"attribute {attribute} is made up")
        return value

    def holds(self, condition: str) -> bool:
        """Return whether a condition holds."""
        declared, known = self._template.get("Conditions") or {}, self.lazy_condition_map
        if condition not in declared:
            message = f"Template format error: Unresolved condition dependency {condition} in the "
            raise TemplateError(f"{message}{self._block} block of the template")
        if condition not in known:
            known[condition] = condition_holds(declared[condition], self)
        return bool(known[condition])

    def mapped(self, name: str) -> Any:
        """Return a mapping of the template."""
        return (self._template.get("Mappings") or {}).get(name)

    def exported(self, name: str) -> Any:
        """Return what a stack of this account and Region exports."""
        for each in (self.cross_stack_resources or {}).values():
            if each.name == name:
                return each.value
        raise TemplateError(f"No export named {name} found.")

    def zones(self, region: str) -> list[str]:
        """Return the Availability Zones of a Region."""
        wanted = region or self._region_name
        known = [each.name for each in RegionsAndZonesBackend.zones.get(wanted, ())]
        return known or [f"{wanted}{letter}" for letter in "abc"]

    def _there(self, name: str) -> Any:
        found: Any = self[name]
        if found is None:
            raise self._unresolved(name)
        return found

    def _unresolved(self, name: str) -> TemplateError:
        message = f"Template format error: Unresolved resource dependencies [{name}] in the "
        return TemplateError(f"{message}{self._block} block of the template")
