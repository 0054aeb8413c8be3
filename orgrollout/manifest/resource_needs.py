"""What CloudFormation has to be allowed to do to make the resources of a template."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgrollout.manifest.templates import resource_types

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z*]+")


def creation_needs(body: str, regions: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the actions that creating each resource type takes, by type.

    They are the `create` permissions of the type's own schema in CloudFormation's registry, as
    cfn-lint carries it, as far as they are its own service's. A type that none of ``regions``
    has, or a custom resource, is left out.
    """
    found: dict[str, set[str]] = {}
    for kind, handlers in _handlers(body, regions):
        actions = (handlers.get("create") or {}).get("permissions") or ()
        own = {action for action in actions if is_of_service(kind, action)}
        found[kind] = found.get(kind, set()) | own
    return {kind: tuple(sorted(actions)) for kind, actions in found.items()}


def all_needs(body: str, regions: Iterable[str]) -> tuple[str, ...]:
    """Return every action that CloudFormation may take to make, change, read or delete it all."""
    return tuple(
        sorted(
            {
                action
                for _, handlers in _handlers(body, regions)
                for handler in handlers.values()
                for action in handler.get("permissions") or ()
                if _ACTION.fullmatch(action)  # some schemas name what IAM does not know
            }
        )
    )


def _handlers(body: str, regions: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    # Imported here, since it takes longer than all else together.
    from cfnlint.helpers import REGION_PRIMARY, REGIONS  # type: ignore[import-untyped]  # noqa: PLC0415
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]  # noqa: PLC0415

    here = [region for region in regions if region in REGIONS] or [REGION_PRIMARY]
    for kind in resource_types(body):
        for _, schema in PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(kind, here):
            yield kind, schema.schema.get("handlers") or {}


def is_of_service(kind: str, action: str) -> bool:
    """Return whether an action belongs to the service of a resource type.

    What a type needs of other services depends on its properties (a function in a VPC needs EC2),
    so it says nothing about a template that does not use them.
    """
    service, prefix = kind.split("::")[1].lower(), action.partition(":")[0].lower()
    return service.startswith(prefix) or prefix.startswith(service)


def is_certain(kind: str, action: str) -> bool:
    """Return whether no resource of a type is made without an action, as iam:CreateRole of a role.

    Others of the same service are for properties that a template may not use.
    """
    name = kind.rsplit("::", 1)[-1].lower()
    verb = action.partition(":")[2].lower()
    return any(verb in {f"{make}{name}", f"{make}{name}s"} for make in ("create", "put"))
