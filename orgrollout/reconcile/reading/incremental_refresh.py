"""What operations have changed in one stack set since it was last read, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from orgrollout.inventory.memory import (
    MARKED,
    Memory,
    Touched,
    drift_runs,
    looks_stale,
    merged,
    touched,
)
from orgrollout.inventory.watermark import DRIFT, advanced
from orgrollout.model.ids import Digest, OperationId, Pair
from orgrollout.model.operation import Operation, OperationResult
from orgrollout.model.operation_id import read_operation_id
from orgrollout.model.stack_set import StackInstance
from orgrollout.reconcile.reading.instances import PAGE, InstanceRows, detections_among, traced
from orgrollout.reconcile.reading.operations import OperationList

Own = Mapping[OperationId, frozenset[Pair]]
Results = Mapping[OperationId, Sequence[OperationResult]]
Rows = dict[Pair, StackInstance | None]  # None: there is none any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be read after a memory: operations, and the definition as it is now."""

    known: Memory
    new: tuple[Operation, ...]  # not read before, or not over then; oldest first
    definition: Digest
    own: Own  # what operations of ours were aimed at
    drift: bool = False  # what drift detections found is asked for too
    every_row: bool = False  # all are to be listed, whatever has changed

    @property
    def changing(self) -> tuple[Operation, ...]:
        """Return the operations that may have changed something; looking for drift does not."""
        return tuple(o for o in self.new if o.action != DRIFT)

    @property
    def detections(self) -> frozenset[OperationId]:
        """Return the drift detections since all rows were listed."""
        return self.known.drift_runs | drift_runs(self.new)

    @property
    def lists_all(self) -> bool:
        """Return whether all rows must be listed, or are cheaper to list than what has changed.

        UpdateStackSet with another definition marks instances it was not aimed at.
        """
        aimed = sum(len(self.own.get(o.id, ())) for o in self.changing)
        return (
            self.every_row
            or self.definition != self.known.definition
            or (self.drift and bool(self.detections))
            or 2 * aimed > len(self.known.instances)
        )


def brought_up_to_date(
    changes: Changes, operations: OperationList, rows: InstanceRows
) -> Memory | None:
    """Return the memory as it is now, or None where the history of operations has gaps."""
    results = _results(changes, operations)
    if results is None:
        return None
    did = touched(changes.changing, results)
    settled = frozenset(o.id for o in changes.new if _is_settled(o, results, operations))
    read = None if changes.lists_all else _changed(changes, did, settled, rows)
    if read is None:
        listed = rows.all(len(changes.known.instances))
        return _remember(changes, did, settled, {r.pair: r for r in listed}, operations, whole=True)
    return _remember(changes, did, settled, read, operations, whole=False)


def _results(changes: Changes, operations: OperationList) -> Results | None:
    # Where all rows are listed, they say themselves which operation of ours each had; only behind
    # a drift detection they do not.
    skips_ours = changes.lists_all and len(changes.changing) == len(changes.new)
    found: dict[OperationId, Sequence[OperationResult]] = {}
    for operation in changes.changing:
        if skips_ours and read_operation_id(operation.id):
            continue
        results = operations.results(operation.id)
        if results is None:
            return None
        found[operation.id] = results
    return found


def _is_settled(operation: Operation, results: Results, operations: OperationList) -> bool:
    if operation.id in results:
        return operations.is_settled(operation, results[operation.id])
    return operation.status.is_terminal


def _changed(
    changes: Changes, did: Touched, settled: frozenset[OperationId], rows: InstanceRows
) -> Rows | None:
    """Return what was touched as it is now, or None where listing all is cheaper or safer."""
    known = changes.known.instances
    found: Rows = {}
    for operation in changes.changing:
        found.update({row.pair: row for row in rows.last_touched_by(operation.id)})
    if any(o.action == "UPDATE" for o in changes.changing):
        # An UpdateStackSet marks others even where a second one has taken it back since.
        marked = rows.with_detailed_status(MARKED)
        if looks_stale(known, marked, {*did.by, *found}):
            return None
        found.update({row.pair: row for row in marked})
    # Results lag behind. What an operation of ours was aimed at is known without them.
    unclear = {
        p for o in changes.changing if o.id not in settled for p in changes.own.get(o.id, ())
    }
    missing = ({*did.by} | (unclear & known.keys())) - did.gone - found.keys()
    if len(missing) > ceil(len(known) / PAGE):
        return None
    found.update(rows.described(sorted(missing)))
    return {**found, **dict.fromkeys(did.gone - found.keys())}


def _remember(
    changes: Changes,
    did: Touched,
    settled: frozenset[OperationId],
    read: Mapping[Pair, StackInstance | None],
    operations: OperationList,
    *,
    whole: bool,
) -> Memory:
    before = changes.known.instances
    there = [row for row in read.values() if row is not None]
    drifts = changes.detections | detections_among(there, before, operations)
    fresh = {
        row.pair: merged(row, before.get(row.pair), did.by.get(row.pair), drifts) for row in there
    }
    fresh.update(traced(fresh, drifts, operations))
    kept = {} if whole else {p: i for p, i in before.items() if p not in read}
    return replace(
        changes.known,
        definition=changes.definition,
        watermark=advanced(changes.known.watermark, operations.operations, settled),
        instances={**kept, **fresh},
        drift_runs=frozenset() if whole else changes.detections,
    )
