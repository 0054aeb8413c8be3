"""Of which kind each value of an organization file has to be."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from orgrollout.sandbox.kinds import unknown_region, wrong_kinds


def _named(value: Any) -> Any:
    """An account may be a mere name."""
    if not isinstance(value, str | Mapping):
        raise PydanticCustomError("account_type", "a name or a mapping")
    return {"name": value} if isinstance(value, str) else value


def _one_value(value: Any) -> Any:
    """A tag has a value, and not several."""
    if isinstance(value, list | Mapping):
        raise PydanticCustomError("string_type", "a text")
    return value


def _or_id(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"id": value}


def _everywhere(value: Any) -> Any:
    return [] if value == "all" else value


_Tags = dict[Any, Annotated[Any, AfterValidator(_one_value)]]


class _Shape(BaseModel):
    # The reader reports unknown keys, all of them at once.
    model_config = ConfigDict(strict=True, extra="ignore")


class _Account(_Shape):
    id: Any = None  # the reader tells what an id looks like
    name: str | None = None
    email: str | None = None
    state: str | None = None
    tags: _Tags | None = None
    opt_in_regions: list[str] | None = None
    joined: date | None = None


class _Unit(_Shape):
    id: str | None = None
    tags: _Tags | None = None
    accounts: list[Annotated[_Account, BeforeValidator(_named)]] | None = None
    organizational_units: "dict[str, _Unit | None] | None" = None


class _Document(_Shape):
    organization: str | None = None
    management_account: Annotated[_Account, BeforeValidator(_or_id)] | None = None
    home_region: str | None = None
    regions: list[str] | None = None
    delegated_administrators: list[str] | None = None
    feature_set: Literal["ALL", "CONSOLIDATED_BILLING"] | None = None
    trusted_access: bool | None = None
    root_id: str | None = None
    root: _Unit | None = None
    faults: list[dict[str, Any]] | None = None
    settings: dict[str, Any] | None = None
    stack_sets: list[Any] | None = None
    opt_in_regions: dict[str, Annotated[list[str] | None, BeforeValidator(_everywhere)]] | None = (
        None
    )


def problems_of(document: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with each value that is of another kind than it has to be.

    Raises:
        RecursionError: A unit contains itself.
    """
    return list(wrong_kinds(_Document, dict(document)))


def unknown_regions(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield each Region at the top of a document of the right shape that botocore does not know."""
    home = document.get("home_region")
    places = [("home_region", [home] if home is not None else [])]
    places += [(key, list(document.get(key) or [])) for key in ("regions", "opt_in_regions")]
    for place, regions in places:
        for region in regions:
            yield from unknown_region(region, place)
