"""The operations of one stack set as they are read: newest first, and no further than needed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from orgrollout.aws.stack_sets.reads import StackSetReads
from orgrollout.errors import OperationNotFoundError
from orgrollout.inventory.watermark import DRIFT, LOOK_BACK, newest_first, reaches_back
from orgrollout.model.ids import OperationId, StackSetName
from orgrollout.model.operation import Operation, OperationResult, ResultStatus

_UNFINISHED = {ResultStatus.PENDING, ResultStatus.RUNNING}


class OperationList:
    """ListStackSetOperations, read further when older ones are needed."""

    def __init__(self, reads: StackSetReads, name: StackSetName, now: datetime) -> None:
        self._reads = reads
        self._name = name
        self._now = now
        self._pages = reads.operation_pages(name)
        self.operations: list[Operation] = []

    def read_back(self, since: datetime | None) -> None:
        """Read until the list has named all operations since then.

        None: until they are over, and further back than the list may be behind.
        """
        for page in self._pages:
            self.operations += page
            if self.operations and self._is_enough(page, since):
                return

    @property
    def unfinished(self) -> tuple[OperationId, ...]:
        """Return what is under way, oldest first."""
        oldest_first = reversed(newest_first(self.operations))
        return tuple(o.id for o in oldest_first if not o.status.is_terminal)

    def add(self, operations: Iterable[OperationId]) -> None:
        """Add operations of ours that the list may not have yet, if they were started."""
        listed = {o.id for o in self.operations}
        for operation in operations:
            if operation not in listed:
                found = self._reads.describe_operation(self._name, operation)
                self.operations += [found] if found else []

    def confirm(self) -> None:
        """Describe what seems to be under way: the list is behind, and a description is not."""
        for index, listed in enumerate(self.operations):
            if not listed.status.is_terminal:
                found = self._reads.describe_operation(self._name, listed.id)
                if found is not None:
                    created = found.created or listed.created
                    self.operations[index] = replace(found, created=created)

    def drifts_among(self, strangers: Iterable[OperationId]) -> frozenset[OperationId]:
        """Return which of the operations only looked for drift.

        Reads older pages as long as some are not found. One that no page has is described, if it
        is among the first three.
        """
        missing = dict.fromkeys(strangers)
        kinds = {o.id: o.action for o in self.operations}
        while not missing.keys() <= kinds.keys():
            page = next(self._pages, None)
            if page is None:
                break
            self.operations += page
            kinds.update({o.id: o.action for o in page})
        self.add([operation for operation in missing if operation not in kinds][:3])
        kinds.update({o.id: o.action for o in self.operations})
        return frozenset(o for o in missing if kinds.get(o) == DRIFT)

    def history(self) -> Iterator[Operation]:
        """Yield all operations, newest first, reading on when they run out."""
        yield from newest_first(self.operations)
        for page in self._pages:
            self.operations += page
            yield from page

    def results(self, operation: OperationId) -> list[OperationResult] | None:
        """Return what became of each stack instance, or None where AWS no longer knows."""
        try:
            return list(self._reads.results(self._name, operation))
        except OperationNotFoundError:
            return None

    def is_settled(self, operation: Operation, results: Iterable[OperationResult]) -> bool:
        """Return whether an operation is over and its results are all there; they lag behind."""
        if not operation.status.is_terminal:
            return False
        statuses = {result.status for result in results}
        return self.is_long_over(operation) or bool(statuses and not statuses & _UNFINISHED)

    def is_long_over(self, operation: Operation) -> bool:
        """Return whether it ended longer ago than any list lags."""
        return operation.ended is not None and operation.ended <= self._now - LOOK_BACK

    def _is_enough(self, page: tuple[Operation, ...], since: datetime | None) -> bool:
        if since is not None:
            return reaches_back(self.operations, page, since)
        newest = self.operations[0].created
        if newest is None or any(not o.status.is_terminal for o in page):
            return False
        return reaches_back(self.operations, page, newest - LOOK_BACK)
