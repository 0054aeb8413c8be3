"""The resources of one stack in moto: resolved in full, made one by one, never half dropped.

What moto cannot create is noted and recorded; what its service refuses is refused.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from orgrollout.sandbox.moto.dynamic_references import check_secrets, followed
from orgrollout.sandbox.moto.intrinsics import resolved
from orgrollout.sandbox.moto.resource_errors import (
    AWS_ERRORS,
    ResourceError,
    message_of,
    named_in_errors,
)
from orgrollout.sandbox.moto.resource_types import (
    RecordedResource,
    deleted,
    is_recorded,
    moto_form,
)
from orgrollout.sandbox.moto.resource_types.corrections import (
    check_bucket_name,
    named,
    tidy,
)
from orgrollout.sandbox.moto.resource_types.resource_schemas import check_required, typed
from orgrollout.sandbox.moto.template_names import TemplateNames
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.template_structure import in_order

_GONE = re.compile(r"does not exist|not found|cannot be found", re.IGNORECASE)


class Resources(TemplateNames):
    """The resources of one stack; remembers each as it was resolved."""

    def __getitem__(self, key: str) -> Any:
        if key in self._parsed_resources or key not in self._resource_json_map:
            return super().__getitem__(key)
        entry = self._resource_json_map[key]
        kind = str(entry["Type"])
        if not self.wants(entry):
            return None
        with named_in_errors(key, kind):
            cleaned = self._clean(key, entry)
            check_required(kind, key, cleaned["Properties"])
            check_bucket_name(kind, cleaned["Properties"])
            self._resource_json_map[key] = {**entry, **cleaned}
            made = self._made(key, kind)
        tidy(kind, made, cleaned["Properties"])
        return made

    def _made(self, key: str, kind: str) -> Any:
        asked = self.asked(key, self._resource_json_map[key])
        made: Any = None
        why = "recorded: moto has no such resource"
        try:
            made = parsing.parse_and_create_resource(key, asked, self, *self.place)
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
            made = RecordedResource(kind, self.place, key, self.stack_id, asked["Properties"])
        if is_recorded(made):
            self.note(key, kind, why)
        self._parsed_resources[key] = made
        return made

    def asked(self, key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return a resource as moto is asked for it.

        Raises:
            TemplateError: A secret that it refers to does not exist.
        """
        check_secrets(entry["Properties"], self.place)
        kind = str(entry["Type"])
        name = self.generated_name(key)
        return {**entry, "Properties": moto_form(kind, entry["Properties"], name)}

    def generated_name(self, key: str) -> str:
        """Return a name that no other resource has, always the same for the same one."""
        return f"CFN-{key}-{derive(12, self.stack_id, key).upper()}"

    def _is_about_a_record(self, message: str) -> bool:
        """Return whether a service misses what exists only as a record, which AWS would have."""
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
                with named_in_errors(key, str(entry["Type"])):
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
        """Make references to resources that do not exist yet resolve to their names."""
        for key in keys:
            self._parsed_resources.setdefault(key, key)

    def take_over(self, older: "Resources") -> None:
        """Refer to the resources that exist; parameters and conditions are this map's own."""
        made = older._parsed_resources.items()  # noqa: SLF001
        kept = {key: each for key, each in made if key in dict(older.entries())}
        self._parsed_resources = {**kept, **self._parsed_resources}
        self.load_conditions()

    def _delete_resource(self, parsed_resource: Any, resource_json: dict[str, Any]) -> None:
        """Delete a resource; one that is gone is as good as deleted.

        A delete handler answers NotFound then, which CloudFormation takes for done (resource type
        handler contract, CloudFormation CLI guide).
        """
        if is_recorded(parsed_resource):
            return
        kind = str(resource_json["Type"])
        try:
            why = deleted(kind, self.place, parsed_resource, resource_json)
        except AWS_ERRORS as error:
            if not _GONE.search(message_of(error)):
                raise
        else:
            if why:
                self.note(str(parsed_resource.logical_resource_id), kind, f"not deleted: {why}")

    def _clean(self, key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
        kind = str(entry["Type"])
        properties = followed(resolved(entry.get("Properties") or {}, self), self.place)
        return {"Type": kind, "Properties": typed(kind, key, properties)}
