"""What is deployed, and what still has to be asked before it can be compared.

A list of stack instances does not carry their overrides, and describing them one by one takes a
day in a large organization. So an instance is described only where neither our own operation id
nor its status tells what it runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orgrollout.model.ids import Digest, OperationId, Pair, StackSetName
from orgrollout.model.operation_id import read_operation_id
from orgrollout.model.stack_set import DeployedStackSet, InstanceStatus, StackInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetInventory:
    """One stack set that exists, with every stack instance it has."""

    deployed: DeployedStackSet
    instances: Mapping[Pair, StackInstance] = field(default_factory=dict)
    unapplied: frozenset[tuple[OperationId, Pair]] = frozenset()  # results that did not succeed
    running: tuple[OperationId, ...] = ()  # operations under way when it was read, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Every stack set the manifest names, or once named, as far as it exists."""

    stack_sets: Mapping[StackSetName, StackSetInventory]
    orphaned: tuple[StackSetName, ...] = ()  # carry the manifest's tag, but it no longer names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What must be read before instances can be compared with what is desired."""

    describe: tuple[Pair, ...] = ()  # their overrides are not known
    results: Mapping[OperationId, Sequence[Pair]] = field(default_factory=dict)  # reached them?


def carried_digest(instance: StackInstance) -> Digest | None:
    """Return the state digest that the operation which made it so carried, if it was ours."""
    ours = read_operation_id(instance.applied_by)
    return ours.state if ours else None


def open_questions(
    instances: Mapping[Pair, StackInstance], desired: Mapping[Pair, Digest]
) -> Questions:
    """Return what to read so that each instance can be compared with its desired state digest.

    CURRENT after an operation of ours needs nothing. OUTDATED with the desired digest needs the
    operation's results: it may have got there before a partial update marked it, or have failed.
    """
    describe: list[Pair] = []
    results: dict[OperationId, list[Pair]] = {}
    for pair, wanted in desired.items():
        instance = instances.get(pair)
        if instance is None or instance.overrides is not None:
            continue
        carried = carried_digest(instance)
        if carried is None:
            describe.append(pair)
        elif carried == wanted and _was_only_marked(instance) and instance.applied_by:
            results.setdefault(instance.applied_by, []).append(pair)
    return Questions(describe=tuple(describe), results=results)


def runs_state(inventory: StackSetInventory, instance: StackInstance, wanted: Digest) -> bool:
    """Return whether the instance is known to run exactly the state with that digest."""
    if instance.is_skipped:
        return False
    carried = carried_digest(instance)
    if carried is not None:
        if carried != wanted:
            return False
        if instance.status is InstanceStatus.CURRENT:
            return True
        reached = (instance.applied_by, instance.pair) not in inventory.unapplied
        return _was_only_marked(instance) and reached
    if instance.overrides is None or instance.status is not InstanceStatus.CURRENT:
        return False
    return inventory.deployed.definition.state_digest(instance.overrides) == wanted


def keeps_overrides(instance: StackInstance, overrides: Mapping[str, str], state: Digest) -> bool:
    """Return whether the instance is known to have exactly these overrides already.

    ``state`` is the digest of the deployed definition with them. What another process is at work on
    may have others in a moment: when AWS stores them is not documented.
    """
    if instance.overrides is not None:
        return not _may_be_under_way(instance) and dict(instance.overrides) == dict(overrides)
    return carried_digest(instance) == state


def _may_be_under_way(instance: StackInstance) -> bool:
    return instance.detailed_status in {"PENDING", "RUNNING"}


def _was_only_marked(instance: StackInstance) -> bool:
    # A partial UpdateStackSet marks all others OUTDATED/PENDING although nothing is pending.
    return instance.status is InstanceStatus.OUTDATED and instance.detailed_status == "PENDING"
