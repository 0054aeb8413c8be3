"""The resources of one stack in moto: resolved in full, made one by one, never half dropped.

What moto cannot create is noted and recorded; what its service refuses is refused.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import models, parsing
from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ssm.models import ssm_backends
from werkzeug.exceptions import HTTPException

from orgrollout.sandbox.moto import made_up_values
from orgrollout.sandbox.moto.bucket_names import refusal
from orgrollout.sandbox.moto.intrinsics import TemplateError, condition_holds, resolved, text_of
from orgrollout.sandbox.moto.resource_schemas import check_required, typed
from orgrollout.sandbox.moto.resource_types import RecordedResource, is_recorded, moto_form, removed
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.partitions import domain_of, partition_of

AWS_ERRORS = (HTTPException, ServiceException, TemplateError)
_GONE = re.compile(r"does not exist|not found|cannot be found", re.IGNORECASE)
_DYNAMIC = re.compile(r"\{\{resolve:ssm:([^:}]+)(?::\d+)?\}\}")
_PARAMETER = "AWS::SSM::Parameter::Value"
Note = Callable[[str, str, str], None]
"""(logical id, type, what could not be done)"""


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
    _block = "Resources"

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
                value = self._stored(str(value))
            if "List<" in kind or kind == "CommaDelimitedList":
                value = [each.strip() for each in str(value).split(",")] if value else []
            self.resolved_parameters[name] = value
        self._parsed_resources.update(self.resolved_parameters)

    def load_conditions(self) -> None:
        """Find out which conditions hold."""
        self.lazy_condition_map = parsing.LazyDict()
        for name in self._template.get("Conditions") or {}:
            self.holds(name)

    def __getitem__(self, key: str) -> Any:
        if key in self._parsed_resources or key not in self._resource_json_map:
            return super().__getitem__(key)
        entry = self._resource_json_map[key]
        kind = str(entry["Type"])
        if not self.wants(entry):
            return None
        with told(key, kind):
            cleaned = self._clean(key, entry)
            check_required(kind, key, cleaned["Properties"])
            _check_bucket_name(kind, cleaned["Properties"])
            self._resource_json_map[key] = {**entry, **cleaned}
            made = self._made(key, kind)
        tidy(kind, made, cleaned["Properties"])
        return made

    def _made(self, key: str, kind: str) -> Any:
        asked = self.asked(key, self._resource_json_map[key])
        place = (self._account_id, self._region_name)
        made: Any = None
        why = "recorded: moto has no such resource"
        try:
            made = parsing.parse_and_create_resource(key, asked, self, *place)
            named(made, self.generated_name(key))
        except ResourceError:
            raise
        except AWS_ERRORS as error:
            if not self._is_about_a_record(message_of(error)):
                raise
            why = f"only recorded, since it is about a record: {message_of(error)}"
        except Exception as error:  # noqa: BLE001 - moto's own gaps take many forms
            made, why = None, f"not created, only recorded: {error!r}"
        if made is None:
            made = RecordedResource(kind, place, key, self.stack_id, asked["Properties"])
        if is_recorded(made):
            self.note(key, kind, why)
        self._parsed_resources[key] = made
        return made

    def asked(self, key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return a resource as moto is asked for it."""
        kind = str(entry["Type"])
        name = self.generated_name(key)
        return {**entry, "Properties": moto_form(kind, entry["Properties"], name)}

    def generated_name(self, key: str) -> str:
        """Return a name that no other resource has, always the same for the same one."""
        return f"CFN-{key}-{derive(12, self.stack_id, key).upper()}"

    def _is_about_a_record(self, message: str) -> bool:
        """Tell whether a service misses what exists only as a record, which AWS would have."""
        records = [each for each in self.all_made() if is_recorded(each)]
        return any(str(each.physical_resource_id) in message for each in records)

    def create(self, template: dict[str, Any]) -> bool:
        """Create every resource that is wanted, dependencies first."""
        names = {"stack-name": self["AWS::StackName"], "stack-id": self["AWS::StackId"]}
        self.tags.update({f"aws:cloudformation:{key}": each for key, each in names.items()})
        for key in in_order(template["Resources"]):
            self._tag(key, self[key])
        return True

    def _tag(self, key: str, made: Any) -> None:
        if isinstance(made, TaggedEC2Resource):
            tags = {**self.tags, "aws:cloudformation:logical-id": key}
            backend = ec2_backends[self._account_id][self._region_name]
            try:
                identifier: Any = getattr(made, "physical_resource_id", None)
                backend.create_tags([identifier], tags)
            except Exception as error:  # noqa: BLE001 - moto's own gaps take many forms
                kind = str(self._resource_json_map[key]["Type"])
                self.note(key, kind, f"not tagged: {error!r}")

    def resolved(self) -> dict[str, Any]:
        """Return every resource that its conditions allow, with all functions carried out."""
        entries = self._resource_json_map.items()
        found = {}
        for key, entry in entries:
            if self.wants(entry):
                with told(key, str(entry["Type"])):
                    found[key] = self._clean(key, entry)
        return found

    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the resources as the template has them, conditions aside."""
        return list(self._resource_json_map.items())

    def made(self, key: str) -> Any:
        """Return a resource if it exists; never creates one."""
        return self._parsed_resources.get(key)

    def all_made(self) -> Iterator[Any]:
        """Yield the resources that exist."""
        for key in self._resource_json_map:
            made = self._parsed_resources.get(key)
            if made is not None and not isinstance(made, str):
                yield made

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
        made = older._parsed_resources.items()  # noqa: SLF001
        kept = {key: each for key, each in made if key in dict(older.entries())}
        self._parsed_resources = {**kept, **self._parsed_resources}
        self.load_conditions()

    def wants(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource holds."""
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

    # What names of the template stand for (intrinsics.Scope).

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
        value = None if isinstance(found, str) else _answer_of(found, attribute)
        if value is not None:
            return value
        physical = found if isinstance(found, str) else str(found.physical_resource_id)
        place = (self._account_id, self._region_name)
        try:
            value = made_up_values.attribute(kind, place, physical, properties, attribute)
        except KeyError:
            message = f"Template error: resource {name} does not support attribute type {attribute}"
            raise TemplateError(f"{message} in Fn::GetAtt") from None
        is_known = isinstance(found, str) or is_recorded(found) or attribute in properties
        if not is_known and value != physical:
            self.note(name, kind, f"attribute {attribute} is made up")
        return value

    def holds(self, condition: str) -> bool:
        """Tell whether a condition holds."""
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

    def dynamic(self, value: Any) -> Any:
        """Return ``value`` with references to Parameter Store followed; to secrets, as they are.

        Raises:
            TemplateError: There is no such parameter.
        """
        if isinstance(value, dict):
            return {key: self.dynamic(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.dynamic(each) for each in value]
        if not isinstance(value, str) or "{{resolve:ssm:" not in value:
            return value
        return _DYNAMIC.sub(self._followed, value)

    def _followed(self, found: re.Match[str]) -> str:
        try:
            return self._stored(found[1])
        except TemplateError:
            named = found[0].removeprefix("{{resolve:").removesuffix("}}")
            raise TemplateError(f"Parameters: [{named}] cannot be found.") from None

    def _there(self, name: str) -> Any:
        found = self[name]
        if found is None:
            raise self._unresolved(name)
        return found

    def _unresolved(self, name: str) -> TemplateError:
        message = f"Template format error: Unresolved resource dependencies [{name}] in the "
        return TemplateError(f"{message}{self._block} block of the template")

    def _stored(self, name: str) -> str:
        try:
            found = ssm_backends[self._account_id][self._region_name].get_parameter(name)
        except Exception:  # noqa: BLE001 - moto reads public parameters from files it may lack
            found = None
        if found is None:
            message = f"Unable to fetch parameters [{name}] from parameter store for this account."
            raise TemplateError(message)
        return str(found.value)

    def _delete_resource(self, parsed_resource: Any, resource_json: dict[str, Any]) -> None:
        """Delete a resource; one that is gone is as good as deleted.

        A delete handler answers NotFound then, which CloudFormation takes for done (resource type
        handler contract, CloudFormation CLI guide).
        """
        kind, place = str(resource_json["Type"]), (self._account_id, self._region_name)
        try:
            if is_recorded(parsed_resource) or not removed(
                kind, place, str(parsed_resource.physical_resource_id)
            ):
                super()._delete_resource(parsed_resource, resource_json)
        except AWS_ERRORS as error:
            if not _GONE.search(message_of(error)):
                raise

    def _clean(self, key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        kind = str(entry["Type"])
        properties = self.dynamic(resolved(entry.get("Properties") or {}, self))
        return {"Type": kind, "Properties": typed(kind, key, properties)}


def _check_bucket_name(kind: str, properties: Mapping[str, Any]) -> None:
    name = properties.get("BucketName") if kind == "AWS::S3::Bucket" else None
    why = refusal(name) if isinstance(name, str) else None
    if why is not None:
        raise TemplateError(why)


def in_order(entries: Mapping[str, Any]) -> list[str]:
    """Return the resources so that what others depend on comes first."""
    ordered: dict[str, None] = {}

    def add(key: str, on_the_way: frozenset[str]) -> None:
        named = entries[key].get("DependsOn") or []
        for other in [named] if isinstance(named, str) else named:
            if other in entries and other not in on_the_way:
                add(other, on_the_way | {key})
        ordered.setdefault(key)

    for key in entries:
        add(key, frozenset({key}))
    return list(ordered)


def _answer_of(resource: Any, attribute: str) -> Any:
    if is_recorded(resource):
        return None
    if attribute.startswith("Outputs.") and isinstance(resource, models.Stack):
        named = attribute.removeprefix("Outputs.")
        outputs = {each["OutputKey"]: each["OutputValue"] for each in resource.outputs or ()}
        return outputs.get(named)
    try:
        found = resource.get_cfn_attribute(attribute)
    except Exception:  # noqa: BLE001 - moto has many ways to say that it lacks an attribute
        return None
    return [_identifier(each) for each in found] if isinstance(found, list) else found


def _identifier(item: Any) -> Any:
    """Return the id of what moto tells in full, where CloudFormation gives ids only."""
    if not isinstance(item, dict):
        return item
    ids = [each for key, each in item.items() if key.lower().endswith("id")]
    return next(iter(ids or item.values()), "")


def named(made: Any, name: str) -> None:
    """Give a resource a physical id that moto made without one."""
    if made is not None and not hasattr(made, "physical_resource_id"):
        made.physical_resource_id = name


def tidy(kind: str, made: Any, properties: Mapping[str, Any]) -> None:
    """Correct what moto's CloudFormation gets wrong: policies, tags, contents of documents."""
    if is_recorded(made):
        return
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


@contextmanager
def told(key: str, kind: str) -> Iterator[None]:
    """Name the resource in errors of its service."""
    try:
        yield
    except AWS_ERRORS as error:
        raise ResourceError(key, kind, message_of(error)) from error


def message_of(error: Exception) -> str:
    """Return what a service said."""
    return str(getattr(error, "message", None) or getattr(error, "description", None) or error)
