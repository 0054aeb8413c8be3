"""Rollouts as the journal keeps them: found again, saved, changed by an order."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from weakref import WeakKeyDictionary

from orgrollout.errors import OrgRolloutError
from orgrollout.journal.conflicts import until_written
from orgrollout.journal.documents import Kept
from orgrollout.journal.errors import JournalDocumentError
from orgrollout.journal.port import Journal, Version, get_artifact
from orgrollout.journal.reading import reading
from orgrollout.model.ids import Digest, RolloutId, StackSetKey, StackSetName
from orgrollout.plan.model.document import read_plan
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.claims import repairs_of, take_claims
from orgrollout.reconcile.documents.rollout_errors import (
    LaterRolloutError,
    NoSuchRolloutError,
    OpenRolloutError,
    SeveralRolloutsError,
)
from orgrollout.reconcile.documents.rollout_events import Histories, Said, with_order
from orgrollout.reconcile.documents.rollout_record import ROLLOUTS, Record
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.rollout.state.fitting import misfit
from orgrollout.rollout.state.state import Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView

_PLANS: WeakKeyDictionary[Journal, dict[Digest, Plan]] = WeakKeyDictionary()
_MOST_PLANS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A rollout as the journal has it."""

    plan: Plan
    record: Record
    version: Version

    @property
    def state(self) -> RolloutState:
        """Return where it stands."""
        return self.record.state


def recent_rollouts(journal: Journal, since: datetime) -> Iterator[Rollout]:
    """Yield the rollouts that are not over, or ended since then."""
    for summary in summaries(journal):
        if summary.ended is None or summary.ended >= since:
            with suppress(NoSuchRolloutError):  # it was pruned meanwhile
                yield load_rollout(journal, summary.id)


def load_rollout(journal: Journal, rollout: RolloutId) -> Rollout:
    """Return one rollout.

    Raises:
        NoSuchRolloutError: The journal does not know it.
        NewerStateError: A newer version of orgrollout has advanced it.
    """
    found = ROLLOUTS.get(journal, rollout)
    if found is None:
        raise NoSuchRolloutError(
            f"there is no rollout {rollout} in this journal; `orgrollout rollouts` lists them."
        )
    return _with_plan(journal, found)


def rollout_ids(journal: Journal) -> tuple[RolloutId, ...]:
    """Return the ids of all rollouts, in no order that means anything."""
    return tuple(map(RolloutId, ROLLOUTS.names(journal)))


def rollout_states(journal: Journal) -> list[RolloutState]:
    """Return where every rollout stands, oldest first. Each record is read, and no plan."""
    found = (kept.value.state for _, kept in ROLLOUTS.all(journal))
    return sorted(found, key=lambda state: state.created)


def rollouts(journal: Journal) -> Iterator[Rollout]:
    """Yield every rollout with its plan, oldest first."""
    for summary in summaries(journal):
        with suppress(NoSuchRolloutError):
            yield load_rollout(journal, summary.id)


def find_rollout(
    journal: Journal, rollout: str | None, *, only_open: bool, or_stopped: bool = False
) -> Rollout:
    """Return the rollout that was named; by default the newest, or the only open one.

    With ``or_stopped`` one that was stopped and may go on is open, too.

    Raises:
        NoSuchRolloutError: There is none, or several are open and none was named.
    """
    if rollout is not None:
        return load_rollout(journal, RolloutId(rollout))
    found = [
        summary
        for summary in summaries(journal)
        if not only_open
        or not summary.phase.is_over
        or (or_stopped and summary.phase is Phase.STOPPED and summary.holds)
    ]
    if not found:
        what = "open rollout" if only_open else "rollout"
        raise NoSuchRolloutError(f"there is no {what} in this journal.")
    if only_open and len(found) > 1:
        names = ", ".join(summary.id for summary in found)
        raise SeveralRolloutsError(f"several rollouts are open: {names}. Name one.")
    return load_rollout(journal, found[-1].id)


