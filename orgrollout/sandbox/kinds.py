"""Of which kind a value of a file has to be, and what is said of another."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orgrollout.sandbox.partitions import known_regions

_KINDS = {
    "account_type": "a name or a mapping",
    "string_type": "a text, in quotes if it looks like a number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "mapping_type": "a mapping",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "date_type": "a date (YYYY-MM-DD)",
    "time_delta_type": "a number of seconds, 0 or more",
}


def wrong_kinds(kind: Any, value: Any, place: str = "") -> Iterator[str]:
    """Yield what is wrong with each part of a value that is not of a kind, a Python type.

    A text is not taken for a number.

    Raises:
        RecursionError: It contains itself.
    """
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            if each["type"] == "recursion_loop":
                raise RecursionError from error
            if each["type"] == "literal_error":
                wanted = each["ctx"]["expected"]
            else:
                wanted = _KINDS.get(each["type"], "of another kind")
            where = f"{place}{_below(each['loc'])}".removeprefix(".")
            yield f"{where} must be {wanted}, not {_named(each['input'])}"


def span_of(given: Any) -> timedelta | None:
    """Return so many seconds; None: it is no number of seconds."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        with suppress(OverflowError, ValueError):
            span = timedelta(seconds=given)
            return span if span >= timedelta() else None
    return None


def unknown_region(region: str, place: str) -> Iterator[str]:
    """Yield what is said of a Region that botocore does not know."""
    known = known_regions()
    if region not in known:
        close = get_close_matches(region, sorted(known), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        newer = "If AWS has it, install a newer botocore"
        yield f"{place}: botocore knows no Region {region!r}.{hint} {newer}"


def _below(path: tuple[int | str, ...]) -> str:
    text = ""
    for step in path:
        if step == "[key]":
            text += " (a key)"
        else:
            text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text


def _named(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}"
    kinds = {list: "a list", str: "a text", date: "a date"}
    return "a mapping" if isinstance(value, Mapping) else kinds.get(type(value), "a moment")
