"""What other manifests of the same journal have deployed, under names that are there once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from orgrollout.errors import OrgRolloutError
from orgrollout.inventory.inventory import Inventory
from orgrollout.journal.port import Journal
from orgrollout.manifest.fixed_names import FixedNames, Name
from orgrollout.model.ids import Pair, RolloutId, StackSetKey, StackSetName
from orgrollout.model.stack_set import StackInstance, StackSetDefinition
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.request import Taken
from orgrollout.plan.model.planned_stack_set import PlannedStackSet
from orgrollout.reconcile.documents.rollouts import load_rollout, rollout_ids
from orgrollout.reconcile.reading.inventory_cache import INVENTORY

_SAMPLE = 20  # new stack instances whose names are worked out, of each stack set
_NEWEST = 3  # rollouts of another manifest that are read; a re-sync names few of its stack sets


@dataclass(frozen=True, slots=True, kw_only=True)
class _Other:
    """A stack set of another manifest."""

    manifest: str
    name: StackSetName
    definition: StackSetDefinition
    instances: Mapping[Pair, StackInstance]


def names_taken(
    journal: Journal,
    manifest: str,
    desired: Mapping[StackSetKey, DesiredStackSet],
    inventory: Inventory,
) -> dict[StackSetKey, Taken]:
    """Return which stack sets would create what a stack set of another manifest has already.

    The journal is asked only where something is to be created and has another manifest in it. Of
    each stack set a sample is worked out; nothing is said of what cannot be worked out.
    """
    new = {key: pairs for key, each in desired.items() if (pairs := _new(each, inventory))}
    others = list(_others(journal, manifest)) if new else []
    found = {}
    for key, pairs in new.items() if others else ():
        taken = _taken(desired[key], pairs, others)
        if taken is not None:
            found[key] = taken
    return found


def _new(desired: DesiredStackSet, inventory: Inventory) -> tuple[Pair, ...]:
    deployed = inventory.stack_sets.get(desired.name)
    known = deployed.instances if deployed else {}
    return tuple(sorted(pair for pair in desired.pairs if pair not in known))


def _others(journal: Journal, manifest: str) -> Iterator[_Other]:
    """Yield the stack sets of other manifests, as their newest rollouts have them."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for rollout in rollout_ids(journal):
        other, _, number = rollout.rpartition("-")
        if other != manifest and number.isdigit():
            numbers[other].append(int(number))
    for other, known in numbers.items():
        seen: set[StackSetName] = set()
        for newest in sorted(known, reverse=True)[:_NEWEST]:
            for stack_set, is_gone in _stack_sets(journal, RolloutId(f"{other}-{newest}")):
                instances = {} if is_gone else _instances(journal, stack_set.name)
                if stack_set.name not in seen and instances:
                    yield _Other(
                        manifest=other,
                        name=stack_set.name,
                        definition=stack_set.definition,
                        instances=instances,
                    )
                seen.add(stack_set.name)


def _instances(journal: Journal, name: StackSetName) -> Mapping[Pair, StackInstance]:
    """Return the stack instances that are remembered; none where the memory is damaged."""
    try:
        memory = INVENTORY.get(journal, name)
    except OrgRolloutError:
        return {}
    return memory.value.instances if memory and memory.value else {}


def _stack_sets(journal: Journal, rollout: RolloutId) -> list[tuple[PlannedStackSet, bool]]:
    """Return the stack sets of a rollout, and whether it took them away.

    There are none where its record is gone, or damaged.

    What is damaged there is told by the commands that need it, and is no reason not to plan here.
    """
    try:
        found = load_rollout(journal, rollout)
    except OrgRolloutError:
        return []
    return [(each, key in found.state.gone) for key, each in found.plan.stack_sets.items()]


def _taken(desired: DesiredStackSet, new: tuple[Pair, ...], others: list[_Other]) -> Taken | None:
    """Return the first name that is taken, and where the new stack instances meet it."""
    sample = new[:_SAMPLE]
    mine = frozenset[Name]().union(*_names_at(desired, sample))
    for other in others if mine else ():
        if clash := min(_names_of(other, {p.account for p in sample}) & mine, default=None):
            kind, name, _ = clash
            theirs = _names_of(other, {p.account for p in new})
            given = zip(new, _names_at(desired, new), strict=True)
            return Taken(
                what=f"{kind} {name}",
                stack_set=other.name,
                manifest=other.manifest,
                pairs=frozenset(pair for pair, names in given if names & theirs),
            )
    return None


def _names_at(desired: DesiredStackSet, pairs: Iterable[Pair]) -> Iterator[frozenset[Name]]:
    """Yield the names that each stack instance would give."""
    names = FixedNames(desired.definition.template_body, desired.name)
    for pair in pairs:
        overrides = desired.parameter_sets.get(desired.pairs[pair], {})
        parameters = {**desired.definition.parameters, **overrides}
        yield names.at(parameters, pair.account, pair.region)


def _names_of(other: _Other, accounts: set[str]) -> frozenset[Name]:
    """Return the names of another's stacks in these accounts, and of its first one anywhere."""
    names = _read(other.definition.template_body, other.name)
    pairs = sorted(other.instances)
    chosen = [pair for pair in pairs if pair.account in accounts] or pairs[:1]
    found: set[Name] = set()
    for pair in chosen:
        parameters = {**other.definition.parameters, **(other.instances[pair].overrides or {})}
        found |= names.at(parameters, pair.account, pair.region)
    return frozenset(found)


@cache
def _read(body: str, called: str) -> FixedNames:
    return FixedNames(body, called)
