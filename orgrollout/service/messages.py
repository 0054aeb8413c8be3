"""What the messages of a queue tell of; a message that tells of nothing known is no error."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.model.ids import RolloutId
from orgrollout.model.operation_id import read_operation_id

Event = Mapping[str, Any]


def operations_of(event: Event) -> tuple[set[RolloutId], bool]:
    """Return the rollouts whose operations the messages tell of, and whether there are others."""
    rollouts: set[RolloutId] = set()
    others = False
    for body in bodies_of(event):
        operation = _operation(body)
        said = read_operation_id(operation) if operation else None
        if said is not None:
            rollouts.add(said.rollout)
        others = others or operation is None
    return rollouts, others


def bodies_of(event: Event) -> Iterator[Mapping[str, Any]]:
    """Yield what each message of Amazon SQS holds; nothing where it cannot be read."""
    for record in event.get("Records") or ():
        try:
            body = json.loads(record["body"])
        except (ValueError, KeyError, TypeError):
            body = None
        yield body if isinstance(body, dict) else {}


def _operation(body: Mapping[str, Any]) -> str | None:
    """Return the id of the stack set operation that a message tells of, if it does."""
    detail = body.get("detail")
    found = detail.get("stack-set-operation-id") if isinstance(detail, dict) else None
    return found if isinstance(found, str) else None
