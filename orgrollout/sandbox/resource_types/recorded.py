"""Resources of types that nothing in moto can make: kept as records."""

from typing import Any

from moto.core.common_models import CloudFormationModel

from orgrollout.sandbox.organization import derive


class RecordedResource(CloudFormationModel):
    """A resource that exists only as a record."""

    recorded = True

    def __init__(
        self, logical_id: str, kind: str, stack_id: str, properties: dict[str, Any]
    ) -> None:
        self.logical_resource_id = logical_id
        self.cf_resource_type = kind
        self.properties = properties
        self.type = kind
        _, _, _, self._region, self._account, self._stack = stack_id.split(":", 5)
        name = self._stack.split("/")[1]
        self._id = f"{name[:40]}-{logical_id}-{derive(12, stack_id, logical_id).upper()}"

    @classmethod
    def stand_in(cls, logical_id: str, kind: str, stack_id: str) -> "RecordedResource":
        """Return a record in place of a resource that could not be made."""
        return cls(logical_id, kind, stack_id, {})

    @property
    def physical_resource_id(self) -> str:
        """The name the template gives, or a made-up one."""
        named = next((v for k, v in self.properties.items() if k.endswith("Name")), None)
        return str(named) if isinstance(named, str) else self._id

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        """Any attribute may be asked for."""
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return an ARN for anything called so, else a text that names the attribute."""
        if attribute_name.endswith("Arn"):
            service = self.type.split("::")[1].lower()
            own = self.physical_resource_id
            return f"arn:aws:{service}:{self._region}:{self._account}:{own}"
        return f"{self.physical_resource_id}.{attribute_name}"

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return nothing: types name themselves in different ways."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return a name that no template uses."""
        return "Recorded"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003
        region_name: str,  # noqa: ARG003
        **kwargs: Any,
    ) -> "RecordedResource":
        """Keep the properties."""
        properties = cloudformation_json.get("Properties") or {}
        kind = cloudformation_json["Type"]
        return cls(kwargs["LogicalId"], kind, kwargs["StackId"], properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "RecordedResource",
        new_resource_name: str,  # noqa: ARG003
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003
        region_name: str,  # noqa: ARG003
    ) -> "RecordedResource":
        """Keep the new properties."""
        original_resource.properties = cloudformation_json.get("Properties") or {}
        return original_resource

    def delete(self, account_id: str, region: str) -> None:
        """Nothing was made, so nothing is left."""
