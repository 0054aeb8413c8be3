"""Names that a template gives in one place, of what an account or a partition has once."""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.errors import ManifestError
from orgrollout.manifest.once_only import NAMED, WORLD, property_of, values_at
from orgrollout.manifest.template.declared import as_yaml
from orgrollout.manifest.template.intrinsic import plain
from orgrollout.manifest.template.read import template_from
from orgrollout.manifest.text.source import compose

Name = tuple[str, str, str]
"""Type, name, and the account that has it once; empty: the whole partition has it once."""


class FixedNames:
    """The names that one template gives. What cannot be worked out is left out."""

    def __init__(self, body: str, called: str) -> None:
        """Read a template; one that cannot be read gives no names."""
        self._document: Mapping[str, Any] = {}
        self._defaults: dict[str, str] = {}
        try:
            template, _ = template_from(body, called, called)
            document = plain(compose(as_yaml(template.body), called)) if template else None
        except ManifestError:
            return
        if template and isinstance(document, Mapping):
            self._document = document
            known = template.parameters.values()
            self._defaults = {p.name: p.default for p in known if p.default is not None}

    def at(self, parameters: Mapping[str, str], account: str, region: str) -> frozenset[Name]:
        """Return the names of one stack."""
        resources = self._document.get("Resources")
        if not isinstance(resources, Mapping):
            return frozenset()
        given = {**self._defaults, **parameters}
        sure = {k: v for k, v in given.items() if "{{resolve:" not in v and "${" not in v}
        values = values_at(self._document, sure, (account, region))
        return frozenset(_names(resources, values, account))


def _names(resources: Mapping[str, Any], values: Any, account: str) -> Iterator[Name]:
    for resource in resources.values():
        kind = resource.get("Type") if isinstance(resource, Mapping) else None
        if not isinstance(kind, str) or kind not in NAMED:
            continue
        if "Condition" in resource and values.holds(resource["Condition"]) is not True:
            continue
        name = property_of(resource, NAMED[kind], values)
        if isinstance(name, str):
            yield kind, name, "" if kind in WORLD else account
