"""A ledger as it was exported: what `coverage --format json` wrote, read back and checked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from orgrollout.errors import OrgRolloutError
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.rollout.coverage import CoverageState

UNKNOWN = CoverageState.UNKNOWN.value
_EXPORT = "`orgrollout coverage MANIFEST --format json > FILE`"
_Text = Annotated[str, Field(min_length=1)]


class Place(NamedTuple):
    """One account and Region of one stack set."""

    stack_set: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Entry:
    """How a pair stood."""

    state: str
    reason: str
    account_name: str
    ou_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLedger:
    """All that one ledger tells."""

    name: str  # as it was called by the person who compares
    entries: Mapping[Place, Entry]
    is_whole: bool  # otherwise a pair that is not in it is unknown, and not gone
    organization: str | None = None  # None: an older version wrote it
    manifest: str | None = None
    made: datetime | None = None
    as_of: str | None = None
    accounts: frozenset[str] | None = None  # a past one tells of these alone; None: of all


class ExportError(OrgRolloutError):
    """A file holds no exported coverage. Nothing was compared."""


_STRICT = ConfigDict(strict=True, extra="ignore")


@checked(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _Row:
    stack_set: _Text
    account: _Text
    region: _Text
    state: CoverageState
    reason: str = ""
    account_name: str | None = None
    ou_path: str | None = None


@checked(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _Document:
    format_version: int
    summary: dict[str, int]
    instances: list[_Row]
    organization: str | None = None
    manifest: str | None = None
    made: datetime | None = None
    as_of: str | None = None
    narrowed: bool | None = None  # None: an older version wrote it, and it may be


def read_export(content: bytes, name: str) -> KeptLedger:
    """Return the ledger that a file holds.

    Raises:
        ExportError: It is no export, a damaged one, or one of a newer version.
    """
    try:
        document = _adapter().validate_json(content)
    except ValidationError as error:
        raise ExportError(f"{name}: {_problem(error)} Export it with {_EXPORT}.") from error
    if document.format_version != FORMAT_VERSION:
        raise ExportError(
            f"{name} has format_version {document.format_version}, and this version of orgrollout "
            f"knows {FORMAT_VERSION}. Export it with this version: {_EXPORT}."
        )
    counted = sum(document.summary.values())
    entries = _entries(document.instances, name)
    return KeptLedger(
        name=name,
        entries=entries,
        # Rows of chosen states alone are fewer than the summary counts.
        is_whole=document.narrowed is False and counted == len(document.instances),
        organization=document.organization,
        manifest=document.manifest,
        made=document.made,
        as_of=document.as_of,
        accounts=accounts_in(entries) if document.as_of else None,
    )


def accounts_in(places: Iterable[Place]) -> frozenset[str]:
    """Return all accounts that a ledger tells of."""
    return frozenset(place.account for place in places)


def _entries(rows: Iterable[_Row], name: str) -> Mapping[Place, Entry]:
    found: dict[Place, Entry] = {}
    for number, row in enumerate(rows):
        place = Place(row.stack_set, row.account, row.region)
        if place in found:
            raise ExportError(
                f"{name}: instances.{number}: {' '.join(place)} is in it twice, so that its state "
                f"is not known. Export it again with {_EXPORT}."
            )
        found[place] = Entry(row.state.value, row.reason, row.account_name or "", row.ou_path or "")
    return found


@cache
def _adapter() -> TypeAdapter[_Document]:
    return TypeAdapter(_Document)


def _problem(error: ValidationError) -> str:
    """Return where the first mistake is, and what it is. No value is quoted."""
    first: Mapping[str, Any] = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    what = str(first["msg"])
    return f"no coverage as JSON: {where}: {what}." if where else f"no coverage as JSON: {what}."
