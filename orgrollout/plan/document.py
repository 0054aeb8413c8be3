"""A plan as a document: the same value again when it is read."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from orgrollout.plan.plan import Plan


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON can hold it."""
    document: dict[str, Any] = _adapter().dump_python(plan, mode="json")
    return document


def read_plan(document: dict[str, Any]) -> Plan:
    """Return the plan that ``plan_document`` wrote.

    Raises:
        ValueError: The document is not a plan.
    """
    return _adapter().validate_python(document)


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)
