"""Properties in the form that moto takes: what AWS fills in or allows, and moto does not."""

from collections.abc import Mapping
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "AWS::EC2::TransitGateway": {"Description": ""},
    "AWS::EC2::VPCEndpoint": {"RouteTableIds": [], "SubnetIds": [], "SecurityGroupIds": []},
    "AWS::SSM::Document": {"DocumentFormat": "JSON", "DocumentType": "Command"},
}
_NAMES = {
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::SSM::Parameter": "Name",
}
"""Properties that AWS makes a name up for, where moto needs one or makes an invalid one."""
_FIRST, _NOW = "2008-10-17", "2012-10-17"


def moto_form(kind: str, properties: Mapping[str, Any], unique: str) -> dict[str, Any]:
    """Return properties as moto takes them; ``unique`` is a name for a resource without one."""
    made = {**DEFAULTS.get(kind, {}), **properties}
    if kind in _NAMES:
        name = unique if kind == "AWS::SSM::Parameter" else unique.lower()
        made.setdefault(_NAMES[kind], name)
    if kind == "AWS::SSM::Parameter" and isinstance(made.get("Tags"), dict):
        made["Tags"] = [{"Key": key, "Value": each} for key, each in made["Tags"].items()]
    if kind.startswith("AWS::IAM::"):
        versioned: dict[str, Any] = _versioned(made, "")
        return versioned
    return made


def _versioned(value: Any, name: str) -> Any:
    """Return policies with a Version.

    Without one it is 2008-10-17 (IAM user guide, "Version" of policy elements). moto refuses that
    in policies of identities, written or not; AWS does not.
    """
    if isinstance(value, list):
        return [_versioned(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    if "Statement" in value:
        of_identity = name == "PolicyDocument" and value.get("Version", _FIRST) == _FIRST
        return {"Version": _FIRST, **value, **({"Version": _NOW} if of_identity else {})}
    return {key: _versioned(each, key) for key, each in value.items()}
