"""Reading one stack set: all of it, or what operations have changed since it was last read.

Both ways give the same result. What is read first is the list of operations: whatever begins later
is not in it, and so is read the next time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from orgrollout.aws.stack_sets.reads import StackSetReads
from orgrollout.errors import OperationNotFoundError, StackSetNotFoundError
from orgrollout.inventory.inventory import StackSetInventory, open_questions
from orgrollout.inventory.memory import Memory, merged
from orgrollout.inventory.watermark import Watermark, advanced, unread
from orgrollout.model.ids import Digest, OperationId, Pair, StackSetName
from orgrollout.model.operation import Operation, ResultStatus
from orgrollout.model.stack_set import DeployedStackSet
from orgrollout.reconcile.reading.incremental_refresh import Changes, Own, brought_up_to_date
from orgrollout.reconcile.reading.instances import InstanceRows, detections_among, traced
from orgrollout.reconcile.reading.operations import OperationList

_Failed = frozenset[tuple[OperationId, Pair]]


class StackSetReading:
    """One stack set that is being read."""

    def __init__(
        self,
        reads: StackSetReads,
        name: StackSetName,
        wanted: Mapping[Pair, Digest],
        *,
        now: datetime,
        progress: Callable[[str], None],
    ) -> None:
        self._reads = reads
        self._name = name
        self._wanted = wanted
        self._now = now
        self._progress = progress
        self._rows = InstanceRows(reads, name, progress)
        self._list = OperationList(reads, name, now)

    def read(
        self, known: Memory | None, own: Own, *, drift: bool = False, every_row: bool = False
    ) -> tuple[StackSetInventory, Memory] | None:
        """Return the stack set as it is, and what to remember of it; None: there is none.

        ``own`` are operations of ours that lists may not show yet, with what they were aimed at.
        """
        try:
            self._read_operations(known, own)
        except StackSetNotFoundError:
            return None
        deployed = self._reads.describe(self._name)
        if deployed is None:
            return None
        memory = None
        if known is not None and (new := self._new(known, deployed)) is not None:
            changes = Changes(
                known=known,
                new=new,
                definition=deployed.definition.state_digest({}),
                own=own,
                drift=drift,
                every_row=every_row,
            )
            memory = brought_up_to_date(changes, self._list, self._rows)
        if memory is None:
            if known is not None:
                self._progress(f"{self._name}: what is remembered does not fit; reading all of it")
                self._list = OperationList(self._reads, self._name, self._now)
                self._read_operations(None, own)
            memory = self._whole(deployed)
        return self._answered(deployed, memory)

    def _read_operations(self, known: Memory | None, own: Own) -> None:
        self._list.read_back(known.watermark.since if known else None)
        seen = known.watermark.known if known else frozenset()
        self._list.add(operation for operation in own if operation not in seen)
        self._list.confirm()

    def _new(self, known: Memory, deployed: DeployedStackSet) -> tuple[Operation, ...] | None:
        """Return the operations since, or None where it is another stack set or they have gaps."""
        same = known.stack_set_id == deployed.id
        return unread(known.watermark, self._list.operations) if same else None

    def _whole(self, deployed: DeployedStackSet) -> Memory:
        listed = self._list.operations
        over = frozenset(o.id for o in listed if o.status.is_terminal)
        watermark = advanced(Watermark(), listed, over)
        rows = self._rows.all(len(self._wanted))
        drifts = detections_among(rows, {}, self._list)
        instances = {row.pair: merged(row, None, None, drifts) for row in rows}
        return Memory(
            stack_set_id=deployed.id,
            definition=deployed.definition.state_digest({}),
            watermark=watermark,
            instances={**instances, **traced(instances, drifts, self._list)},
        )

    # --- what is still open

    def _answered(
        self, deployed: DeployedStackSet, memory: Memory
    ) -> tuple[StackSetInventory, Memory]:
        """Return the inventory, after asking what neither rows nor the journal tell."""
        questions = open_questions(memory.instances, self._wanted)
        instances = dict(memory.instances)
        drifts = detections_among((), {}, self._list)
        for pair, found in self._rows.described(questions.describe).items():
            before = instances.pop(pair)
            if found is not None:
                instances[pair] = merged(found, before, None, drifts)
        memory = replace(memory, instances=instances)
        open_failures: _Failed = frozenset()
        for operation, pairs in questions.results.items():
            if operation not in memory.answered:
                failed, is_final = self._failed(operation, pairs)
                if is_final:
                    answered = memory.answered | {operation}
                    unapplied = memory.unapplied | failed
                    memory = replace(memory, answered=answered, unapplied=unapplied)
                open_failures |= failed
        inventory = StackSetInventory(
            deployed=deployed,
            instances=instances,
            unapplied=memory.unapplied | open_failures,
            running=self._list.unfinished,
        )
        return inventory, _without_what_is_over(memory)

    def _failed(self, operation: OperationId, pairs: Iterable[Pair]) -> tuple[_Failed, bool]:
        """Return which pairs an operation did not reach, and whether that is its last word.

        As long as its results may lag, only a success that they name counts as one.
        """
        listed = {o.id: o for o in self._list.operations}.get(operation)
        if listed is not None and not self._list.is_long_over(listed):
            results = self._list.results(operation) or []
            succeeded = {r.pair for r in results if r.status is ResultStatus.SUCCEEDED}
            return frozenset((operation, p) for p in pairs if p not in succeeded), False
        try:
            failed = self._reads.failed_results(self._name, operation)
        except OperationNotFoundError:
            return frozenset((operation, pair) for pair in pairs), False
        return frozenset((operation, result.pair) for result in failed), True


def _without_what_is_over(memory: Memory) -> Memory:
    """Return the memory without answers about operations that made no instance what it is."""
    named = {each.applied_by for each in memory.instances.values()}
    answered = memory.answered & named
    unapplied = frozenset(each for each in memory.unapplied if each[0] in answered)
    return replace(memory, answered=answered, unapplied=unapplied)
