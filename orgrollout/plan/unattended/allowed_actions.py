"""What may be done unattended: some actions, and everything else is only reported.

To enrol an account means to create what it should have. That must neither bring an old definition
nor come without what it depends on: where either is held back, so is the enrolment.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences

Wanted = Mapping[StackSetKey, Differences]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedActions:
    """Which actions are carried out."""

    actions: frozenset[OperationAction]
    # Stack instances that an earlier enrolment tried to create, and that CloudFormation keeps as
    # records without a stack: to bring them along is an update, and still nothing but enrolment.
    unfinished: Mapping[StackSetKey, frozenset[Pair]] = field(default_factory=dict)
    # What is known to fail is not created where no person looks at it.
    doomed: Mapping[StackSetKey, frozenset[Pair]] = field(default_factory=dict)
    kept: frozenset[AccountId] = frozenset()  # nothing is removed for these

    @property
    def only_enrols(self) -> bool:
        """Return whether nothing that is deployed changes."""
        return self.actions <= {OperationAction.CREATE}

    def of(self, key: StackSetKey, wanted: Differences) -> Differences:
        """Return what may be done of the differences of one stack set."""
        creates = OperationAction.CREATE in self.actions
        updates = OperationAction.UPDATE in self.actions
        tried = self.unfinished.get(key, frozenset()) if creates else frozenset()
        # To recover what is INOPERABLE is to detach it first.
        recovers = wanted.recovers and OperationAction.DETACH in self.actions
        left = self.doomed.get(key, frozenset())
        left |= frozenset() if recovers else wanted.recovered.keys()
        kept = {p: s for p, s in wanted.updates.items() if updates or p in tried}
        return replace(
            wanted,
            creates={p: s for p, s in wanted.creates.items() if creates and p not in left},
            updates=kept,
            detaches=self._removed(OperationAction.DETACH, wanted.detaches),
            deletes=self._removed(OperationAction.DELETE, wanted.deletes),
            recovers=recovers,
        )

    def _removed(self, action: OperationAction, going: tuple[Pair, ...]) -> tuple[Pair, ...]:
        if action not in self.actions:
            return ()
        return tuple(pair for pair in going if pair.account not in self.kept)


def permitted(
    allowed: AllowedActions,
    desired: Mapping[StackSetKey, DesiredStackSet],
    order: Iterable[StackSetKey],
    wanted: Wanted,
    holds_definition: Callable[[StackSetKey], bool],
) -> dict[StackSetKey, Differences]:
    """Return what may be done of all differences.

    ``order`` puts each stack set after what it depends on. ``holds_definition`` tells whether a
    new definition would have to be sent first, and may not be.
    """
    found: dict[StackSetKey, Differences] = {}
    missing: dict[StackSetKey, frozenset[AccountId]] = {}  # where it is wanted, and will not be
    for key in order:
        mine = allowed.of(key, wanted[key])
        if desired[key].absent and not _may_go(allowed, wanted[key], mine):
            mine = replace(mine, detaches=(), deletes=())
        if holds_definition(key):
            mine = replace(mine, creates={}, updates={})
        mine = _with_what_it_needs(desired[key], mine, missing)
        found[key] = mine
        missing[key] = frozenset(p.account for p in wanted[key].creates if p not in mine.creates)
    return {key: found[key] for key in wanted}


def held_back(wanted: Wanted, allowed: Wanted) -> Mapping[OperationAction, int]:
    """Return how many stack instances would change, and are left, by action."""
    counts: Counter[OperationAction] = Counter()
    for key, all_of_it in wanted.items():
        for action, before, after in (
            (OperationAction.CREATE, all_of_it.creates, allowed[key].creates),
            (OperationAction.UPDATE, all_of_it.updates, allowed[key].updates),
            (OperationAction.DETACH, all_of_it.detaches, allowed[key].detaches),
            (OperationAction.DELETE, all_of_it.deletes, allowed[key].deletes),
        ):
            counts[action] += len(before) - len(after)
    return {action: number for action, number in counts.items() if number}


def _may_go(allowed: AllowedActions, wanted: Differences, mine: Differences) -> bool:
    """Return whether a stack set may be deleted: only with all of its stack instances."""
    whole = (wanted.detaches, wanted.deletes) == (mine.detaches, mine.deletes)
    return whole and OperationAction.DELETE in allowed.actions


def _with_what_it_needs(
    desired: DesiredStackSet, mine: Differences, missing: Mapping[StackSetKey, frozenset[AccountId]]
) -> Differences:
    if any(missing.get(key) for key in desired.prerequisites):
        return replace(mine, creates={})
    without = frozenset[AccountId]().union(*(missing.get(k, ()) for k in desired.depends_on))
    kept = {p: s for p, s in mine.creates.items() if p.account not in without}
    return replace(mine, creates=kept)
