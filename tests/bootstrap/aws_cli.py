"""Commands of the AWS CLI, held against the service models that the CLI itself is made from."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

_SESSION = botocore.session.Session()
_OTHER_NAMES = {"s3api": "s3"}  # the CLI's for a service
_GLOBAL = {"region", "profile", "output"}  # options of the CLI itself


def commands_of(text: str) -> Iterator[list[str]]:
    """Yield the words of each `aws` command of a text; lines that end in a backslash go on."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["aws"]:
            yield words


def check_command(words: list[str]) -> OperationModel:
    """Return the operation of a command, or fail: unknown option, missing or wrong parameter."""
    _, service, command, *rest = words
    model = _SESSION.get_service_model(_OTHER_NAMES.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    operation = model.operation_model(names[command])
    shape = operation.input_shape
    members = {xform_name(name, "-"): name for name in (shape.members if shape else {})}
    given: dict[str, Any] = {}
    for option, values in _options(rest):
        if option in _GLOBAL or shape is None:
            assert option in _GLOBAL, f"{command} takes no --{option}"
            continue
        negated = option.removeprefix("no-")
        name = members.get(option) or members[negated]
        given[name] = _value(shape.members[name], values, flag=option == negated)
    if shape is not None:
        report = ParamValidator().validate(given, shape)
        assert not report.has_errors(), f"{' '.join(words)}: {report.generate_report()}"
    return operation


def _options(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    name, values = "", list[str]()
    for word in words:
        if word.startswith("--"):
            if name:
                yield name, values
            name, values = word[2:], []
        else:
            assert name, f"{word} belongs to no option"
            values.append(word)
    if name:
        yield name, values


def _value(shape: Shape, values: list[str], *, flag: bool) -> Any:
    if shape.type_name == "boolean":
        assert not values
        return flag
    if isinstance(shape, StructureShape):
        return _structure(shape, values)
    if isinstance(shape, ListShape):
        return [_one(shape.member, value) for value in values]
    (value,) = values
    return _one(shape, value)


def _one(shape: Shape, value: str) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, [value])
    return int(value) if shape.type_name in {"integer", "long"} else value


def _structure(shape: StructureShape, values: list[str]) -> Any:
    """Return a structure from JSON, or from the CLI's shorthand Key=a,b,Other=c."""
    (text,) = values
    if text.startswith("{"):
        return json.loads(text)
    found: dict[str, Any] = {}
    key = ""
    for part in text.split(","):
        name, equals, value = part.partition("=")
        key = name if equals else key
        found.setdefault(key, []).append(value if equals else part)
    listed = {k: isinstance(shape.members[k], ListShape) for k in found}
    return {k: v if listed[k] else v[0] for k, v in found.items()}
