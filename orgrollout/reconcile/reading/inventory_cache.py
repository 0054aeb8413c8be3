"""What the journal remembers of stack sets. A cache: what is lost is read again."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.inventory.memory import Memory
from orgrollout.inventory.memory_document import memory_document, read_memory
from orgrollout.inventory.watermark import LOOK_BACK
from orgrollout.journal.conflicts import unless_overtaken
from orgrollout.journal.documents import Documents
from orgrollout.journal.errors import JournalError
from orgrollout.journal.port import Document, Journal
from orgrollout.model.ids import OperationId, Pair, StackSetName
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.detections import recent_detections
from orgrollout.reconcile.documents.rollouts import Rollout, recent_rollouts
from orgrollout.reconcile.reading.inventory import OwnOperations
from orgrollout.reconcile.reading.stack_set_reader import StackSetReading


def _read(document: Document) -> Memory | None:
    """Return what was kept; None: another version wrote it."""
    return read_memory(document.value)


def _dump(memory: Memory | None) -> Any:
    return memory_document(memory) if memory else None


INVENTORY = Documents(prefix="inventory/", read=_read, dump=_dump)


class Memories:
    """The memories of some stack sets, as one command reads and writes them."""

    def __init__(self, journal: Journal, progress: Callable[[str], None]) -> None:
        self._journal = journal
        self._progress = progress
        self._found: dict[StackSetName, Document] = {}

    def recall(self, names: Iterable[StackSetName]) -> Mapping[StackSetName, Memory]:
        """Return what is remembered of them."""
        found: dict[StackSetName, Memory] = {}
        for name in dict.fromkeys(names):
            document = self._journal.get(INVENTORY.key(name))
            if document is not None:
                self._found[name] = document
                memory = INVENTORY.read(document)
                found.update({name: memory} if memory else {})
        return found

    def keep(self, memories: Mapping[StackSetName, Memory]) -> None:
        """Write what has changed. Where another process wrote meanwhile, its memory stays.

        A journal that takes no more is no reason not to plan.
        """
        for name, memory in memories.items():
            before = self._found.get(name)
            value = memory_document(memory)
            if before is not None and before.value == value:
                continue
            put = partial(self._journal.put, INVENTORY.key(name), value)
            version = before.version if before else None
            try:
                unless_overtaken(partial(put, expected=version))
            except JournalError as error:
                self._progress(f"{name}: what was read is not remembered. {error}")


def list_and_remember(context: Context, name: StackSetName) -> StackSetInventory | None:
    """Return a stack set with all stack instances, and remember it, since it was listed anyway.

    No more overrides are read than were known. None: the stack set is gone.
    """
    now = context.clock.now()
    own = own_operations(context.journal, now).get(name, {})
    memories = Memories(context.journal, _silent)
    known = memories.recall([name]).get(name)
    reading = StackSetReading(context.stack_sets, name, {}, now=now, progress=_silent)
    read = reading.read(known, own, every_row=True)
    if read is None:
        return None
    inventory, memory = read
    memories.keep({name: memory})
    return inventory


def own_operations(journal: Journal, now: datetime) -> OwnOperations:
    """Return the operations of ours that CloudFormation's list may not name yet, with their pairs.

    What they were aimed at is what was planned; some of it may have been taken out before.
    """
    found: dict[StackSetName, dict[OperationId, frozenset[Pair]]] = {}
    for rollout in recent_rollouts(journal, now - LOOK_BACK):
        for name, operation, pairs in _operations(rollout, now - LOOK_BACK):
            found.setdefault(name, {})[operation] = pairs
    for name, intent in recent_detections(journal, now - LOOK_BACK):
        found.setdefault(name, {})[intent.operation] = frozenset()  # a detection changes none
    return found


def _silent(_: str) -> None:
    pass


def _operations(
    rollout: Rollout, since: datetime
) -> Iterable[tuple[StackSetName, OperationId, frozenset[Pair]]]:
    plan, state = rollout.plan, rollout.state
    for in_flight in state.in_flight:
        key = plan.operations[in_flight.pending.planned].stack_set
        yield plan.stack_sets[key].name, in_flight.id, in_flight.pending.pairs
    for completed in state.completed:
        if completed.started >= since:
            planned = plan.operations[completed.planned]
            name = plan.stack_sets[planned.stack_set].name
            yield name, completed.id, frozenset(planned.rectangle.pairs)
