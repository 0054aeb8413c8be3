"""How all stack instances stood at a past moment, by what the journal remembers of rollouts.

A plan remembers how all stood when it was made, and its rollout what became of each pair since. A
plan without that memory (an older version made it, or it takes a rollout back) stands on the
rollouts before it. A pair that nothing tells of is unknown, and never taken for current.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.model.ledger_then import LedgerThen
from orgrollout.plan.model.plan import PlannedOperation
from orgrollout.rollout.coverage import CoverageRow, CoverageState, Standing
from orgrollout.rollout.past_organization import past_organization
from orgrollout.rollout.state.state import RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.unfinished import PENDING, left_of

NOT_RECORDED = "the journal does not say"
_UNTOUCHED: Mapping[OperationAction, CoverageState] = {
    OperationAction.CREATE: CoverageState.MISSING,
    OperationAction.DETACH: CoverageState.ORPHANED,
    OperationAction.DELETE: CoverageState.ORPHANED,
}

Place = tuple[StackSetKey, Pair]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLedger:
    """The ledger of a past moment."""

    rows: tuple[CoverageRow, ...]
    until: datetime | None  # that moment; None: now
    read: LedgerThen | None  # what was read last before it; None: no plan tells, rows are a part
    organization: Organization  # as far as it is known


def ledger_as_of(history: Sequence[RolloutView], until: datetime | None) -> PastLedger:
    """Return how all stood at a moment, or, without one, how rollouts have left it by now.

    ``history`` are the rollouts of one manifest that had begun by then, oldest first. Those that
    are in what the newest of their plans remembers may be left out.
    """
    base = newest_ledger(history)
    grid = _Grid(base)
    for view in history:
        if base is None or not is_in(view.state.created, view.state.ended, base):
            grid.replay(view, until)
    grid.fill()
    return PastLedger(
        rows=tuple(grid.rows()),
        until=until,
        read=base,
        organization=past_organization(base, [view.plan for view in history]),
    )


def newest_ledger(history: Iterable[RolloutView]) -> LedgerThen | None:
    """Return what was read last of all that the plans remember: a saved one may be an older."""
    known = (view.plan.ledger for view in history)
    return max((each for each in known if each), key=lambda each: each.at, default=None)


def is_in(created: datetime, ended: datetime | None, ledger: LedgerThen) -> bool:
    """Return whether all that a rollout did was done when a ledger was read."""
    return created < ledger.at and ended is not None and ended <= ledger.at


class _Grid:
    """Every pair of every stack set, each in the state that was said of it last."""

    def __init__(self, base: LedgerThen | None) -> None:
        self._found: dict[Place, Standing] = {}
        self._once_gone: dict[Place, Standing] = {}  # of orphaned pairs
        self._is_whole = base is not None
        self._accounts = frozenset(base.accounts) if base else frozenset[AccountId]()
        self._regions: dict[StackSetKey, tuple[Region, ...]] = {}
        if base is not None:
            self._begin(base)

    def _begin(self, base: LedgerThen) -> None:
        for key, each in base.stack_sets.items():
            self._regions[key] = each.regions
            for alike in each.alike:
                standing = CoverageState(alike.state), alike.reason
                places = [(key, pair) for pair in base.pairs(alike)]
                self._found.update(dict.fromkeys(places, standing))
                if alike.left_out:
                    gone = CoverageState(alike.left_out), alike.reason
                    self._once_gone.update(dict.fromkeys(places, gone))

    def replay(self, view: RolloutView, until: datetime | None) -> None:
        """Set what a rollout did and did not do; of one that ended later, that is not known."""
        for operation in view.plan.operations:
            self._regions.setdefault(operation.stack_set, ())
        state = view.state
        if until is not None and (state.ended is None or state.ended > until):
            self._set_all(view, f"{state.id} was under way, and the journal has its end alone")
            return
        earlier = dict(self._found)
        for operation in view.plan.operations:
            for pair in operation.rectangle.pairs:
                self._done(operation, pair, state)
        self._left(view, earlier)

    def _set_all(self, view: RolloutView, why: str) -> None:
        unknown = CoverageState.UNKNOWN, why
        for operation in view.plan.operations:
            places = ((operation.stack_set, pair) for pair in operation.rectangle.pairs)
            self._found.update(dict.fromkeys(places, unknown))

    def _left(self, view: RolloutView, earlier: Mapping[Place, Standing]) -> None:
        """Set what is not done, or not known to be."""
        state = view.state
        for left in left_of(view):
            operation = view.plan.operations[left.planned]
            otherwise = _UNTOUCHED.get(operation.action, CoverageState.OUTDATED), ""
            for pair in left.pairs:
                place = operation.stack_set, pair
                standing = CoverageState(left.state), left.reason
                if operation.takes_away:
                    standing = CoverageState.ORPHANED, left.reason
                elif left.state == PENDING and state.phase.is_over:
                    standing = _not_begun(earlier.get(place, otherwise), left.reason)
                self._found[place] = standing
        if state.phase.is_over:
            self._found.update(_unsettled(view))

    def _done(self, operation: PlannedOperation, pair: Pair, state: RolloutState) -> None:
        place = operation.stack_set, pair
        if not operation.takes_away:
            back = (CoverageState.OUTDATED, f"{state.id} took {state.takes_back} back")
            self._found[place] = back if state.takes_back else (CoverageState.CURRENT, "")
        elif self._is_meant(operation.stack_set, pair):
            gone = CoverageState.OUT_OF_SCOPE, f"{operation.action} by {state.id}"
            self._found[place] = self._once_gone.get(place, gone)
        else:
            self._found.pop(place, None)

    def _is_meant(self, key: StackSetKey, pair: Pair) -> bool:
        if not self._is_whole:
            return True
        return pair.account in self._accounts and pair.region in self._regions.get(key, ())

    def fill(self) -> None:
        """Set to unknown what nothing tells, so that every account x Region has a state."""
        unknown = CoverageState.UNKNOWN, NOT_RECORDED
        accounts = self._accounts or frozenset(pair.account for _, pair in self._found)
        for key, named in self._regions.items():
            seen = {pair.region for known, pair in self._found if known == key}
            for place in product(accounts, named or seen):
                self._found.setdefault((key, Pair(*place)), unknown)

    def rows(self) -> Iterator[CoverageRow]:
        """Yield the ledger in the order of the manifest, then by account and Region."""
        order = {key: number for number, key in enumerate(self._regions)}
        for key, pair in sorted(self._found, key=lambda place: (order[place[0]], place[1])):
            state, reason = self._found[key, pair]
            yield CoverageRow(stack_set=key, pair=pair, state=state, reason=reason)


def _not_begun(before: Standing, why: str) -> Standing:
    """Return the standing of a pair that an operation did not reach before the rollout was over."""
    state, reason = before
    if state is CoverageState.CURRENT:  # a repair: what it was to repair is not in the ledger
        return CoverageState.UNKNOWN, why
    return state, f"{reason}; {why}" if reason else why


def _unsettled(view: RolloutView) -> Iterator[tuple[Place, Standing]]:
    """Yield what a rollout that is over began and did not settle."""
    for in_flight in view.state.withdrawn:
        why = "an operation was withdrawn before AWS knew it, and may have arrived later"
        for pair in in_flight.pending.pairs:
            yield (view.stack_set_of(in_flight.pending), pair), (CoverageState.UNKNOWN, why)
    for failure in view.state.failures:
        if not failure.final:
            operation = view.plan.operations[failure.planned]
            state = CoverageState.ORPHANED if operation.takes_away else CoverageState.FAILED
            why = f"{failure.kind}: {failure.reason or 'no reason given'}"
            yield (operation.stack_set, failure.pair), (state, why)
