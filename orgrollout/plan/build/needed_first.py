"""Which accounts of which stack sets have to be there before everything else."""

from collections.abc import Mapping

from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.organization.desired import DesiredStackSet


def prerequisites(
    desired: Mapping[StackSetKey, DesiredStackSet],
) -> Mapping[StackSetKey, frozenset[AccountId]]:
    """Return what has to be there before everything else: by stack set, in which accounts.

    What others need in other accounts, and what that needs itself in its own accounts. A plan that
    is about some stack sets only has nothing to do in the others.
    """
    found: dict[StackSetKey, frozenset[AccountId]] = {}
    needed = (key for d in desired.values() for key in d.prerequisites)
    waiting = [(key, desired[key].accounts) for key in needed if key in desired]
    while waiting:
        key, accounts = waiting.pop()
        if accounts <= found.get(key, frozenset()):
            continue
        found[key] = found.get(key, frozenset()) | accounts
        more = [(other, accounts) for other in desired[key].depends_on]
        more += [(o, desired[o].accounts) for o in desired[key].prerequisites if o in desired]
        waiting += [(other, where) for other, where in more if other in desired]
    return found
