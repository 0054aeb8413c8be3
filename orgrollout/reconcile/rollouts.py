"""Rollouts as the journal keeps them: begun, found again, changed by an order."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from orgrollout.errors import JournalConflictError, OrgRolloutError
from orgrollout.journal.port import Journal, Version, get_artifact, put_artifact, to_text
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.plan.document import plan_document, read_plan
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.world import World
from orgrollout.rollout.document import read_state, state_document
from orgrollout.rollout.orders import begin
from orgrollout.rollout.state import RolloutState

_PREFIX = "rollout/"
_PLANS: dict[Digest, Plan] = {}
_MOST_PLANS = 8


class NoSuchRolloutError(OrgRolloutError):
    """The journal does not know the rollout."""


class OpenRolloutError(OrgRolloutError):
    """Another rollout is changing the same stack sets. Nothing was started."""

    def __init__(self, other: RolloutId) -> None:
        super().__init__(
            f"rollout {other} is still open on the same stack sets; nothing was started. "
            f"`orgrollout resume {other}` goes on with it, `orgrollout stop {other}` ends it."
        )
        self.other = other


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A rollout as the journal has it."""

    plan: Plan
    state: RolloutState
    version: Version


def begin_rollout(plan: Plan, world: World) -> Rollout:
    """Record a new rollout of the plan and return it. Nothing is sent yet.

    Raises:
        OpenRolloutError: Another one is changing stack sets of this plan.
    """
    numbers = [0]
    for other in rollouts(world.journal):
        if not other.state.phase.is_over and _overlap(other.plan, plan):
            raise OpenRolloutError(other.state.id)
        if other.plan.manifest == plan.manifest:
            numbers.append(int(other.state.id.rpartition("-")[2]))
    digest = put_artifact(world.journal, to_text(plan_document(plan)))
    number = max(numbers)
    while True:
        number += 1
        rollout = RolloutId(f"{plan.manifest}-{number}")
        state = begin(plan, digest, rollout, world.clock.now())
        try:
            version = world.journal.put(_key(rollout), state_document(state), expected=None)
        except JournalConflictError:
            continue
        return Rollout(plan=plan, state=state, version=version)


def rollouts(journal: Journal) -> Iterator[Rollout]:
    """Yield every rollout, oldest first."""
    found = [
        load_rollout(journal, RolloutId(k.removeprefix(_PREFIX))) for k in journal.keys(_PREFIX)
    ]
    yield from sorted(found, key=lambda rollout: rollout.state.created)


def load_rollout(journal: Journal, rollout: RolloutId) -> Rollout:
    """Return one rollout.

    Raises:
        NoSuchRolloutError: The journal does not know it.
    """
    document = journal.get(_key(rollout))
    if document is None:
        raise NoSuchRolloutError(
            f"there is no rollout {rollout} in this journal; `orgrollout rollouts` lists them."
        )
    state = read_state(document.value)
    return Rollout(plan=_plan(journal, state.plan), state=state, version=document.version)


def find_rollout(journal: Journal, rollout: str | None, *, only_open: bool) -> Rollout:
    """Return the rollout that was named; by default the newest, or the only open one.

    Raises:
        NoSuchRolloutError: There is none, or several are open and none was named.
    """
    if rollout is not None:
        return load_rollout(journal, RolloutId(rollout))
    found = [r for r in rollouts(journal) if not only_open or not r.state.phase.is_over]
    if not found:
        what = "open rollout" if only_open else "rollout"
        raise NoSuchRolloutError(f"there is no {what} in this journal.")
    if only_open and len(found) > 1:
        names = ", ".join(r.state.id for r in found)
        raise NoSuchRolloutError(f"several rollouts are open: {names}. Name one.")
    return found[-1]


def save(journal: Journal, rollout: Rollout, state: RolloutState) -> Rollout:
    """Commit a new state.

    Raises:
        JournalConflictError: Somebody else advanced the rollout meanwhile.
    """
    version = journal.put(_key(state.id), state_document(state), expected=rollout.version)
    return replace(rollout, state=state, version=version)


def give_order(
    journal: Journal, rollout: RolloutId, order: Callable[[Rollout], RolloutState]
) -> Rollout:
    """Commit what an operator says, on top of whatever a driver commits at the same time."""
    while True:
        current = load_rollout(journal, rollout)
        state = order(current)
        if state == current.state:
            return current
        try:
            return save(journal, current, state)
        except JournalConflictError:
            continue


def _plan(journal: Journal, digest: Digest) -> Plan:
    # Content-addressed, so it never changes; a plan for a large organization takes long to read.
    if digest not in _PLANS:
        if len(_PLANS) >= _MOST_PLANS:
            _PLANS.clear()
        _PLANS[digest] = read_plan(json.loads(get_artifact(journal, digest)))
    return _PLANS[digest]


def _overlap(one: Plan, other: Plan) -> bool:
    names = {s.name for s in one.stack_sets.values()}
    return any(s.name in names for s in other.stack_sets.values())


def _key(rollout: RolloutId) -> str:
    return f"{_PREFIX}{rollout}"
