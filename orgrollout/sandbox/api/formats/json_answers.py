"""moto's JSON answers without the members that AWS's do not have.

A tool that relies on one would break at AWS.
"""

import json
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape

from orgrollout.sandbox.api.formats.shapes import known_members, member_of
from orgrollout.sandbox.moto.bridge import Message

_OK = 200


def as_modelled(operation: OperationModel, answer: Message) -> Message:
    """Return the answer with the members of the operation's output alone."""
    if answer.status != _OK or operation.service_model.protocol != "json":
        return answer
    try:
        given = json.loads(answer.body or b"{}")
    except ValueError:
        return answer
    kept = _kept(operation.output_shape, given)
    return answer if kept == given else Message(_OK, answer.headers, json.dumps(kept).encode())


def _kept(shape: Shape | None, value: Any) -> Any:
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_kept(member_of(shape), item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _kept(shape.value, item) for key, item in value.items()}
    if shape is not None and shape.type_name == "structure" and isinstance(value, dict):
        members, _ = known_members(shape)
        return {name: _kept(members[name], v) for name, v in value.items() if name in members}
    return value
