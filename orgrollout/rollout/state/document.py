"""A rollout's state as a document."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from orgrollout.errors import OrgRolloutError
from orgrollout.model.old_reasons import own_of
from orgrollout.rollout.state.state import RolloutState


class NewerStateError(OrgRolloutError):
    """The rollout was last advanced by a newer version of orgrollout. Nothing was changed."""

    def __init__(self, rollout: object, what: str) -> None:
        super().__init__(
            f"rollout {rollout} was last advanced by a newer version of orgrollout ({what}); "
            "nothing was changed. Go on with that version, or a newer one."
        )


def state_document(state: RolloutState) -> dict[str, Any]:
    """Return the state as JSON can hold it."""
    document: dict[str, Any] = _adapter().dump_python(state, mode="json")
    return document


def read_state(document: dict[str, Any]) -> RolloutState:
    """Return the state that ``state_document`` wrote, here or in an older version.

    What an older version did not know yet takes its default. What this version does not know would
    be lost with the next commit, so it is refused.

    Raises:
        NewerStateError: The document says more than this version understands.
    """
    unknown = document.keys() - {field.name for field in fields(RolloutState)}
    if unknown:
        raise NewerStateError(document.get("id"), f"it says {', '.join(sorted(unknown))}")
    return _adapter().validate_python(_with_verdicts(document))


def _with_verdicts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with verdicts as values, where an older version kept sentences alone."""
    completed = [
        {**each, "failures": _judged(each.get("failures") or ())}
        for each in document.get("completed") or ()
    ]
    failures = _judged(document.get("failures") or ())
    return {**document, "failures": failures, "completed": completed}


def _judged(failures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**failure, "own": failure["own"] if "own" in failure else _own(failure["reason"])}
        for failure in failures
    ]


def _own(reason: str) -> dict[str, Any] | None:
    own = own_of(reason)
    return asdict(own) if own else None


@cache
def _adapter() -> TypeAdapter[RolloutState]:
    return TypeAdapter(RolloutState)
