"""Inputs that break one constraint of an operation's shape each, made from botocore's model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

DEEPEST = 4
_SAMPLES = ("\u0001", "!", " ", "x", "1", "")


@dataclass(frozen=True)
class Violation:
    """An input, and what the answer must say of it."""

    params: Mapping[str, Any]
    path: str
    constraint: str


def violations(operation: OperationModel) -> Iterator[Violation]:
    """Yield inputs of an operation that each break one constraint."""
    shape = operation.input_shape
    if shape is None:
        return
    for name in shape.required_members:
        yield Violation({}, _first(name), "Member must not be null")
    yield from _in_structure(shape, "", DEEPEST)


def _in_structure(shape: StructureShape, path: str, depth: int) -> Iterator[Violation]:
    for name, member in shape.members.items():
        below = f"{path}.{_first(name)}" if path else _first(name)
        for each in _in_value(member, below, depth):
            yield Violation({name: each.params}, each.path, each.constraint)


def _in_value(shape: Shape, path: str, depth: int) -> Iterator[Violation]:
    if depth == 0:
        return
    if isinstance(shape, StructureShape):
        yield from _in_structure(shape, path, depth - 1)
    elif isinstance(shape, ListShape):
        yield from _in_list(shape, path, depth - 1)
    elif not isinstance(shape, MapShape):
        yield from _scalar(shape, path)


def _in_list(shape: ListShape, path: str, depth: int) -> Iterator[Violation]:
    nested = isinstance(shape.member, StructureShape | ListShape)
    for each in _in_value(shape.member, f"{path}.1.member" if nested else path, depth):
        yield Violation([each.params], each.path, each.constraint)  # type: ignore[arg-type]
    longest = shape.metadata.get("max")
    if longest is not None and longest <= 1000 and not nested:
        said = f"length less than or equal to {longest}"
        yield Violation(["x"] * (longest + 1), path, said)  # type: ignore[arg-type]


def _scalar(shape: Shape, path: str) -> Iterator[Violation]:
    limits = shape.metadata
    if shape.type_name == "string":
        for value, constraint in _texts(shape, limits):
            yield Violation(value, path, constraint)  # type: ignore[arg-type]
    elif shape.type_name in ("integer", "long"):
        if "min" in limits:
            said = f"value greater than or equal to {limits['min']}"
            yield Violation(limits["min"] - 1, path, said)
        if "max" in limits:
            said = f"value less than or equal to {limits['max']}"
            yield Violation(limits["max"] + 1, path, said)


def _texts(shape: Shape, limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(shape, StringShape) and shape.enum:
        yield "NOPE", "Member must satisfy enum value set: ["
    if limits.get("max", 10_000) < 5_000:
        yield "a" * (limits["max"] + 1), f"length less than or equal to {limits['max']}"
    if limits.get("min", 0) > 0:
        yield "a" * (limits["min"] - 1), f"length greater than or equal to {limits['min']}"
    if pattern := limits.get("pattern"):
        whole = regex.compile(pattern)
        unfit = next((each for each in _SAMPLES if not whole.fullmatch(each)), None)
        if unfit is not None:
            yield unfit, "Member must satisfy regular expression pattern: "


def _first(name: str) -> str:
    return name[:1].lower() + name[1:]