def save_record(journal: Journal, rollout: Rollout, record: Record) -> Rollout:
    """Commit a new record.

    Raises:
        JournalConflictError: Another process advanced the rollout meanwhile.
    """
    version = ROLLOUTS.put(journal, record.state.id, record, rollout.version)
    return replace(rollout, record=record, version=version)


def give_order(
    journal: Journal,
    rollout: RolloutId,
    order: Callable[[Rollout], RolloutState],
    said: Said | None = None,
) -> Rollout:
    """Commit what an operator says, on top of whatever a driver commits at the same time.

    The holder of the lease keeps it; the changed version of the document tells it.
    What was ``said`` is noted in the history, if it changes anything.

    Raises:
        OpenRolloutError, LaterRolloutError: It would go on, and its stack sets are another's.
    """

    def attempt() -> Rollout:
        current = load_rollout(journal, rollout)
        state = order(current)
        if not state.phase.is_over and state.phase is not Phase.STOPPING:
            _claim_again(journal, current)
        if state == current.state:
            return current
        return save_order(journal, current, replace(current.record, state=state), said)

    return until_written(attempt)


def save_order(journal: Journal, rollout: Rollout, record: Record, said: Said | None) -> Rollout:
    """Commit a record that an operator has changed, and note what was said.

    Raises:
        JournalConflictError: Another process advanced the rollout meanwhile.
    """
    histories = Histories()
    histories.catch_up(journal, rollout.record)
    ordered = save_record(journal, rollout, with_order(record, said))
    with suppress(OrgRolloutError):  # the order is given; its line is in the record
        histories.append(journal, ordered.record)
    return ordered


def has(journal: Journal, rollout: RolloutId, stack_set: StackSetName) -> bool:
    """Return whether a rollout is recorded and has the stack set, in whatever state it is."""
    try:
        found = load_rollout(journal, rollout)
    except NoSuchRolloutError:
        return False
    return stack_set in claims_of(found.plan)


def holds(journal: Journal, rollout: RolloutId, stack_set: StackSetName) -> bool:
    """Return whether a rollout is recorded, has the stack set, and may still go on."""
    try:
        found = load_rollout(journal, rollout)
    except NoSuchRolloutError:
        return False
    return found.state.holds and stack_set in claims_of(found.plan)


def claims_of(plan: Plan) -> frozenset[StackSetName]:
    """Return what a rollout of the plan claims: stack sets, and of some their repairs alone."""
    return frozenset(claim_on(plan, key) for key in plan.stack_sets)


def claim_on(plan: Plan, key: StackSetKey) -> StackSetName:
    """Return what a rollout of the plan claims of one stack set."""
    mine = [operation for operation in plan.operations if operation.stack_set == key]
    name = plan.stack_sets[key].name
    only_repairs = bool(mine) and all(operation.action.is_repair for operation in mine)
    return repairs_of(name) if only_repairs else name


def _with_plan(journal: Journal, found: Kept[Record]) -> Rollout:
    record = found.value
    plan = _plan(journal, record.state.plan)
    if wrong := misfit(RolloutView(plan, record.state)):
        raise JournalDocumentError(ROLLOUTS.key(record.state.id), wrong)
    return Rollout(plan=plan, record=record, version=found.version)


def _claim_again(journal: Journal, rollout: Rollout) -> None:
    """Claim what an ended or unlocked rollout needs to go on, if no other rollout has it by now."""
    name = rollout.state.id
    held = take_claims(
        journal,
        claims_of(rollout.plan),
        name,
        partial(holds, journal),
        in_the_way=partial(has, journal),
    )
    for stack_set, other in held.items():
        if holds(journal, other, stack_set):
            raise OpenRolloutError(other, stack_set)
        raise LaterRolloutError(name, other, stack_set)


def _plan(journal: Journal, digest: Digest) -> Plan:
    # Content-addressed, so it never changes; a plan for a large organization takes long to read.
    plans = _PLANS.setdefault(journal, {})
    if digest not in plans:
        if len(plans) >= _MOST_PLANS:
            plans.clear()
        text = get_artifact(journal, digest)
        with reading(f"artifacts/{digest}"):
            plans[digest] = read_plan(json.loads(text))
    return plans[digest]
