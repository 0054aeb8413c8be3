"""A rollout as the journal keeps it: its state, and which process may act on it right now.

``SCHEMA`` counts the versions of this document. What an older version wrote is brought up to date
as it is read, one step at a time, and written back with the next commit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, TypeAdapter

from orgrollout.journal.documents import Documents
from orgrollout.journal.errors import JournalDocumentError
from orgrollout.journal.port import Document
from orgrollout.journal.reading import as_mapping
from orgrollout.rollout.state.document import NewerStateError, read_state, state_document
from orgrollout.rollout.state.state import RolloutState

SCHEMA = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who acts on a rollout, and until when by the holder's own clock."""

    holder: str
    fence: int  # of the record, when the lease was taken
    until: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The document of a rollout."""

    begun_by: str  # the process that recorded it: tells its own record from another's
    fence: int = 0  # grows with each lease; who acts under an older one is refused
    lease: Lease | None = None
    state: RolloutState
    last_line: Mapping[str, Any] | None = None  # of the history, which may not have it yet


def record_document(record: Record) -> dict[str, Any]:
    """Return the record as JSON can hold it."""
    return {
        "schema_version": SCHEMA,
        "begun_by": record.begun_by,
        "fence": record.fence,
        "lease": _LEASE.dump_python(record.lease, mode="json"),
        "state": state_document(record.state),
        "last_line": record.last_line,
    }


def read_record(document: Mapping[str, Any]) -> Record:
    """Return the record that any version up to this one wrote.

    Raises:
        NewerStateError: A newer version wrote it.
    """
    version = document.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA:
        name = document.get("id") or (document.get("state") or {}).get("id")
        raise NewerStateError(name, f"schema {version}; this one knows {SCHEMA}")
    current = dict(document)
    for step in range(version, SCHEMA):
        current = _MIGRATIONS[step](current)
    return Record(
        begun_by=_TEXT.validate_python(current["begun_by"]),
        fence=_NUMBER.validate_python(current["fence"]),
        lease=_LEASE.validate_python(current["lease"]),
        state=read_state(current["state"]),
        last_line=_LINE.validate_python(current.get("last_line")),
    )


def _with_number(line: dict[str, Any] | None) -> dict[str, Any] | None:
    if line is not None and type(line.get("number")) is not int:
        raise ValueError("its number is no number")
    return line


def _from_1(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was a bare state, with room for a lease around it."""
    state = {key: value for key, value in document.items() if key != "schema_version"}
    return {"schema_version": 2, "begun_by": "", "fence": 0, "lease": None, "state": state}


def _from_2(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record with the names that the fields of a state have now."""
    state = {_RENAMED.get(key, key): value for key, value in document["state"].items()}
    for key in ("in_flight", "withdrawn"):
        state[key] = [
            {"pending" if name == "piece" else name: value for name, value in each.items()}
            for each in state.get(key) or ()
        ]
    return {**document, "schema_version": 3, "state": state}


_RENAMED = {"flights": "in_flight", "landed": "completed", "proving_since": "verifying_since"}
_MIGRATIONS: Mapping[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    1: _from_1,
    2: _from_2,
}
_LINE: TypeAdapter[dict[str, Any] | None] = TypeAdapter(
    Annotated[dict[str, Any] | None, AfterValidator(_with_number)]
)
_TEXT, _NUMBER = TypeAdapter(str), TypeAdapter(int)
_LEASE: TypeAdapter[Lease | None] = TypeAdapter(Lease | None)


def _read(document: Document) -> Record:
    record = read_record(as_mapping(document.key, document.value))
    if ROLLOUTS.key(record.state.id) != document.key:
        raise JournalDocumentError(document.key, f"it is of another rollout, {record.state.id}")
    return record


ROLLOUTS = Documents(prefix="rollout/", read=_read, dump=record_document)
