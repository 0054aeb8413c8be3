"""cfn-lint and its copy of the resource schemas, which it keeps per Region."""

from importlib import import_module
from typing import Any

# cfn-lint has no type information, and one place is enough to say so.
_api: Any = import_module("cfnlint.api")
_config: Any = import_module("cfnlint.config")
_helpers: Any = import_module("cfnlint.helpers")
_manager: Any = import_module("cfnlint.schema.manager")

REGIONS: list[str] = sorted(_helpers.REGIONS)


def findings(text: str, regions: list[str]) -> list[str]:
    """Return what cfn-lint has to say, informational rules included."""
    config = _config.ManualArgs(regions=regions, include_checks=["I"])
    return [f"{each.rule.id} {each.message}" for each in _api.lint(text, config=config)]


def types_in(region: str) -> frozenset[str]:
    """Return the resource types that CloudFormation has in a Region."""
    return frozenset(_manager.PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
