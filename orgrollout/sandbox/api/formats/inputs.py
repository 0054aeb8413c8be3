"""The input of an operation, read from a request by botocore's model; nothing is guessed.

Errors bear the codes of AWS: MalformedInput (query protocol; seen in rusoto/rusoto#512),
SerializationException (JSON), MalformedXML (S3 API reference, error responses).
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlparse
from xml.etree import ElementTree as ET

from botocore.model import OperationModel, StructureShape

from orgrollout.sandbox.api.formats import query_input
from orgrollout.sandbox.errors import ApiError

_QUERY_STRING = "querystring"


class Asked(Protocol):
    """The parts of a request that are read."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def read(model: OperationModel, request: Asked) -> dict[str, Any]:
    """Return the input of an operation.

    Raises:
        ApiError: It cannot be read; the message says where.
    """
    protocol = model.service_model.protocol
    if protocol == "query":
        return query_input.parse(model, fields_of(request))
    if protocol == "ec2":
        return {k: v for k, v in fields_of(request).items() if k not in ("Action", "Version")}
    if protocol == "json":
        return _object(request.body)
    if protocol == "rest-json":
        return _rest_json(model, request)
    return _rest_xml(model, request)


def fields_of(request: Asked) -> dict[str, str]:
    """Return the form fields of a request, from its URL and its body.

    Raises:
        ApiError: MalformedQueryString, for a field that comes twice or a body that is no text.
    """
    try:
        text = request.body.decode()
        given = [
            *parse_qsl(urlparse(request.url).query, keep_blank_values=True),
            *(parse_qsl(text, keep_blank_values=True) if not text.startswith(("{", "<")) else ()),
        ]
    except ValueError as error:
        raise ApiError("MalformedQueryString", "The body is not a form in UTF-8.") from error
    fields = dict(given)
    if len(fields) != len(given):
        names = [name for name, _ in given]
        twice = next(name for name in names if names.count(name) > 1)
        raise ApiError("MalformedQueryString", f"The parameter {twice} is given twice.")
    return fields


def _object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        # The body is not quoted: it may hold secrets.
        raise ApiError("SerializationException", "The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise ApiError("SerializationException", "The body must be a JSON object.")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _rest_json(model: OperationModel, request: Asked) -> dict[str, Any]:
    shape = model.input_shape
    if not isinstance(shape, StructureShape) or not request.body.strip():
        return {}
    payload = shape.serialization.get("payload")
    if payload is None:
        return _object(request.body)
    is_json = shape.members[payload].type_name == "structure"
    return {payload: _object(request.body) if is_json else request.body}


def _rest_xml(model: OperationModel, request: Asked) -> dict[str, Any]:
    shape = model.input_shape
    if isinstance(shape, StructureShape):
        payload = shape.serialization.get("payload")
        if payload is not None and shape.members[payload].type_name == "structure":
            _well_formed(request.body)
        _numbers(shape, request)
    return {"path": urlparse(request.url).path}


def _well_formed(body: bytes) -> None:
    if not body.strip():
        return
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise _malformed_xml()
    try:
        ET.fromstring(body)  # noqa: S314 - without a DOCTYPE there are no entities
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise _malformed_xml() from error


def _malformed_xml() -> ApiError:
    message = "The XML you provided was not well-formed or did not validate against our published"
    return ApiError("MalformedXML", f"{message} schema")


def _numbers(shape: StructureShape, request: Asked) -> None:
    given = dict(parse_qsl(urlparse(request.url).query, keep_blank_values=True))
    for name, member in shape.members.items():
        if member.serialization.get("location") != _QUERY_STRING:
            continue
        value = given.get(member.serialization.get("name", name))
        if value and member.type_name in ("integer", "long") and not value.lstrip("-").isdigit():
            message = f"Provided {name} not an integer or within integer range"
            raise ApiError("InvalidArgument", message)
