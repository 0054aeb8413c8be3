"""What became of findings, as a document."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orgrollout.drift.history import Record, Records
from orgrollout.model.ids import Digest
from orgrollout.model.old_reasons import own_of

FORMAT = 1


def records_document(records: Records) -> dict[str, Any]:
    """Return the records as JSON can hold them; what is as by default is left out."""
    kept = _adapter().dump_python(dict(records), mode="json", exclude_defaults=True)
    return {"format_version": FORMAT, "records": kept}


def read_records(document: Any) -> Records | None:
    """Return what ``records_document`` wrote, or None where this version cannot read it."""
    if not isinstance(document, dict) or document.get("format_version") != FORMAT:
        return None
    try:
        found = _adapter().validate_python(document.get("records"))
    except ValidationError:
        return None
    return {key: _with_verdict(record) for key, record in found.items()}


def _with_verdict(record: Record) -> Record:
    """Return a record of an earlier version, which kept its verdict as a sentence alone."""
    if not record.refused or record.refused_for is not None:
        return record
    own = own_of(record.refused)
    return replace(record, refused_for=own.cause if own else None)


def is_newer(document: Mapping[str, Any]) -> bool:
    """Return whether a newer version wrote what this one cannot read."""
    version = document.get("format_version")
    return isinstance(version, int) and version > FORMAT


@cache
def _adapter() -> TypeAdapter[dict[Digest, Record]]:
    return TypeAdapter(dict[Digest, Record])
