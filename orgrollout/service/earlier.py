"""What the rollouts before mean for the next one: after anything but a success a person decides."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId
from orgrollout.plan.model.document import plan_document
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.rollout.state.state import Outcome, Phase, RolloutState

# The fingerprint covers operations and stack sets; the others are only shown.
_FINGERPRINTED = frozenset({"operations", "stack_sets"})
_ONLY_SHOWN = frozenset(
    {
        "held_back",
        "ledger",
        "names",
        "opening",
        "planned_by",
        "recent",
        "skipped",
        "warnings",
        "young",
    }
)


def is_same(one: Plan, other: Plan) -> bool:
    """Return whether two plans do the same, in the same waves, and under the same rules."""
    return one.fingerprint == other.fingerprint and _rules(one) == _rules(other)


def is_untouched(rollout: Rollout) -> bool:
    """Return whether a rollout of the service has sent nothing: it never passed its opening."""
    state = rollout.state
    nothing = not (state.completed or state.in_flight or state.withdrawn or state.made)
    return rollout.plan.opens_with_approval and state.wave == 0 and nothing


def withdrawn(current: Rollout, now: datetime) -> RolloutState:
    """Return the state of a rollout that the service takes back before anything of it is approved.

    One that was approved or stopped meanwhile stays as it is.
    """
    state = current.state
    if state.phase is not Phase.WAITING or state.approved or not is_untouched(current):
        return state
    return replace(state, phase=Phase.STOPPED, ended=now, wake=None, note=_note(now))


def is_withdrawn(rollout: Rollout) -> bool:
    """Return whether the service itself stopped a rollout, and no person."""
    state = rollout.state
    if state.phase is not Phase.STOPPED or state.ended is None or not is_untouched(rollout):
        return False
    # A rollout that was resumed and stopped later has another end than its note says.
    return state.note == _note(state.ended)


def why_a_person(name: RolloutId, journal: Journal) -> str:
    """Return why a person approves a rollout, after how those before it ended; nothing: no reason.

    What the service withdrew did nothing. A successful repair of drift shows nothing of what was
    planned before it.
    """
    manifest = name.rpartition("-")[0]
    earlier = {s.id for s in summaries(journal) if s.manifest == manifest} - {name}
    for each in sorted(earlier, key=_number, reverse=True):
        rollout = load_rollout(journal, each)
        if is_withdrawn(rollout):
            continue
        if why := _why_unsettled(rollout.state):
            return why
        if not _only_repairs(rollout.plan):
            break
    return ""


def _why_unsettled(state: RolloutState) -> str:
    if state.takes_back is not None:
        return f"{state.id}, the rollout before, took {state.takes_back} back"
    if state.outcome is not Outcome.SUCCEEDED:
        return f"{state.id}, the rollout before, is: {state.outcome.value}"
    return ""


def _only_repairs(plan: Plan) -> bool:
    made = plan.operations
    return plan.unattended or (bool(made) and all(each.action.is_repair for each in made))


def _rules(plan: Plan) -> dict[str, Any]:
    document = plan_document(plan)
    return {k: v for k, v in document.items() if k not in _FINGERPRINTED | _ONLY_SHOWN}


def _note(now: datetime) -> str:
    return f"withdrawn by the service at {now:%Y-%m-%d %H:%M:%S.%f}Z: the plan is another by now"


def _number(rollout: RolloutId) -> int:
    return int(rollout.rpartition("-")[2])
