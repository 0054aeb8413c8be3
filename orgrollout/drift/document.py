"""What became of findings, as a document."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orgrollout.drift.history import Record, Records
from orgrollout.model.ids import Digest

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
        return _adapter().validate_python(document.get("records"))
    except ValidationError:
        return None


def is_newer(document: Mapping[str, Any]) -> bool:
    """Return whether a newer version wrote what this one cannot read."""
    version = document.get("format_version")
    return isinstance(version, int) and version > FORMAT


@cache
def _adapter() -> TypeAdapter[dict[Digest, Record]]:
    return TypeAdapter(dict[Digest, Record])
