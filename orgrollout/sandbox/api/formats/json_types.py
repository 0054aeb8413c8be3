"""Whether JSON has the types of the operation's shape; members that it does not know are refused.

AWS ignores unknown members. Here they are an error: a misspelt AccountFilterType would otherwise
mean the whole unit.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from orgrollout.sandbox.api.formats.shapes import below, known_members, member_of
from orgrollout.sandbox.errors import ApiError


def check(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Refuse an input with members that are unknown, or not of the type of the shape.

    Raises:
        ApiError: SerializationException.
    """
    shape = operation.input_shape
    problems = _surplus(params) if shape is None else _problems(shape, params, "")
    for problem in problems:
        raise ApiError("SerializationException", problem)


def _surplus(params: Mapping[str, Any]) -> Iterator[str]:
    for name in params:
        yield f"{below('', name)} is no member of this operation's input"


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if value is None or getattr(shape, "is_document_type", False):
        return
    expected, fits = _EXPECTED.get(shape.type_name, ("a text", _is_text))
    if not fits(value):
        yield f"{path or 'The input'} must be {expected}"
    elif isinstance(shape, StructureShape):
        yield from _in_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _in_list(shape, value, path)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _problems(shape.value, item, f"{path}.{key}")


def _in_structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    members, _ = known_members(shape)
    for name, item in value.items():
        place = below(path, name)
        if name not in members:
            yield f"{place} is no member of this operation's input"
        else:
            yield from _problems(members[name], item, place)


def _in_list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    for number, item in enumerate(value, 1):
        if item is None:
            yield f"{path}.{number} must not be null"
        yield from _problems(member_of(shape), item, f"{path}.{number}")


def _is_text(value: Any) -> bool:
    # Half a character of two halves is no text: it cannot be sent back.
    return isinstance(value, str) and not any("\ud800" <= each <= "\udfff" for each in value)


def _is_number(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (isinstance(value, float) and math.isfinite(value))


def _is_integer(value: Any) -> bool:
    return _is_number(value) and value == int(value)


def _is_moment(value: Any) -> bool:
    return _is_number(value) or _is_text(value)


_EXPECTED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "structure": ("an object", lambda value: isinstance(value, dict)),
    "map": ("an object", lambda value: isinstance(value, dict)),
    "list": ("a list", lambda value: isinstance(value, list)),
    "integer": ("an integer", _is_integer),
    "long": ("an integer", _is_integer),
    "float": ("a number", _is_number),
    "double": ("a number", _is_number),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "timestamp": ("a moment", _is_moment),
}
