"""A plan as a document: the same value again when it is read."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from orgrollout.plan.model.consistency import must_be_consistent
from orgrollout.plan.model.instance_state import seen_of_old
from orgrollout.plan.model.notify import destinations_of_old
from orgrollout.plan.model.old_kinds import with_kind
from orgrollout.plan.model.plan import Plan


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON can hold it."""
    document: dict[str, Any] = _adapter().dump_python(plan, mode="json", by_alias=True)
    return document


def read_plan(document: dict[str, Any]) -> Plan:
    """Return the plan that ``plan_document`` wrote.

    Raises:
        ValueError: The document is not a plan, or its parts do not fit together.
    """
    return must_be_consistent(_adapter().validate_python(_up_to_date(document)))


def _up_to_date(document: Any) -> Any:
    """Return the document in today's form; what is no plan is left for the adapter to refuse."""
    stack_sets = document.get("stack_sets") if isinstance(document, dict) else None
    operations = document.get("operations") if isinstance(document, dict) else None
    if not isinstance(stack_sets, dict) or not isinstance(operations, list | tuple):
        return document
    told = {"destinations": destinations_of_old(document["topics"])} if "topics" in document else {}
    return {
        **{key: value for key, value in document.items() if key != "topics"},
        **told,
        "stack_sets": {k: _stack_set(each) for k, each in stack_sets.items()},
        "operations": [with_kind(each) for each in operations],
    }


def _stack_set(document: Any) -> Any:
    if not isinstance(document, dict) or not isinstance(document.get("seen"), dict):
        return document
    return {**document, "seen": seen_of_old(document["seen"])}


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)
