"""Stack instances that a plan would create, and of which it knows beforehand that they fail."""

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.request import Request


def meets_kept_stacks(
    key: StackSetKey, differences: Differences, request: Request
) -> frozenset[Pair]:
    """Return which new stack instances meet a stack that was kept when they were detached."""
    kept = request.retained.get(key, {})
    known = request.desired[key].imports.keys() | differences.recovered.keys()
    return frozenset(p for p in differences.creates if p in kept and p not in known)


def takes_a_name_twice(
    key: StackSetKey, differences: Differences, request: Request
) -> frozenset[Pair]:
    """Return which new stack instances make something that an account has once, in two Regions."""
    desired = request.desired[key]
    if desired.once.leaves_one and len(desired.pairs) > 1:
        return frozenset(differences.creates)
    if not desired.once.in_account:
        return frozenset()
    regions: dict[str, int] = {}
    for pair in desired.pairs:
        regions[pair.account] = regions.get(pair.account, 0) + 1
    return frozenset(p for p in differences.creates if regions.get(p.account, 0) > 1)


def meets_another_manifest(
    key: StackSetKey, differences: Differences, request: Request
) -> frozenset[Pair]:
    """Return which new stack instances give a name that another manifest's stack set has."""
    taken = request.taken.get(key)
    imported = request.desired[key].imports.keys() | differences.recovered.keys()
    return taken.pairs & differences.creates.keys() - imported if taken else frozenset()


def doomed(key: StackSetKey, differences: Differences, request: Request) -> frozenset[Pair]:
    """Return the new stack instances of which it is known that they fail.

    What another manifest has is only remembered. It may be gone by now, so it is tried.
    """
    checks = (meets_kept_stacks, takes_a_name_twice)
    return frozenset().union(*(check(key, differences, request) for check in checks))
