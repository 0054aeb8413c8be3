"""How far a stack set's operations have been read, and which of them are still to be read.

All moments are CloudFormation's own, so that a clock which is wrong here hides no operation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orgrollout.model.ids import OperationId
from orgrollout.model.operation import Operation

# ListStackSetOperations is eventually consistent (its API reference); AWS names no bound.
LOOK_BACK = timedelta(minutes=15)
DRIFT = "DETECT_DRIFT"
_EVER = datetime.min.replace(tzinfo=UTC)
_NOWHERE = OperationId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """Every operation created before ``since`` is over and was read, and so are those ``known``."""

    since: datetime = _EVER
    anchor: OperationId | None = None  # the newest one before ``since``, if there was one
    known: frozenset[OperationId] = frozenset()


def reaches_back(listed: Sequence[Operation], page: Sequence[Operation], to: datetime) -> bool:
    """Return whether a list that ends with ``page`` so far has named all operations since ``to``.

    Newest first is how the AWS CLI's example shows it. A list in another order is read to its end.
    """
    if not page:
        return False
    first, last = listed[0].created, page[-1].created
    return first is not None and last is not None and last <= first and last < to


def newest_first(listed: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the operations in order; those without a time come last."""
    return tuple(sorted(listed, key=_created, reverse=True))


def unread(watermark: Watermark, listed: Sequence[Operation]) -> tuple[Operation, ...] | None:
    """Return the operations since the watermark that were not read, oldest first.

    None is a gap: the list does not go on where it was left. What was read has expired, and with it
    maybe what came after; or an operation turned up later than ``LOOK_BACK``; or some carry no
    time.
    """
    ordered = newest_first(listed)
    older = next((o.id for o in ordered if _created(o) < watermark.since), None)
    if older != watermark.anchor or any(o.created is None for o in listed):
        return None
    # Old operations expire before new ones, so a single one tells that nothing after it has.
    read = watermark.known | {o for o in [watermark.anchor] if o}
    if read and read.isdisjoint(o.id for o in listed):
        return None
    return tuple(
        operation
        for operation in reversed(ordered)
        if _created(operation) >= watermark.since and operation.id not in watermark.known
    )


def advanced(
    before: Watermark, listed: Sequence[Operation], read: frozenset[OperationId]
) -> Watermark:
    """Return the watermark after ``read``, operations that are over and whose effects are known.

    It stays ``LOOK_BACK`` behind the newest operation and before the oldest that was not read.
    ``listed`` must reach back further than that.
    """
    if any(o.created is None for o in listed):
        return Watermark(anchor=_NOWHERE)  # no list ends with it, so the next reading is a full one
    ordered = newest_first(listed)
    done = read | before.known | {o.id for o in ordered if _created(o) < before.since}
    newest = [_created(o) - LOOK_BACK for o in ordered[:1]]
    since = min(newest + [_created(o) for o in ordered if o.id not in done], default=_EVER)
    return Watermark(
        since=since,
        anchor=next((o.id for o in ordered if _created(o) < since), None),
        known=frozenset(o.id for o in ordered if _created(o) >= since and o.id in done)
        | (before.known - {o.id for o in ordered}),  # a list may forget what it has named before
    )


def _created(operation: Operation) -> datetime:
    return operation.created or _EVER
