"""Resource types that moto's CloudFormation lacks, or gets wrong.

Those for which moto has the service are made there; all others are recorded: they have a
physical id, a plausible ARN and their properties, and ``sandbox.unprovisioned`` lists them.
"""

from typing import Any

from moto.cloudformation import parsing

from orgrollout.sandbox.resource_types.base import ProvidedResource, RecordedResource
from orgrollout.sandbox.resource_types.config import CONFIG_TYPES, REMEDIATIONS
from orgrollout.sandbox.resource_types.other import OTHER_TYPES

__all__ = [
    "REMEDIATIONS",
    "ProvidedResource",
    "RecordedResource",
    "ensure_types",
    "is_recorded",
    "moto_form",
]

DEFAULTS = {"AWS::SSM::Document": {"DocumentFormat": "JSON", "DocumentType": "Command"}}
"""Defaults of CloudFormation that moto does not know."""
CUSTOM = "AWS::CloudFormation::CustomResource"
PROVIDED: dict[str, type[ProvidedResource]] = {
    **CONFIG_TYPES,
    **OTHER_TYPES,
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
        for name, value in DEFAULTS.get(kind, {}).items():
            resource["Properties"] = {name: value, **(resource.get("Properties") or {})}
        if kind.startswith("Custom::"):
            resource["Type"] = kind = CUSTOM
        if kind not in known and kind not in parsing.NULL_MODELS:
            known[kind] = RecordedResource


def moto_form(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties as moto takes them: it refuses policies without Version, as AWS does not.

    The version of such a policy is 2008-10-17 (IAM user guide, "Version" of policy elements).
    """
    if kind.startswith("AWS::IAM::"):
        versioned: dict[str, Any] = _versioned(properties)
        return versioned
    return properties


def _versioned(value: Any) -> Any:
    if isinstance(value, list):
        return [_versioned(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Statement" in value:
        return {"Version": "2008-10-17", **value}
    return {key: _versioned(each) for key, each in value.items()}


def is_recorded(resource: object) -> bool:
    """Tell whether a resource exists only as a record."""
    return bool(getattr(resource, "recorded", False))
