"""Resource types that moto's CloudFormation lacks.

Those for which moto has the service are made there; all others are recorded: they have a
physical id, a plausible ARN and their properties, and ``sandbox.unprovisioned`` lists them.
"""

from typing import Any

from moto.cloudformation import parsing

from orgrollout.sandbox.resource_types.config import CONFIG_TYPES
from orgrollout.sandbox.resource_types.other import OTHER_TYPES
from orgrollout.sandbox.resource_types.recorded import RecordedResource

CUSTOM = "AWS::CloudFormation::CustomResource"
__all__ = ["RecordedResource", "ensure_types", "is_recorded"]
PROVISIONED = {**CONFIG_TYPES, **OTHER_TYPES}


def ensure_types(template: dict[str, Any]) -> None:
    """Give moto a class for every type in ``template``.

    moto keeps its classes in a map that it builds once; entries added there are used by
    plain CreateStack as well. Custom resources would start containers: they are recorded.
    """
    known = parsing.get_model_map()
    for resource in template["Resources"].values():
        kind = resource["Type"]
        if kind.startswith("Custom::"):
            resource["Type"] = kind = CUSTOM
        if kind == CUSTOM or kind not in known:
            known[kind] = PROVISIONED.get(kind, RecordedResource)


def is_recorded(resource: object) -> bool:
    """Tell whether a resource exists only as a record."""
    return bool(getattr(resource, "recorded", False))
