"""The templates as values: read with their short functions, and replaceable one by one.

Every check takes a ``Templates``, so that the same check also judges a copy with a mistake in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import yaml

from orgrollout.bootstrap.single_account import PARTS, Form, single_account_text
from tests.paths import STACKSETS

SINGLE = "single-account-"

NAMES = (
    "account-roles",
    "config-regional",
    "flowlogs-athena",
    "flowlogs-remediation",
    "log-buckets",
    "org-aggregator",
    "org-conformance",
    "resync-role",
    "tamper-bus",
    "tamper-events",
    "tamper-role",
)


@dataclass(frozen=True, slots=True)
class Templates:
    """The text of each template by its name."""

    texts: Mapping[str, str] = field(repr=False)

    @classmethod
    def shipped(cls) -> Self:
        """Return what the product ships."""
        return cls({name: (STACKSETS / f"{name}.yaml").read_text("utf-8") for name in NAMES})

    def replaced(self, name: str, text: str) -> "Templates":
        """Return a copy in which one template reads differently."""
        return Templates({**self.texts, name: text})

    def text(self, name: str) -> str:
        """Return the text of a template; one for a single account is made from the others."""
        if name in self.texts or not name.startswith(SINGLE):
            return self.texts[name]
        bodies = {part: self.texts[part] for part in PARTS}
        return single_account_text(bodies, Form(name.removeprefix(SINGLE)), "0.0.0")

    def single_accounts(self) -> dict[str, str]:
        """Return the texts of the templates for a single account."""
        return {name: self.text(name) for name in (f"{SINGLE}{form}" for form in Form)}

    def document(self, name: str) -> dict[str, Any]:
        """Return a template as nested values; shared, so not to be changed."""
        return parse(self.text(name))

    def documents(self) -> dict[str, dict[str, Any]]:
        return {name: self.document(name) for name in self.texts}


class _Loader(yaml.SafeLoader):
    """Understands the short form of CloudFormation's functions."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        case yaml.SequenceNode():
            return {name: loader.construct_sequence(node, deep=True)}
        case _:
            raise TypeError(f"!{suffix} with a mapping is not used here")


_Loader.add_multi_constructor("!", _function)


@cache
def parse(text: str) -> dict[str, Any]:
    """Return the template that ``text`` spells."""
    loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with functions
    assert isinstance(loaded, dict)
    return loaded


def strings(value: object) -> list[str]:
    """Return every string below ``value``, keys included."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for part in pair for text in strings(part)]
        case list() | tuple():
            return [text for part in value for text in strings(part)]
        case _:
            return []
