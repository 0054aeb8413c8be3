"""Resource types that moto's CloudFormation lacks, or gets wrong.

Those for which moto has the service are made there; all others are recorded: they have a
physical id, a plausible ARN and their properties, and ``sandbox.unprovisioned`` lists them.
"""

from typing import Any

from moto.cloudformation import parsing

from orgrollout.sandbox.moto.resource_types.base import ProvidedResource, RecordedResource
from orgrollout.sandbox.moto.resource_types.config import CONFIG_TYPES, REMEDIATIONS
from orgrollout.sandbox.moto.resource_types.documents import VersionedDocument
from orgrollout.sandbox.moto.resource_types.events import EVENT_TYPES
from orgrollout.sandbox.moto.resource_types.moto_form import moto_form
from orgrollout.sandbox.moto.resource_types.other import OTHER_TYPES
from orgrollout.sandbox.moto.resource_types.removal import deleted

__all__ = [
    "REMEDIATIONS",
    "ProvidedResource",
    "RecordedResource",
    "deleted",
    "ensure_types",
    "is_recorded",
    "moto_form",
]

CUSTOM = "AWS::CloudFormation::CustomResource"
PROVIDED: dict[str, type[Any]] = {
    **CONFIG_TYPES,
    **EVENT_TYPES,
    **OTHER_TYPES,
    "AWS::SSM::Document": VersionedDocument,
    # moto would start a container for it.
    CUSTOM: RecordedResource,
}


def ensure_types(template: dict[str, Any]) -> None:
    """Give moto a class for every type in ``template``.

    moto keeps its classes in a map that it builds once; entries added there are used by
    plain CreateStack as well.
    """
    known = parsing.get_model_map()
    known.update(PROVIDED)
    for resource in template["Resources"].values():
        kind = resource["Type"]
        if kind.startswith("Custom::"):
            resource["Type"] = kind = CUSTOM
        if kind not in known and kind not in parsing.NULL_MODELS:
            known[kind] = RecordedResource


def is_recorded(resource: object) -> bool:
    """Return whether a resource exists only as a record."""
    return bool(getattr(resource, "recorded", False))
