"""Turns a resource's properties into the request that its service gets.

CloudFormation writes ``RoleARN`` where AWS Config says ``roleARN`` and lets numbers be strings;
apart from that the two agree, so that the service's own model can translate and judge.
"""

import json
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

_SESSION = botocore.session.Session()


def request_for(service: str, operation: str, **given: Any) -> dict[str, Any]:
    """Return ``given`` as parameters of a boto3 call.

    Raises:
        ValueError: botocore would refuse the call.
    """
    shape = _SESSION.get_service_model(service).operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    request: dict[str, Any] = _fit(shape, given)
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise ValueError(report.generate_report())
    return request


def unknown_names(call: str, params: dict[str, Any]) -> set[str]:
    """Return the parameters that the service does not document, such as an alias of botocore."""
    service, operation = call.split(":")
    shape = _SESSION.get_service_model(service).operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    return set(params) - set(shape.members)


def _fit(shape: Shape, value: Any) -> Any:
    match shape:
        case StructureShape():
            members = {name.lower(): name for name in shape.members}
            # An unknown property keeps its name, so that the validator names it.
            names = {key: members.get(key.lower(), key) for key in value}
            return {
                names[key]: _fit(shape.members[names[key]], each)
                if names[key] in shape.members
                else each
                for key, each in value.items()
            }
        case ListShape():
            return [_fit(shape.member, each) for each in value]
        case MapShape():
            return {key: _fit(shape.value, each) for key, each in value.items()}
        case _:
            return _scalar(shape, value)


def _scalar(shape: Shape, value: Any) -> Any:
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name == "string":
        text = value if isinstance(value, str) else json.dumps(value)
        enum = getattr(shape, "enum", None)
        if enum and text not in enum:
            raise ValueError(f"{text!r} is not one of {enum}")
        return text
    return value
