"""What comes before what: stack sets by their dependencies, pairs by their waves."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build import waves
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.needed_first import prerequisites
from orgrollout.plan.build.request import Request

WaveOf = Callable[[StackSetKey, Pair], int]


def dependency_order(desired: Mapping[StackSetKey, DesiredStackSet]) -> tuple[StackSetKey, ...]:
    """Return the stack sets so that each comes after what it depends on."""
    done: dict[StackSetKey, None] = {}

    def visit(key: StackSetKey) -> None:
        if key in done or key not in desired:
            return
        for needed in (*desired[key].prerequisites, *desired[key].depends_on):
            visit(needed)
        done[key] = None

    for key in desired:
        visit(key)
    return tuple(done)


def among(
    desired: Mapping[StackSetKey, DesiredStackSet], keys: Collection[StackSetKey]
) -> dict[StackSetKey, DesiredStackSet]:
    """Return some of the stack sets, in the order they have among each other.

    Where one depends on another by way of stack sets that are left out, it depends on it directly.
    """

    def needed(key: StackSetKey) -> tuple[set[StackSetKey], set[StackSetKey]]:
        """Return what it depends on in the same account, and what comes before it anywhere."""
        here = set(desired[key].depends_on)
        anywhere = set(desired[key].prerequisites)
        for other in (here | anywhere) - set(keys):
            its_here, its_anywhere = needed(other)
            (here if other in here else anywhere).update(its_here)
            anywhere.update(its_anywhere)
        return here & set(keys), anywhere & set(keys)

    found: dict[StackSetKey, DesiredStackSet] = {}
    for key in (key for key in desired if key in keys):
        here, anywhere = needed(key)
        found[key] = replace(
            desired[key],
            depends_on=tuple(other for other in desired if other in here - anywhere),
            prerequisites=tuple(other for other in desired if other in anywhere),
        )
    return found


def wave_finder(request: Request, differences: Mapping[StackSetKey, Differences]) -> WaveOf:
    """Return what tells the wave of a pair: prerequisites in 0, then as the manifest says."""
    first = prerequisites(request.desired)
    accounts = {pair.account for d in request.desired.values() for pair in d.pairs}
    assigned = waves.assign(request.manifest, request.organization, accounts)
    _never_before_their_definition(request, differences, assigned, first)
    return lambda key, pair: 0 if pair.account in first.get(key, ()) else assigned[pair.account]


def _never_before_their_definition(
    request: Request,
    differences: Mapping[StackSetKey, Differences],
    assigned: dict[AccountId, int],
    first: Mapping[StackSetKey, frozenset[AccountId]],
) -> None:
    """Move accounts that get new stack instances behind the operation that sends the definition.

    That operation is aimed at existing instances, and in an earlier wave a new one would get the
    old template.
    """
    changing = [
        differences[key]
        for key, desired in request.desired.items()
        if key not in first
        and differences[key].updates
        and request.definition_changes(desired, differences[key])
    ]
    moved = True
    while moved:
        moved = False
        for difference in changing:
            earliest = min(assigned[pair.account] for pair in difference.updates)
            for pair in difference.creates:
                if assigned[pair.account] < earliest:
                    assigned[pair.account] = earliest
                    moved = True
