"""A rollout's state as a document, with the version of its schema."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from orgrollout.errors import OrgRolloutError
from orgrollout.rollout.state import SCHEMA, RolloutState


class NewerStateError(OrgRolloutError):
    """The rollout was last advanced by a newer version of orgrollout. Nothing was changed."""


def state_document(state: RolloutState) -> dict[str, Any]:
    """Return the state as JSON can hold it."""
    document: dict[str, Any] = _adapter().dump_python(state, mode="json")
    return document


def read_state(document: dict[str, Any]) -> RolloutState:
    """Return the state that ``state_document`` wrote.

    Raises:
        NewerStateError: This version does not know the document's schema.
    """
    version = document.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA:
        raise NewerStateError(
            f"rollout {document.get('id')} was written with state schema {version}, but this "
            f"version of orgrollout knows {SCHEMA}. Use the version that began it, or a newer one."
        )
    return _adapter().validate_python(document)


@cache
def _adapter() -> TypeAdapter[RolloutState]:
    return TypeAdapter(RolloutState)
