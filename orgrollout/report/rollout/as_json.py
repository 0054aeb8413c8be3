"""A rollout as JSON. Keys may be added, never renamed."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from orgrollout.model.ids import OperationId
from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.words import iso
from orgrollout.report.plan.as_json import skipped_json
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.report.rollout.as_text import wave_status
from orgrollout.report.rollout.standing import pauses_json, standing_json
from orgrollout.rollout.failures.classify_failure import advice
from orgrollout.rollout.failures.enrolment import is_pending
from orgrollout.rollout.failures.failure_groups import FailureGroup, group_failures
from orgrollout.rollout.failures.recovered_failures import recovered_failures
from orgrollout.rollout.state.state import (
    CompletedOperation,
    Failure,
    InFlightOperation,
    RolloutState,
)
from orgrollout.rollout.state.summary import RolloutSummary
from orgrollout.rollout.state.view import RolloutView


def rollout_json(
    plan: Plan,
    state: RolloutState,
    now: datetime,
    seen: Mapping[OperationId, str] | None = None,
    *,
    chosen: Callable[[Failure], bool] = lambda _: True,
) -> dict[str, Any]:
    """Return how a rollout stands or ended.

    ``seen`` is the status of operations under way, where AWS was asked; ``chosen`` narrows the
    failures.
    """
    return {
        "format_version": FORMAT_VERSION,
        "rollout": state.id,
        "manifest": plan.manifest,
        "outcome": state.outcome.value,
        "phase": state.phase.value,
        "note": state.note,
        "created": iso(state.created),
        "ended": iso(state.ended),
        **standing_json(plan, state, now),
        "waves": [
            {
                "wave": wave.index,
                "name": wave.name,
                "accounts": len(wave.accounts),
                "status": wave_status(state, position),
            }
            for position, wave in enumerate(plan.waves)
        ],
        "operations": [
            *(completed_json(plan, completed) for completed in state.completed),
            *(in_flight_json(plan, each, (seen or {}).get(each.id)) for each in state.in_flight),
        ],
        "failures": [_failure(plan, f) for f in state.failures if chosen(f)],
        "causes": [
            group_json(plan, group)
            for group in group_failures(
                RolloutView(plan, state), (f for f in state.failures if f.final and chosen(f))
            )
        ],
        "overcome": [
            group_json(plan, group)
            for group in group_failures(
                RolloutView(plan, state), (f for f in recovered_failures(state) if chosen(f))
            )
        ],
        "held_back": {action.value: number for action, number in plan.held_back.items()},
        "skipped": skipped_json(plan.skipped),
        "calls": dict(state.calls),
    }


def no_rollout_json(plan: Plan, calls: Mapping[str, int]) -> dict[str, Any]:
    """Return what there is to tell where nothing had to be done, in the same shape."""
    return {
        "format_version": FORMAT_VERSION,
        "rollout": None,
        "manifest": plan.manifest,
        "outcome": "succeeded",
        "waves": [],
        "operations": [],
        "failures": [],
        "causes": [],
        "overcome": [],
        "held_back": {action.value: number for action, number in plan.held_back.items()},
        "skipped": skipped_json(plan.skipped),
        "calls": dict(calls),
    }


def rollouts_json(
    found: Iterable[tuple[RolloutSummary, RolloutView | None]], now: datetime
) -> dict[str, Any]:
    """Return all rollouts of a journal, in short; those that are open with their plans."""
    return {
        "format_version": FORMAT_VERSION,
        "rollouts": [
            {
                "rollout": summary.id,
                "manifest": summary.manifest,
                "outcome": summary.outcome.value,
                "phase": summary.phase.value,
                "created": iso(summary.created),
                "ended": iso(summary.ended),
                "failed": summary.failed,
                "begun_by": summary.begun_by or None,
                "superseded_by": summary.superseded_by,
                **pauses_json(view, now),
            }
            for summary, view in found
        ],
    }


def completed_json(plan: Plan, completed: CompletedOperation) -> dict[str, Any]:
    """Return an operation that is over, with what came of it."""
    operation = plan.operations[completed.planned]
    return {
        "id": completed.id,
        "wave": operation.wave,
        "stack_set": operation.stack_set,
        "action": operation.action.value,
        "attempt": completed.attempt,
        "status": completed.status,
        "started": iso(completed.started),
        "ended": iso(completed.ended),
        "succeeded": completed.succeeded,
        "failed": completed.failed,
        "cancelled": completed.cancelled,
        "skipped": completed.skipped,
    }


def in_flight_json(plan: Plan, in_flight: InFlightOperation, status: str | None) -> dict[str, Any]:
    """Return an operation under way; what came of it is not known yet, and not zero."""
    operation = plan.operations[in_flight.pending.planned]
    return {
        "id": in_flight.id,
        "wave": operation.wave,
        "stack_set": operation.stack_set,
        "action": operation.action.value,
        "attempt": in_flight.pending.attempt,
        "status": status or "UNKNOWN",
        "started": iso(in_flight.committed),
        "ended": None,
        "succeeded": None,
        "failed": None,
        "cancelled": None,
        "skipped": None,
    }


def _failure(plan: Plan, failure: Failure) -> dict[str, Any]:
    return {
        "stack_set": plan.operations[failure.planned].stack_set,
        "account": failure.pair.account,
        "account_name": plan.names.get(failure.pair.account),
        "region": failure.pair.region,
        "class": failure.kind.value,
        "reason": failure.reason,
        "cause": failure.own.cause.value if failure.own else None,
        "advice": advice(failure.reason, plan.failure_rules, failure.own),
        "attempts": failure.attempts,
        "final": failure.final,
        "pending": is_pending(plan, failure),
    }


def group_json(plan: Plan, group: FailureGroup) -> dict[str, Any]:
    """Return failures of one cause, with what could be done about it."""
    return {
        "class": group.kind.value,
        "reason": group.reason,
        "stack_sets": list(group.stack_sets),
        "instances": group.instances,
        "accounts": group.accounts,
        "named": list(group.named),
        "organizational_units": dict(group.units),
        "later_accounts": group.later,
        "example": _failure(plan, group.example),
        "advice": group.advice,
    }
