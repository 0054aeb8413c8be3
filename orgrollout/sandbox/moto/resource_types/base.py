"""A resource that the sandbox itself provides to moto's CloudFormation."""

from typing import Any, Self

from moto.core.common_models import CloudFormationModel

from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.partitions import partition_of


class ProvidedResource(CloudFormationModel):
    """A resource of a stack; subclasses say how it is made and unmade in a service."""

    recorded = False
    arn_format = ""
    """The ARN after its partition, with {region}, {account} and {name}; empty: a made-up one."""

    def __init__(
        self, kind: str, place: tuple[str, str], logical_id: str, stack_id: str, properties: Any
    ) -> None:
        self.cf_resource_type = self.type = kind
        self.logical_resource_id = logical_id
        self.account, self.region = place
        self.partition = partition_of(self.region)
        self.properties: dict[str, Any] = properties
        stack_name = stack_id.split("/")[1] if "/" in stack_id else stack_id
        unique = derive(12, stack_id, logical_id).upper()
        self.generated_name = f"{stack_name[:40]}-{logical_id}-{unique}"

    def make(self) -> None:
        """Create the resource, or bring it to new properties."""

    def unmake(self) -> None:
        """Delete the resource."""

    @property
    def physical_resource_id(self) -> str:
        """The name the template gives, or a generated one."""
        names = (v for k, v in self.properties.items() if k.endswith("Name"))
        return next((name for name in names if isinstance(name, str)), self.generated_name)

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Return an ARN for anything called so, else a text that names the attribute."""
        if not attribute_name.endswith("Arn"):
            return f"{self.physical_resource_id}.{attribute_name}"
        parts = self.type.split("::")
        service = parts[1].lower() if len(parts) > 1 else "cloudformation"
        form = self.arn_format or f"{service}:{{region}}:{{account}}:{{name}}"
        filled = form.format(
            region=self.region, account=self.account, name=self.physical_resource_id
        )
        return f"arn:{self.partition}:{filled}"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
        """Any attribute may be asked for."""
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        """Return nothing: names are among the properties."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Return a name that no template uses; the types are in ``ensure_types``."""
        return "Provided"

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Self:
        """Make the resource."""
        made = cls(
            cloudformation_json["Type"],
            (account_id, region_name),
            kwargs["LogicalId"],
            kwargs["StackId"],
            cloudformation_json.get("Properties") or {},
        )
        made.make()
        return made

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,  # noqa: ARG003
        cloudformation_json: dict[str, Any],
        account_id: str,  # noqa: ARG003
        region_name: str,  # noqa: ARG003
    ) -> Any:
        """Bring the resource to new properties; another name is another resource."""
        name = original_resource.physical_resource_id
        old = original_resource.properties
        original_resource.properties = cloudformation_json.get("Properties") or {}
        if original_resource.physical_resource_id != name:
            new, original_resource.properties = original_resource.properties, old
            original_resource.unmake()
            original_resource.properties = new
        original_resource.make()
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        """Do nothing: moto asks ``delete`` first, which knows the resource."""

    def is_created(self) -> bool:
        """Creation is never left half done."""
        return True

    def delete(self, account_id: str, region: str) -> None:  # noqa: ARG002
        """Delete the resource."""
        self.unmake()


class RecordedResource(ProvidedResource):
    """A resource of a type that nothing can make: it exists only as a record."""

    recorded = True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        """Refuse: what an attribute might be, ``made_up`` knows.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(attribute_name)
