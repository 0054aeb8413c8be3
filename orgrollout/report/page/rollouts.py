"""Rollouts on the page: waves, operations, causes of failures, and what happened to a pair.

Which pairs an operation had is kept as accounts x Regions, by their numbers, so that the page can
tell the history of one stack instance without a line for each.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.targets import Rectangle
from orgrollout.report.layout.words import iso
from orgrollout.report.page.columns import Ledger, Places
from orgrollout.report.rollout.as_json import completed_json, group_json, in_flight_json
from orgrollout.report.rollout.as_text import wave_status
from orgrollout.report.rollout.standing import standing_json, waits
from orgrollout.rollout.failures.failure_groups import group_failures
from orgrollout.rollout.failures.recovered_failures import recovered_failures
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, PendingOperation, Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView

DONE, PENDING, RUNNING = "done", "pending", "in_progress"
FAILED, BLOCKED, SKIPPED = "failed", "blocked", "skipped"
STATES = (DONE, PENDING, RUNNING, FAILED, BLOCKED, SKIPPED)
_Key = tuple[StackSetKey, Pair]
_Standing = tuple[str, str]  # state and reason


def rollout_on_page(
    view: RolloutView, places: Places, ledger: Ledger, now: datetime
) -> dict[str, Any]:
    """Return a rollout as the page draws it."""
    plan, state = view.plan, view.state
    return {
        "rollout": state.id,
        "outcome": state.outcome.value,
        "phase": state.phase.value,
        "note": state.note,
        "created": iso(state.created),
        "ended": iso(state.ended),
        **standing_json(plan, state, now),
        "waits": list(waits(plan, state, now)),
        "waves": [
            {
                "wave": wave.index,
                "name": wave.name,
                "accounts": len(wave.accounts),
                "allowed_failures": wave.allowed_failures,
                "status": wave_status(state, position),
            }
            for position, wave in enumerate(plan.waves)
        ],
        "operations": _operations(plan, state),
        "causes": _causes(view, (f for f in state.failures if f.final)),
        "retried": _causes(view, (f for f in state.failures if not f.final)),
        "overcome": _causes(view, recovered_failures(state)),
        "planned": [
            {
                "stack_set": ledger.stack_set(operation.stack_set),
                "wave": operation.wave,
                "action": operation.action.value,
                "where": _where(operation.rectangle, places, ledger),
            }
            for operation in plan.operations
        ],
        "failed_in": _failed_in(state, places, ledger),
    }


def _operations(plan: Plan, state: RolloutState) -> list[dict[str, Any]]:
    done = [{**completed_json(plan, one), "planned": one.planned} for one in state.completed]
    runs = [
        {**in_flight_json(plan, one, "RUNNING"), "planned": one.pending.planned}
        for one in state.in_flight
    ]
    return done + runs


def _causes(view: RolloutView, failures: Iterable[Failure]) -> list[dict[str, Any]]:
    return [group_json(view.plan, group) for group in group_failures(view, failures)]


def _failed_in(state: RolloutState, places: Places, ledger: Ledger) -> list[dict[str, Any]]:
    """Return where each operation failed, whatever became of it later."""
    return [
        {
            "operation": one.id,
            "class": failed.kind.value,
            "reason": failed.reason,
            "where": [_where(rectangle, places, ledger) for rectangle in failed.where],
        }
        for one in state.completed
        for failed in one.failures
    ]


def _where(rectangle: Rectangle, places: Places, ledger: Ledger) -> list[list[int]]:
    """Return accounts as runs (first, how many, first, how many, ...), and Regions by number."""
    numbers = sorted(places.account(account) for account in rectangle.accounts)
    return [_runs(numbers), [ledger.region(region) for region in rectangle.regions]]


def _runs(numbers: Sequence[int]) -> list[int]:
    found: list[int] = []
    for _, run in groupby(enumerate(numbers), lambda item: item[1] - item[0]):
        each = [number for _, number in run]
        found += [each[0], len(each)]
    return found


def places_of(plan: Plan) -> Places:
    """Return the places that a plan touches, as far as it knows the organization."""
    places = Places()
    unit_of = {account: path for path, those in plan.units.items() for account in those}
    touched = {account for operation in plan.operations for account in operation.accounts}
    for path in sorted({unit_of[account] for account in touched if account in unit_of}):
        places.unit(path)
    for account in sorted(touched):
        path = unit_of.get(account, "(unit not recorded)")
        places.add(account, plan.names.get(AccountId(account), ""), path)
    return places


def fill_from_rollout(view: RolloutView, ledger: Ledger) -> None:
    """Add each pair of a rollout to the ledger, in the one state that says most of it."""
    standing = _standing(view)
    for (stack_set, pair), (state, reason) in standing.items():
        ledger.add(stack_set, pair, state, reason)


def _standing(view: RolloutView) -> dict[_Key, _Standing]:
    plan, state = view.plan, view.state
    found: dict[_Key, _Standing] = {}
    for operation in plan.operations:
        for pair in operation.rectangle.pairs:
            found[operation.stack_set, pair] = DONE, ""
    _mark(found, view, state.waiting, PENDING, _why_waiting(state))
    for failure in state.failures:
        key = plan.operations[failure.planned].stack_set, failure.pair
        if failure.final or key not in found:
            found[key] = _failed(failure)
        else:
            found[key] = PENDING, f"to be tried again after: {failure.reason}"
    _mark(found, view, (each.pending for each in state.in_flight), RUNNING, "operation under way")
    return found


def _mark(
    found: dict[_Key, _Standing],
    view: RolloutView,
    pending: Iterable[PendingOperation],
    state: str,
    reason: str,
) -> None:
    for each in pending:
        operation = view.planned(each)
        told = reason or f"wave {operation.wave}"
        for pair in each.pairs:
            found[operation.stack_set, pair] = state, told


def _why_waiting(state: RolloutState) -> str:
    if not state.phase.is_over:
        return ""
    ended = "halted" if state.phase is Phase.HALTED else "was stopped"
    return f"not started: the rollout {ended}"


def _failed(failure: Failure) -> _Standing:
    reason = failure.reason or "no reason given"
    if failure.kind is FailureClass.SKIPPED:
        return SKIPPED, reason
    if failure.kind is FailureClass.BLOCKED:
        return BLOCKED, reason
    return FAILED, f"{failure.kind}: {reason}"
