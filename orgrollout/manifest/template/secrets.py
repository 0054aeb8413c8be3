"""Where a template holds secrets: NoEcho parameters and references."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from orgrollout.errors import ManifestError
from orgrollout.manifest.template.declared import (
    as_yaml,
    declared_defaults,
    parsed_template,
    secret_parameters,
)
from orgrollout.manifest.template.template import is_dynamic_reference
from orgrollout.manifest.text.document import Item
from orgrollout.manifest.text.source import compose
from orgrollout.model.shown import MASKED

_REFERENCE = "{{resolve:"  # a dynamic reference (CloudFormation user guide)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Where secrets are: per logical id JSON pointers, as deep as keys of mappings lead."""

    pointers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    everything: bool = False  # it cannot be told, so all is taken for one

    def hide(self, logical_id: str, path: str) -> bool:
        """Return whether a value at the path may be, hold, or be part of a secret."""
        return self.everything or any(
            not path or _is_at_or_below(path, p) or _is_at_or_below(p, path)
            for p in self.pointers.get(logical_id, ())
        )


def secrets_of(body: str, values: Iterable[Mapping[str, str]]) -> Secrets:
    """Return where a template's text holds secrets, given the ``values`` of its parameters.

    A parameter is one if it is NoEcho, or if any of its values is a dynamic reference.
    """
    try:
        given = [declared_defaults(body), *values]
        names = secret_parameters(body) | {
            name for each in given for name, text in each.items() if _REFERENCE in text
        }
        resources = parsed_template(body).get("Resources")
    except ManifestError:
        return Secrets(everything=True)
    found: dict[str, tuple[str, ...]] = {}
    for name, resource in resources.children if resources else ():
        properties = resource.get("Properties")
        if str(name).startswith("Fn::"):  # makes resources whose names are not written
            if any(_pointers(resource, names)):
                return Secrets(everything=True)
        elif properties is not None:
            found[str(name)] = tuple(_pointers(properties, names))
    return Secrets(pointers=found)


def without_secrets(body: str) -> str:
    """Return a template's text with `****` for what it gives away as Default of NoEcho parameters.

    Such a template is refused in a manifest; others may have deployed one.
    """
    try:
        places = sorted(_given_away(body), reverse=True)
    except ManifestError:
        return body
    for begin, end in places:
        written = body[begin:end].rstrip()  # a block of text ends with its last line
        body = f"{body[:begin]}{MASKED}{body[begin + len(written) :]}"
    return body


def _given_away(body: str) -> Iterator[tuple[int, int]]:
    """Yield where in the text the Default of a NoEcho parameter begins and ends."""
    defaults = declared_defaults(body)
    names = {name for name in secret_parameters(body) if defaults.get(name)}
    parameters = _below(compose(as_yaml(body), "template"), "Parameters")
    for name in names:
        node = _below(_below(parameters, name), "Default")
        if node is not None and not is_dynamic_reference(defaults[name]):
            yield node.start_mark.index, node.end_mark.index


def _below(node: yaml.Node | None, key: str) -> yaml.Node | None:
    entries = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in entries if name.value == key), None)


def _pointers(item: Item, names: Collection[str], at: str = "/") -> Iterator[str]:
    """Yield where a secret is: down to the last key of a mapping that is no function."""
    if isinstance(item.value, dict) and not any(map(_is_function, item.value)):
        for key, below in item.value.items():
            step = key.replace("~", "~0").replace("/", "~1")
            yield from _pointers(below, names, f"{at.rstrip('/')}/{step}")
    elif any(_is_secret(text, names) for text in _texts(item)):
        yield at


def _is_function(key: str) -> bool:
    return key == "Ref" or key.startswith("Fn::")


def _texts(item: Item) -> Iterator[str]:
    children = list(item.children)
    if not children:
        yield item.text
    for _, below in children:
        yield from _texts(below)


def _is_secret(text: str, names: Collection[str]) -> bool:
    """Return whether a scalar is a reference or names a secret parameter, by Ref, !Ref or Sub."""
    used = {text, *re.findall(r"\$\{([^}!]+)\}", text)}
    return _REFERENCE in text or not used.isdisjoint(names)


def _is_at_or_below(path: str, pointer: str) -> bool:
    return pointer in {"/", path} or path.startswith(f"{pointer}/")
