"""AWS's query protocol: form parameters to nested values, strictly by botocore's model.

An empty list is sent as ``Name=`` and is ``[]``; an absent one is absent. Anything that does not
fit the model is an error: read as empty, a list of accounts would be the whole organization.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from orgrollout.sandbox.errors import ApiError

_LONGEST_PATH = 64
_NOT_PARAMETERS = ("Action", "Version")


def parse(operation: OperationModel, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the input of ``operation`` from its form fields.

    Raises:
        ApiError: MalformedInput, for what the operation does not know or cannot read.
    """
    tree = _nest({k: v for k, v in form.items() if not _is_protocol(k)})
    if operation.input_shape is None:
        return _nothing(tree)
    return _structure(operation.input_shape, tree, "")


def _is_protocol(key: str) -> bool:
    # A presigned request has its signature among the fields.
    signed = key.startswith("X-Amz-") or key in ("AWSAccessKeyId", "Signature", "Timestamp")
    return key in _NOT_PARAMETERS or signed or key.startswith("Signature")


def _nothing(tree: Mapping[str, Any]) -> dict[str, Any]:
    if tree:
        raise _unknown(next(iter(tree)))
    return {}


def _nest(form: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in form.items():
        *parents, leaf = key.split(".")
        if len(parents) > _LONGEST_PATH:
            raise malformed(f"{key[:80]}... is nested too deeply")
        node = tree
        for part in parents:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise malformed(f"{key} is a value and holds values")
        if leaf in node:
            raise malformed(f"{key} is a value and holds values")
        node[leaf] = value
    return tree


def _structure(shape: StructureShape, node: Any, path: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise malformed(f"{path} must be a structure")
    names = {member.serialization.get("name", n): (n, member) for n, member in _members(shape)}
    found = {}
    for key, value in node.items():
        place = f"{path}.{key}" if path else key
        if key not in names:
            raise _unknown(place)
        name, member = names[key]
        found[name] = _value(member, value, place)
    return found


_KNOWN: dict[int, tuple[Any, tuple[tuple[str, Shape], ...]]] = {}


def _members(shape: StructureShape) -> tuple[tuple[str, Shape], ...]:
    # botocore builds new shapes at every access; the shape is kept, so that its id stays its own.
    if id(shape) not in _KNOWN:
        _KNOWN[id(shape)] = (shape, tuple(shape.members.items()))
    return _KNOWN[id(shape)][1]


def _value(shape: Shape, node: Any, path: str) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, node, path)
    if isinstance(shape, ListShape):
        return _list(shape, node, path)
    if isinstance(shape, MapShape):
        return _map(shape, node, path)
    if not isinstance(node, str):
        raise malformed(f"{path} must be one value")
    return _scalar(shape.type_name, node, path)


def _list(shape: ListShape, node: Any, path: str) -> list[Any]:
    if node == "":
        return []
    name = shape.member.serialization.get("name", "member")
    flattened = shape.serialization.get("flattened")
    items = node if flattened else _only(node, name, path)
    if not isinstance(items, dict):
        raise malformed(f"{path} must be a list: {path}.{name}.1=...")
    if any(not key.isascii() or not key.isdigit() for key in items):
        raise malformed(f"{path} must be numbered: {path}.{name}.1=...")
    return [
        _value(shape.member, items[key], f"{path}.{name}.{key}") for key in sorted(items, key=int)
    ]


def _only(node: Any, name: str, path: str) -> Any:
    """Return what stands below ``name``, beside which nothing else may stand."""
    if not isinstance(node, dict) or set(node) != {name}:
        raise malformed(f"{path} may not be treated as a list: it takes {path}.{name}.1=...")
    return node[name]


def _map(shape: MapShape, node: Any, path: str) -> dict[str, Any]:
    if node == "":
        return {}
    items = node if shape.serialization.get("flattened") else _only(node, "entry", path)
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    found = {}
    for number, item in items.items() if isinstance(items, dict) else ():
        place = f"{path}.{number}"
        if not isinstance(item, dict) or set(item) != {key_name, value_name}:
            raise malformed(f"{place} must have {key_name} and {value_name}")
        key = _value(shape.key, item[key_name], place)
        found[key] = _value(shape.value, item[value_name], place)
    return found


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _integer(text: str) -> int:
    # int() also reads "1_0" and digits of other scripts.
    if not text.isascii() or not text.removeprefix("-").isdigit():
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found) or "_" in text:
        raise ValueError(text)
    return found


_SCALARS: dict[str, tuple[Callable[[str], Any], str]] = {
    "integer": (_integer, "an integer"),
    "long": (_integer, "an integer"),
    "float": (_number, "a number"),
    "double": (_number, "a number"),
    "boolean": (_boolean, "true or false"),
}


def _scalar(kind: str, text: str, path: str) -> Any:
    convert, expected = _SCALARS.get(kind, (str, "a text"))
    try:
        return convert(text)
    except (ValueError, KeyError) as error:
        raise malformed(f"{path} must be {expected}") from error


def malformed(message: str) -> ApiError:
    """Return the error for a form that is not that of the operation."""
    return ApiError("MalformedInput", message)


def _unknown(path: str) -> ApiError:
    return ApiError("MalformedInput", f"{path} is no parameter of this operation")
