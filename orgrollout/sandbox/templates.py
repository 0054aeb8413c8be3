"""CloudFormation templates: parsed once, checked as CreateStackSet checks them, summarized."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from orgrollout.sandbox.errors import ApiError, validation
from orgrollout.sandbox.template_structure import check_structure

MAX_INLINE_BYTES = 51_200
_NAMED_IAM = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}
_IAM = {*_NAMED_IAM, "AWS::IAM::Policy", "AWS::IAM::AccessKey", "AWS::IAM::UserToGroupAddition"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Understands the short forms of functions, and leaves dates as text as AWS does."""


def _function(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _function)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


@lru_cache(maxsize=256)
def parse_template(body: str) -> dict[str, Any]:
    """Return the template as nested values; shared, so not to be changed.

    Raises:
        ApiError: ValidationError, as CloudFormation words it.
    """
    try:
        template = (
            json.loads(body) if body.lstrip().startswith("{") else yaml.load(body, Loader=_Loader)  # noqa: S506
        )
    except (yaml.YAMLError, ValueError) as error:
        raise validation(f"Template format error: YAML not well-formed. ({error})") from error
    if not isinstance(template, dict):
        raise validation("Template format error: unsupported structure.")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise validation("Template format error: At least one Resources member must be defined.")
    for name, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            message = f"Template format error: [/Resources/{name}] Every Resources object must "
            raise validation(message + "contain a Type member.")
    check_structure(template)
    return template


def required_capabilities(template: Mapping[str, Any]) -> list[str]:
    """Return what must be acknowledged: CAPABILITY_NAMED_IAM, CAPABILITY_IAM or nothing."""
    kinds = [(r["Type"], r.get("Properties") or {}) for r in template["Resources"].values()]
    if any(_NAMED_IAM.get(kind, "") in properties for kind, properties in kinds):
        return ["CAPABILITY_NAMED_IAM"]
    return ["CAPABILITY_IAM"] if any(kind in _IAM for kind, _ in kinds) else []


def transforms(template: Mapping[str, Any]) -> list[str]:
    """Return the macros the template names."""
    named = template.get("Transform") or []
    return [named] if isinstance(named, str) else list(named)


def check_capabilities(template: Mapping[str, Any], given: tuple[str, ...]) -> None:
    """Refuse a template whose IAM resources are not acknowledged.

    Raises:
        ApiError: InsufficientCapabilitiesException.
    """
    needed = required_capabilities(template)
    enough = {"CAPABILITY_NAMED_IAM", *needed}
    if needed and not enough & set(given):
        message = f"Requires capabilities : [{needed[0]}]"
        raise ApiError("InsufficientCapabilitiesException", message)


def check_parameters(template: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Refuse parameters the template lacks, values it forbids, and required ones left out.

    Raises:
        ApiError: ValidationError.
    """
    declared = template.get("Parameters") or {}
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise validation(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [n for n, p in declared.items() if "Default" not in p and n not in given]
    if missing:
        raise validation(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in given.items():
        allowed = [_as_text(each) for each in declared[name].get("AllowedValues") or []]
        if allowed and value not in allowed:
            raise validation(f"Parameter '{name}' must be one of AllowedValues")


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def summarize(body: str) -> dict[str, Any]:
    """Answer GetTemplateSummary."""
    template = parse_template(body)
    capabilities = required_capabilities(template)
    types = sorted({resource["Type"] for resource in template["Resources"].values()})
    summary = {
        "Parameters": [_declaration(n, p) for n, p in (template.get("Parameters") or {}).items()],
        "Description": template.get("Description"),
        "ResourceTypes": types,
        "Version": template.get("AWSTemplateFormatVersion"),
        "DeclaredTransforms": transforms(template),
    }
    if capabilities:
        named = [r["Type"] for r in template["Resources"].values() if r["Type"] in _IAM]
        summary["Capabilities"] = capabilities
        reason = f"The following resource(s) require capabilities: [{', '.join(named)}]"
        summary["CapabilitiesReason"] = reason
    if "Metadata" in template:
        summary["Metadata"] = json.dumps(template["Metadata"])
    return summary


def _declaration(name: str, parameter: Mapping[str, Any]) -> dict[str, Any]:
    default = parameter.get("Default")
    allowed = parameter.get("AllowedValues")
    return {
        "ParameterKey": name,
        "ParameterType": parameter.get("Type", "String"),
        "NoEcho": _as_text(parameter.get("NoEcho", False)) == "true",
        "DefaultValue": None if default is None else _as_text(default),
        "Description": parameter.get("Description"),
        "ParameterConstraints": {"AllowedValues": [_as_text(v) for v in allowed]}
        if allowed
        else {},
    }
