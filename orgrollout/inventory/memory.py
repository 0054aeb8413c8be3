"""What is remembered of a stack set, and how what was read since changes it.

The memory is a cache of what a full reading would find, and nothing else: without it the
plan is the same. So a row that was read replaces one that was remembered, and overrides are kept
only while no operation can have changed them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orgrollout.inventory.inventory import carried_digest
from orgrollout.inventory.watermark import DRIFT, Watermark
from orgrollout.model.ids import Digest, OperationId, Pair
from orgrollout.model.operation import Operation, OperationResult, ResultStatus
from orgrollout.model.stack_set import StackInstance

Instances = Mapping[Pair, StackInstance]
MARKED = "PENDING"  # what a partial UpdateStackSet makes of all others, in its detailed status


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One stack set as it was when its operations had been read up to the watermark."""

    stack_set_id: str
    definition: Digest  # of its definition, so that a change shows that others were marked
    watermark: Watermark
    instances: Instances = field(default_factory=dict)
    answered: frozenset[OperationId] = frozenset()  # operations whose failures are in `unapplied`
    unapplied: frozenset[tuple[OperationId, Pair]] = frozenset()
    drift_runs: frozenset[OperationId] = frozenset()  # since the rows were all listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What operations did to stack instances, by their results."""

    by: Mapping[Pair, OperationId] = field(default_factory=dict)  # the newest that names the pair
    gone: frozenset[Pair] = frozenset()  # deleted, and not named again


def touched(
    operations: Iterable[Operation], results: Mapping[OperationId, Iterable[OperationResult]]
) -> Touched:
    """Return what operations, oldest first, have touched."""
    by: dict[Pair, OperationId] = {}
    gone: set[Pair] = set()
    for operation in operations:
        for result in results.get(operation.id, ()):
            by[result.pair] = operation.id
            if operation.action == "DELETE" and result.status is ResultStatus.SUCCEEDED:
                gone.add(result.pair)
            else:
                gone.discard(result.pair)
    return Touched(by=by, gone=frozenset(gone))


def drift_runs(operations: Iterable[Operation]) -> frozenset[OperationId]:
    """Return the operations that only looked for drift."""
    return frozenset(o.id for o in operations if o.action == DRIFT)


def merged(
    row: StackInstance,
    before: StackInstance | None,
    changed_by: OperationId | None,
    drifts: frozenset[OperationId],
) -> StackInstance:
    """Return a row just read, with what is known of the instance besides.

    ``changed_by`` is the newest operation since the last reading that names the pair, None if
    there is none; ``drifts`` are operations that changed nothing.
    """
    origin = row.changed_by
    if row.last_operation in drifts:
        origin = changed_by or (before.applied_by if before else None)
    elif before is not None and row.last_operation == before.last_operation:
        origin = before.changed_by
    known = row.overrides
    fresh = replace(row, changed_by=origin if origin != row.last_operation else None)
    kept = before is not None and changed_by is None and before.applied_by == fresh.applied_by
    if known is None and before is not None and kept:
        known = before.overrides
    # What an operation of ours applied is in its id; overrides would be a second account of it.
    return replace(fresh, overrides=None if carried_digest(fresh) else known)


def looks_stale(
    remembered: Instances, rows: Iterable[StackInstance], expected: Iterable[Pair]
) -> bool:
    """Return whether instances remembered as marked are marked no longer, and nothing says why.

    ``rows`` are all that are marked now, ``expected`` what operations have touched.
    """
    marked = {pair for pair, each in remembered.items() if each.detailed_status == MARKED}
    return bool(marked - {row.pair for row in rows} - set(expected))
