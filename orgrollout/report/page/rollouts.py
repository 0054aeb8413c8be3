"""Rollouts on the page: waves, operations, causes of failures, and what happened to a pair.

Which pairs an operation had is kept as accounts x Regions, by their numbers, so that the page can
tell the history of one stack instance without a line for each.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from orgrollout.model.ids import AccountId
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.targets import Rectangle, cover
from orgrollout.report.layout.words import iso, zoned
from orgrollout.report.page.columns import Ledger, Places
from orgrollout.report.rollout.as_json import completed_json, group_json, in_flight_json
from orgrollout.report.rollout.as_text import wave_status
from orgrollout.report.rollout.standing import standing_json, waits
from orgrollout.rollout.failures.failure_groups import group_failures
from orgrollout.rollout.failures.recovered_failures import recovered_failures
from orgrollout.rollout.state.state import Failure, RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.unfinished import left_of


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
        "waits": list(waits(plan, state, now, zoned)),
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
        "left": _left(view, places, ledger),
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


def _left(view: RolloutView, places: Places, ledger: Ledger) -> list[dict[str, Any]]:
    """Return what is not done; where a pair comes twice, the later one says more."""
    return [
        {
            "planned": left.planned,
            "state": left.state,
            "reason": left.reason,
            "where": [_where(rectangle, places, ledger) for rectangle in cover(left.pairs)],
        }
        for left in left_of(view)
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
