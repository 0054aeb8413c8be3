"""The schemas of resource types, and properties brought to the types that they ask for.

CloudFormation takes a number or a boolean that is written as a text, and the reverse (resource
types of the registry are validated after that; "Resource type schema" in the CloudFormation CLI
guide). The schemas are AWS's own; cfn-lint brings them along. They are read as files, since
importing cfn-lint takes two seconds.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from orgrollout.sandbox.moto.intrinsics import TemplateError, text_of

_HOME = "us-east-1"
_DEPTH = 12
"""Schemas may refer to themselves."""
_NAMES = {"integer": "Integer", "number": "Number", "boolean": "Boolean"}
_OPEN = ("AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack")
"""Types whose attributes are what their makers choose."""
Schema = Mapping[str, Any]


@lru_cache(maxsize=1)
def _folder() -> Path | None:
    spec = find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


@lru_cache(maxsize=1)
def _index() -> Mapping[str, str]:
    folder = _folder()
    path = folder / "providers" / f"{_HOME}.json" if folder is not None else None
    if path is None or not path.is_file():
        return {}
    found: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=512)
def schema_of(kind: str) -> Schema | None:
    """Return the schema of a resource type; None if there is none."""
    name, folder = _index().get(kind), _folder()
    if name is None or folder is None:
        return None
    path = folder / "resources" / f"{name}.json"
    if not path.is_file():
        return None
    found: Schema = json.loads(path.read_text(encoding="utf-8"))
    return found


def typed(kind: str, key: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties with each value in the type that the schema asks for.

    Raises:
        TemplateError: A number or boolean is wanted, and a value is neither.
    """
    schema = schema_of(kind)
    if schema is None:
        return dict(properties)
    made: dict[str, Any] = _typed(properties, schema, schema, (key, ""), _DEPTH)
    return made


def check_required(kind: str, key: str, properties: Mapping[str, Any]) -> None:
    """Refuse a resource that lacks a required property.

    Raises:
        TemplateError: In CloudFormation's words.
    """
    for name in (schema_of(kind) or {}).get("required") or ():
        if name not in properties:
            raise _invalid(key, "", f"required key [{name}] not found")


def attribute_schema(kind: str, attribute: str) -> Schema | None:
    """Return what an attribute of a type is; None if the type's schema is not known.

    Raises:
        KeyError: There is no such attribute.
    """
    schema = schema_of(kind)
    if schema is None or kind in _OPEN:
        return None
    found = schema
    for part in attribute.split("."):
        found = _target(found["properties"][part], schema)
        if "properties" not in found:
            break
    return found


def is_list(schema: Schema | None) -> bool:
    """Return whether a schema asks for a list."""
    return schema is not None and "array" in _types(schema)


def _typed(value: Any, asked: Schema, schema: Schema, place: tuple[str, str], depth: int) -> Any:
    asked = _target(asked, schema)
    if depth == 0:
        return value
    if isinstance(value, dict):
        known = asked.get("properties") or {}
        others: Schema = next(iter((asked.get("patternProperties") or {}).values()), {})
        return {
            name: _typed(each, known.get(name, others), schema, _below(place, name), depth - 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        items = asked.get("items") or {}
        return [
            _typed(each, items, schema, _below(place, str(n)), depth - 1)
            for n, each in enumerate(value)
        ]
    return _scalar(value, _types(asked), place)


def _below(place: tuple[str, str], name: str) -> tuple[str, str]:
    return place[0], f"{place[1]}/{name}"


def _scalar(value: Any, types: frozenset[str], place: tuple[str, str]) -> Any:
    if isinstance(value, str):
        return _from_text(value, types, place)
    if types == {"string"} and isinstance(value, bool | int | float):
        return text_of(value)
    return value


def _from_text(text: str, types: frozenset[str], place: tuple[str, str]) -> Any:
    wanted = types & _NAMES.keys()
    if not wanted or types - wanted - {"null"} or "{{resolve:" in text:
        return text
    if "boolean" in wanted and text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in ("integer", "number"):
        try:
            if kind in wanted:
                return int(text) if kind == "integer" else float(text)
        except ValueError:
            continue
    kind = _NAMES[min(wanted)]
    raise _invalid(place[0], place[1], f"expected type: {kind}, found: String")


def _invalid(key: str, path: str, what: str) -> TemplateError:
    message = f"Properties validation failed for resource {key} with message:\n#{path}: {what}"
    return TemplateError(message)


def _target(asked: Schema, schema: Schema) -> Schema:
    for _ in range(_DEPTH):
        reference = asked.get("$ref")
        if not isinstance(reference, str):
            break
        found: Any = schema
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        asked = found
    return asked


def _types(asked: Schema) -> frozenset[str]:
    kind = asked.get("type")
    if kind is None:
        return frozenset()
    return frozenset([kind] if isinstance(kind, str) else kind)
