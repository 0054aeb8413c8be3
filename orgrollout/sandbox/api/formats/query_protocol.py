"""Answers of AWS's query protocol: results and errors to XML.

Shapes come from botocore's service model, so every member that exists there is understood.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

XML = {"Content-Type": "text/xml"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@lru_cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service, by endpoint prefix or name."""
    return botocore.session.Session().get_service_model(service)


def render(operation: OperationModel, result: Mapping[str, Any], request_id: str) -> bytes:
    """Return the XML answer of ``operation``."""
    parts: list[str] = []
    if operation.output_shape is not None:
        wrapper = operation.output_shape.serialization.get("resultWrapper", "")
        parts.append(f"<{wrapper}>")
        _render_structure(operation.output_shape, result, parts)
        parts.append(f"</{wrapper}>")
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    inner = "".join(parts)
    return (
        f'<{operation.name}Response xmlns="{namespace}">{inner}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{operation.name}Response>"
    ).encode()


def _render_structure(shape: Shape, value: Mapping[str, Any], parts: list[str]) -> None:
    for name, member in _members(shape):
        item = value.get(name)
        if item is None:
            continue
        parts.append(f"<{name}>")
        _render_value(member, item, parts)
        parts.append(f"</{name}>")


def _render_value(member: Shape, item: Any, parts: list[str]) -> None:
    kind = member.type_name
    if kind == "structure":
        _render_structure(member, item, parts)
    elif kind == "list":
        _render_list(member, item, parts)
    else:
        parts.append(_text(item))


@cache
def _members(shape: Shape) -> tuple[tuple[str, Shape], ...]:
    # botocore builds a new shape object at every access; a page of a hundred
    # instances would build thousands of them.
    return tuple(shape.members.items()) if isinstance(shape, StructureShape) else ()


@cache
def _member(shape: Shape) -> Shape:
    assert isinstance(shape, ListShape)  # noqa: S101
    return shape.member


def _render_list(shape: Shape, items: Iterable[Any], parts: list[str]) -> None:
    member = _member(shape)
    for item in items:
        parts.append("<member>")
        _render_value(member, item, parts)
        parts.append("</member>")


def _text(item: object) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, datetime):
        return item.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return _xml(str(item))


def _xml(text: str) -> str:
    """Return text as XML holds it; what XML has no place for is shown as a replacement."""
    return escape(_NOT_XML.sub("\ufffd", text))


def render_error(code: str, message: str, request_id: str) -> bytes:
    """Return an error in the query protocol's form."""
    return (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{_xml(code)}</Code><Message>{_xml(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def render_rest_error(code: str, message: str, request_id: str) -> bytes:
    """Return an error in the form of S3 and other REST services."""
    return (
        f"<Error><Code>{_xml(code)}</Code><Message>{_xml(message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    ).encode()


def render_ec2_error(code: str, message: str, request_id: str) -> bytes:
    """Return an error in EC2's form."""
    return (
        f"<Response><Errors><Error><Code>{_xml(code)}</Code><Message>{_xml(message)}"
        f"</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ).encode()
