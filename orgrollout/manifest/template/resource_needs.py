"""What CloudFormation has to be allowed to do to make the resources of a template."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgrollout.manifest.template.declared import resource_types

HAND_OVER = "iam:PassRole"
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z*]+")


def creation_needs(body: str, regions: Iterable[str]) -> Mapping[str, Mapping[str, bool]]:
    """Return the actions that creating each resource type takes, by type, and which are certain.

    They are the `create` permissions of the type's own schema in CloudFormation's registry, as
    cfn-lint carries it, as far as they are its own service's, or hand over a role. Others are for
    properties that a template may not use. A type whose schema says nothing of it, as that of a
    custom resource, is left out.
    """
    found: dict[str, dict[str, bool]] = {}
    for kind, schema in _schemas(body, regions):
        for action in _handlers(schema).get("create", {}).get("permissions") or ():
            needs = found.setdefault(kind, {})
            if action == HAND_OVER:
                needs[action] = any("role" in name.lower() for name in schema.get("required") or ())
            elif _is_of_service(kind, action):
                needs[action] = _is_certain(kind, action)
    return {kind: dict(sorted(needs.items())) for kind, needs in found.items()}


def services_of(kinds: Iterable[str], needs: Mapping[str, Mapping[str, bool]]) -> frozenset[str]:
    """Return the services that resource types are of, by the prefixes of their actions.

    CloudFormation makes a custom resource by calling a function, or by telling a topic.
    """
    kinds = tuple(kinds)
    named = {kind.split("::")[1].lower() for kind in kinds if kind.count("::") > 1}
    actions = {action for found in needs.values() for action in found} - {HAND_OVER}
    acting = {action.partition(":")[0] for action in actions}
    custom = any(kind.startswith(_CUSTOM) for kind in kinds)
    return frozenset(named | acting | ({"lambda", "sns"} if custom else set()))


def all_needs(body: str, regions: Iterable[str]) -> tuple[str, ...]:
    """Return every action that CloudFormation may take to make, change, read or delete it all."""
    return tuple(
        sorted(
            {
                action
                for _, schema in _schemas(body, regions)
                for handler in _handlers(schema).values()
                for action in handler.get("permissions") or ()
                if _ACTION.fullmatch(action)  # some schemas name what IAM does not know
            }
        )
    )


def _schemas(body: str, regions: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # Imported here, since it takes longer than all else together.
    from cfnlint.helpers import REGION_PRIMARY, REGIONS  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]  # noqa: PLC0415

    here = [region for region in regions if region in REGIONS] or [REGION_PRIMARY]
    for kind in resource_types(body):
        for _, schema in PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(kind, here):
            yield kind, schema.schema


def _handlers(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return schema.get("handlers") or {}


def _is_of_service(kind: str, action: str) -> bool:
    """Return whether an action belongs to the service of a resource type.

    What a type needs of other services depends on its properties (a function in a VPC needs EC2),
    so it says nothing about a template that does not use them.
    """
    service, prefix = kind.split("::")[1].lower(), action.partition(":")[0].lower()
    return service.startswith(prefix) or prefix.startswith(service)


def _is_certain(kind: str, action: str) -> bool:
    """Return whether no resource of a type is made without an action, as iam:CreateRole of a role.

    Others of the same service are for properties that a template may not use.
    """
    name = kind.rsplit("::", 1)[-1].lower()
    verb = action.partition(":")[2].lower()
    return any(verb in {f"{make}{name}", f"{make}{name}s"} for make in ("create", "put"))
