"""cfn-lint and its copy of the resource schemas, which it keeps per Region."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

# cfn-lint has no type information, and one place is enough to say so.
_api: Any = import_module("cfnlint.api")
_config: Any = import_module("cfnlint.config")
_helpers: Any = import_module("cfnlint.helpers")
_manager: Any = import_module("cfnlint.schema.manager")

REGIONS: list[str] = sorted(_helpers.REGIONS)


def findings(text: str, regions: Sequence[str]) -> list[str]:
    """Return what cfn-lint has to say, informational rules included; asked once for a text."""
    return list(_findings(text, tuple(regions)))


@cache
def _findings(text: str, regions: tuple[str, ...]) -> list[str]:
    config = _config.ManualArgs(regions=list(regions), include_checks=["I"])
    return [f"{each.rule.id} {each.message}" for each in _api.lint(text, config=config)]


def types_in(region: str) -> frozenset[str]:
    """Return the resource types that CloudFormation has in a Region."""
    return frozenset(_manager.PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
