"""What the stack instances of a rollout ran before it, as far as it is known.

A plan remembers the digest of what each stack instance ran. What is behind it is in the plans of
the journal: often the definition that was deployed when the plan was made, but not where an earlier
rollout had sent a new one and never got as far as this stack instance.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from orgrollout.model.ids import Digest, Pair, StackSetKey
from orgrollout.model.shown import MASKED
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.plan.model.planned_stack_set import PlannedStackSet

Overrides = Mapping[str, str]


class Before(NamedTuple):
    """What a stack instance ran."""

    definition: StackSetDefinition
    overrides: Overrides


EarlierStates = Mapping[StackSetKey, Mapping[Digest, Before]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What one stack set goes back to, and the overrides of the stack instances that go along."""

    definition: StackSetDefinition
    pairs: Mapping[Pair, Overrides]


def way_back(
    stack_set: PlannedStackSet, updated: Iterable[Pair], earlier: Mapping[Digest, Before]
) -> WayBack:
    """Return the definition that most of the updated stack instances had, and who had it.

    A stack set has one at a time, so the others cannot go back with it.
    """
    known = _known(stack_set, earlier)
    mine = {pair: known[pair] for pair in updated if pair in known}
    by_state: dict[Digest, StackSetDefinition] = {
        _state(before.definition): before.definition for before in mine.values()
    }
    if not by_state:
        return WayBack(definition=stack_set.definition, pairs={})
    counts = Counter(_state(before.definition) for before in mine.values())
    chosen = max(counts, key=lambda state: counts[state])
    deployed = stack_set.deployed
    # The one that was deployed has its description and roles, too.
    same = deployed is not None and _state(deployed) == chosen
    definition = deployed if deployed is not None and same else by_state[chosen]
    return WayBack(
        definition=_unmasked(definition, stack_set.definition),
        pairs={p: b.overrides for p, b in mine.items() if _state(b.definition) == chosen},
    )


def _known(stack_set: PlannedStackSet, earlier: Mapping[Digest, Before]) -> dict[Pair, Before]:
    found: dict[Pair, Before] = {}
    for seen in stack_set.seen:
        before = earlier.get(seen.state.runs) if seen.state.runs is not None else None
        if before is not None:
            before = _as_deployed(stack_set, before)
            found.update({pair: before for r in seen.where for pair in r.pairs})
    return found


def _as_deployed(stack_set: PlannedStackSet, before: Before) -> Before:
    """Return the same with the definition that was deployed, where that makes the same stack.

    Where overrides cover all that is new, the new definition makes it as well.
    """
    deployed, overrides = stack_set.deployed, before.overrides
    if deployed is None or _state(deployed) == _state(before.definition):
        return before
    same = deployed.state_digest(overrides) == before.definition.state_digest(overrides)
    return Before(deployed, overrides) if same else before


def _state(definition: StackSetDefinition) -> Digest:
    """Return what two definitions have in common that make the same stacks."""
    return definition.state_digest({})


def _unmasked(before: StackSetDefinition, now: StackSetDefinition) -> StackSetDefinition:
    """Return a definition with hidden values as they are now, since no others are known.

    Sent as CloudFormation shows them, they would become what it shows.
    """
    values = {
        name: now.parameters.get(name, value) if value == MASKED else value
        for name, value in before.parameters.items()
    }
    return replace(before, parameters=values)
