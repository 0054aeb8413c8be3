"""Reading what is deployed, in as few calls as tell the truth."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgrollout.aws.stack_sets.reads import StackSetReads
from orgrollout.inventory.inventory import Inventory, StackSetInventory
from orgrollout.inventory.memory import Memory
from orgrollout.model.ids import Digest, OperationId, Pair, StackSetName
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.reconcile.reading.stack_set_reader import StackSetReading

Progress = Callable[[str], None]
OwnOperations = Mapping[StackSetName, Mapping[OperationId, frozenset[Pair]]]


class Refresh(StrEnum):
    """Whether remembered stack instances are brought up to date, or all are read again."""

    INCREMENTAL = "incremental"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is known before anything is read."""

    memories: Mapping[StackSetName, Memory] = field(default_factory=dict)
    own: OwnOperations = field(default_factory=dict)  # of late; lists may not have them yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was read, and what to remember of it."""

    inventory: Inventory
    memories: Mapping[StackSetName, Memory]


def read_inventory(
    reads: StackSetReads,
    manifest: str,
    desired: Iterable[DesiredStackSet],
    remembered: Remembered,
    *,
    drift: bool,
    now: datetime,
    progress: Progress,
) -> Observed:
    """Return what exists of the stack sets that are desired, and which of ours no longer are.

    With ``drift``, what the last drift detection found is up to date too: after a detection that
    means that all stack instances are listed.
    """
    wanted = {d.name: d for d in desired}
    listed = {row.name for row in reads.list_stack_sets()}
    found: dict[StackSetName, StackSetInventory] = {}
    memories: dict[StackSetName, Memory] = {}
    for name in wanted.keys() & listed:
        progress(f"reading {name}")
        reading = StackSetReading(reads, name, _states(wanted[name]), now=now, progress=progress)
        known, own = remembered.memories.get(name), remembered.own.get(name, {})
        read = reading.read(known, own, drift=drift)
        if read is not None:
            found[name], memories[name] = read
    candidates = sorted(n for n in listed - wanted.keys() if n.startswith(f"{manifest}-"))
    orphaned = tuple(name for name in candidates if _is_owned(reads, name, manifest))
    return Observed(inventory=Inventory(stack_sets=found, orphaned=orphaned), memories=memories)


def _states(desired: DesiredStackSet) -> Mapping[Pair, Digest]:
    """Return the state digest that each pair should have."""
    states = {
        key: desired.definition.state_digest(overrides)
        for key, overrides in desired.parameter_sets.items()
    }
    return {pair: states[chosen] for pair, chosen in desired.pairs.items()}


def _is_owned(reads: StackSetReads, name: StackSetName, manifest: str) -> bool:
    deployed = reads.describe(name)
    return deployed is not None and deployed.owner == manifest
