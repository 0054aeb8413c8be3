"""Whether an input fits the operation's shape: members, types, enums, patterns, lengths, ranges.

The shapes are botocore's. The wording is AWS's: "1 validation error detected: Value 'NOPE' at
'deploymentTargets.accountFilterType' failed to satisfy constraint: Member must satisfy enum value
set: [...]".
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    Shape,
    StringShape,
    StructureShape,
)

from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.partitions import in_default_partition

_LONGEST_SHOWN = 200
_CODES = {
    ("organizations", "json"): "InvalidInputException",
    ("logs", "json"): "InvalidParameterException",
}
_NOT_BODY = frozenset({"uri", "querystring", "header", "headers", "statusCode"})
_ORGANIZATIONS = (
    ("must not be null", "You must include a value for all required parameters."),
    ("enum value set", "You specified an invalid value."),
    ("regular expression", "You provided a value that doesn't match the required pattern."),
    ("length less", "You provided a string parameter that is longer than allowed."),
    ("length greater", "You provided a string parameter that is shorter than allowed."),
    ("value less", "You provided a numeric parameter that has a larger value than allowed."),
    ("value greater", "You provided a numeric parameter that has a smaller value than allowed."),
)
"""The words of Organizations for each (InvalidInputException, Organizations API reference)."""


def check(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Refuse an input that does not fit the shape of the operation.

    Raises:
        ApiError: In the words and with the code of the service.
    """
    shape = operation.input_shape
    if shape is None:
        return
    found = list(_structure(shape, params, ""))
    if not found:
        return
    many = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    message = f"{many} detected: {'; '.join(found[:10])}"
    service = operation.service_model
    code = _CODES.get((service.service_name, service.protocol), _default_code(service.protocol))
    if service.service_name == "organizations":
        message = f"{_said_by_organizations(found[0])} {message}"
    raise ApiError(code, message)


def _default_code(protocol: str) -> str:
    return "ValidationError" if protocol == "query" else "ValidationException"


def _said_by_organizations(problem: str) -> str:
    return next((said for part, said in _ORGANIZATIONS if part in problem), "")


def _structure(shape: Shape, value: Any, path: str) -> Iterator[str]:
    members, required = known_members(shape)
    for name in required:
        if value.get(name) is None:
            yield _failed(None, below(path, name), "Member must not be null")
    if getattr(shape, "is_tagged_union", False) and sum(v is not None for v in value.values()) != 1:
        yield _failed(value, path, "Exactly one member must be set")
    for name, item in value.items():
        if item is not None and name in members:
            yield from _value(members[name], item, below(path, name))


@cache
def known_members(shape: Shape) -> tuple[Mapping[str, Shape], tuple[str, ...]]:
    """Return members and required members, without those that do not stand in the body."""
    if not isinstance(shape, StructureShape):
        return {}, ()
    members = {
        name: member
        for name, member in shape.members.items()
        if member.serialization.get("location") not in _NOT_BODY
    }
    return members, tuple(name for name in shape.required_members if name in members)


def _value(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _sized(shape, value, path)
        yield from _items(member_of(shape), value, path)
    elif isinstance(shape, MapShape):
        yield from _sized(shape, value, path)
        for key, item in value.items():
            yield from _value(shape.key, key, path)
            yield from _value(shape.value, item, f"{path}.{key}.member")
    else:
        for constraint in _broken(shape, value):
            yield _failed(value, path, constraint)


@cache
def member_of(shape: ListShape) -> Shape:
    """Return the shape of the items; botocore would build it at each access."""
    return shape.member


def _items(member: Shape, values: list[Any], path: str) -> Iterator[str]:
    if isinstance(member, StructureShape | ListShape | MapShape):
        for number, item in enumerate(values, 1):
            yield from _value(member, item, f"{path}.{number}.member")
        return
    broken = [constraint for item in values for constraint in _broken(member, item)]
    if broken:
        inner = f"Member must satisfy constraint: [{', '.join(dict.fromkeys(broken))}]"
        yield _failed(f"[{', '.join(map(str, values))}]", path, inner)


def _sized(shape: Shape, value: Any, path: str) -> Iterator[str]:
    for constraint in _length(shape.metadata, len(value)):
        yield _failed(value, path, constraint)


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """Yield the constraints that one value does not satisfy."""
    if shape.type_name in ("integer", "long", "float", "double"):
        yield from _range(shape.metadata, value)
        return
    if shape.type_name != "string":
        return
    enum = shape.enum if isinstance(shape, StringShape) else []
    if enum and value not in enum:
        yield f"Member must satisfy enum value set: [{', '.join(enum)}]"
    yield from _length(shape.metadata, len(value))
    pattern = shape.metadata.get("pattern")
    if pattern and not _fits(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _fits(pattern: str, value: str) -> bool:
    """Return whether a value fits a pattern, in every partition.

    Some patterns of the public models name three partitions, and no isolated one.
    """
    whole = _compiled(pattern)
    return bool(whole.fullmatch(value) or whole.fullmatch(in_default_partition(value)))


def _length(limits: Mapping[str, Any], length: int) -> Iterator[str]:
    if length < limits.get("min", 0):
        yield f"Member must have length greater than or equal to {limits['min']}"
    if length > limits.get("max", length):
        yield f"Member must have length less than or equal to {limits['max']}"


def _range(limits: Mapping[str, Any], value: float) -> Iterator[str]:
    if value < limits.get("min", value):
        yield f"Member must have value greater than or equal to {limits['min']}"
    if value > limits.get("max", value):
        yield f"Member must have value less than or equal to {limits['max']}"


@cache
def _compiled(pattern: str) -> Any:
    # Java's patterns name characters beyond the first plane by two halves.
    whole = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    return regex.compile(whole)


def _failed(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:_LONGEST_SHOWN]}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def below(path: str, name: str) -> str:
    """Return the path of a member, as AWS writes it."""
    first = name[:1].lower() + name[1:]
    return f"{path}.{first}" if path else first
