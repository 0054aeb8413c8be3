"""Of which kind each value of an organization file has to be, and what is said of another."""

from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from orgrollout.sandbox.organization.model import OPT_IN_REGIONS
from orgrollout.sandbox.partitions import known_regions

_KINDS = {
    "string_type": "a text, in quotes if it looks like a number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
    "bool_type": "true or false",
    "date_type": "a date (YYYY-MM-DD)",
}


def _named(value: Any) -> Any:
    """An account may be a mere name."""
    return {"name": value} if isinstance(value, str) else value


def _or_id(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


def _everywhere(value: Any) -> Any:
    return [] if value == "all" else value


class _Shape(BaseModel):
    # Keys that are not known are told of by the reader, with all others.
    model_config = ConfigDict(strict=True, extra="ignore")


class _Account(_Shape):
    id: str | None = None
    name: str | None = None
    email: str | None = None
    state: str | None = None
    tags: dict[str, Any] | None = None
    opt_in_regions: list[str] | None = None
    joined: date | None = None


class _Unit(_Shape):
    id: str | None = None
    tags: dict[str, Any] | None = None
    accounts: list[Annotated[_Account, BeforeValidator(_named)]] | None = None
    organizational_units: "dict[str, _Unit | None] | None" = None


class _Document(_Shape):
    organization: str | None = None
    management_account: Annotated[_Account, BeforeValidator(_or_id)] | None = None
    home_region: str | None = None
    regions: list[str] | None = None
    delegated_administrators: list[str] | None = None
    feature_set: str | None = None
    trusted_access: bool | None = None
    root_id: str | None = None
    root: _Unit | None = None
    faults: list[dict[str, Any]] | None = None
    settings: dict[str, Any] | None = None
    stack_sets: list[Any] | None = None
    opt_in_regions: dict[str, Annotated[list[str] | None, BeforeValidator(_everywhere)]] | None = (
        None
    )


_ADAPTER = TypeAdapter(_Document)


def wrong_kinds(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with each value that is of another kind than it has to be.

    Raises:
        RecursionError: A unit contains itself.
    """
    try:
        _ADAPTER.validate_python(dict(document))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            if each["type"] == "recursion_loop":
                raise RecursionError from error
            wanted = _KINDS.get(each["type"], "of another kind")
            yield f"{_place(each['loc'])} must be {wanted}, not {_kind(each['input'])}"


def unknown_regions(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield each Region in a document of the right shape that AWS does not have."""
    known = known_regions() | OPT_IN_REGIONS
    home = document.get("home_region")
    places = [("home_region", [home] if home is not None else [])]
    places += [(key, list(document.get(key) or [])) for key in ("regions", "opt_in_regions")]
    for place, regions in places:
        for region in regions:
            if region not in known:
                close = get_close_matches(region, sorted(known), n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                yield f"{place}: there is no Region {region!r}{hint}"


def _place(path: tuple[int | str, ...]) -> str:
    text = ""
    for step in path:
        if step == "[key]":
            text += " (a key)"
        else:
            text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}"
    kinds = {dict: "a mapping", list: "a list", str: "a text", date: "a date"}
    return kinds.get(type(value), "a moment")
