"""Reading what a journal keeps: a document that is damaged is named, with what is wrong in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from orgrollout.journal.errors import JournalDocumentError

_WRONG = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,  # pydantic's are of this kind
)


@contextmanager
def reading(key: str) -> Iterator[None]:
    """Read the document ``key`` in the body: what cannot be read is damage, and told as such.

    Raises:
        JournalDocumentError: Something in it is missing, or of another kind.
    """
    try:
        yield
    except _WRONG as error:
        raise JournalDocumentError(key, _said(error)) from error


def as_mapping(key: str, value: Any) -> Mapping[str, Any]:
    """Return a value of the journal that has to be a mapping.

    Raises:
        JournalDocumentError: It is something else.
    """
    if not isinstance(value, dict):
        raise JournalDocumentError(key, f"it is {_kind(value)}, and not a mapping")
    return value


def with_zone(moment: str) -> str:
    """Return the text of a moment that can be compared with others.

    Raises:
        ValueError: It is none, or has no time zone.
    """
    if datetime.fromisoformat(moment).tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment


def _said(error: Exception) -> str:
    """Return what is wrong without a value: documents name accounts, and what failed in them."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "all of it"
        return f"{where}: {first['msg']}"
    if isinstance(error, KeyError):
        return f"{error.args[0] if error.args else error} is missing"
    return "something in it is of another kind than it was written"


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
