"""A plan as programs read it. Keys may be added, never renamed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from orgrollout.plan.build.preferences import explained
from orgrollout.plan.checks.blast_radius import exposed_accounts
from orgrollout.plan.model.plan import Plan, PlannedOperation, PlannedWave, Skipped
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, Removal
from orgrollout.report.layout.json_text import Rows
from orgrollout.report.layout.words import iso
from orgrollout.report.plan.as_text import FORMAT_VERSION, NOT_CHECKED, actions_of
from orgrollout.report.plan.changes import changes_json
from orgrollout.report.plan.cost import cost_json


def plan_json(plan: Plan, calls: Mapping[str, int]) -> dict[str, Any]:
    """Return the plan as JSON can hold it."""
    counts = plan.counts()
    return {
        "format_version": FORMAT_VERSION,
        "manifest": plan.manifest,
        "fingerprint": plan.fingerprint,
        "summary": {**{a.value: counts[a] for a in actions_of(plan)}, "unchanged": plan.unchanged},
        "stack_sets": [_stack_set_json(s) for s in plan.stack_sets.values()],
        "changes": Rows(lambda: _changes(plan)),
        "parameter_sets": {
            key: dict(values)
            for stack_set in plan.stack_sets.values()
            for key, values in stack_set.parameter_sets.items()
        },
        "waves": [_wave_json(plan, wave) for wave in plan.waves],
        "operations": [_operation_json(i, o) for i, o in enumerate(plan.operations, start=1)],
        "freezes": [{"start": iso(f.start), "end": iso(f.end)} for f in plan.freezes],
        "held_back": {action.value: number for action, number in plan.held_back.items()},
        "cost": cost_json(plan),  # the old name of what is no money
        "takes": cost_json(plan),
        "skipped": skipped_json(plan.skipped),
        "warnings": list(plan.warnings),
        "facts": facts_json(plan),
        "refused": list(plan.refused),
        "waits_for": list(plan.waits_for),
        "not_checked": list(NOT_CHECKED),
        "calls": dict(calls),
    }


def facts_json(plan: Plan) -> dict[str, Any]:
    """Return what rules on plans are about, for other programs that judge them."""
    counts = plan.counts()
    accounts = {account for operation in plan.operations for account in operation.accounts}
    return {
        "actions": {action.value: counts[action] for action in actions_of(plan)},
        "stack_set_actions": {key: each.change.value for key, each in plan.stack_sets.items()},
        "accounts": len(accounts),
        "instances": counts.total(),
        "regions": sorted({region for o in plan.operations for region in o.regions}),
        "stack_sets": sorted({o.stack_set for o in plan.operations}),
        "units": {path: len(here) for path, here in plan.units.items()},
        "replacements": None,  # a plan does not know them
    }


def _changes(plan: Plan) -> Iterator[dict[str, Any]]:
    for operation, pair, reason in plan.changes():
        yield {
            "stack_set": operation.stack_set,
            "account": pair.account,
            "region": pair.region,
            "action": operation.action,
            "reason": reason,
            "wave": operation.wave,
            "parameter_set": operation.parameter_set or None,
        }


def skipped_json(skipped: Iterable[Skipped]) -> list[dict[str, Any]]:
    """Return the accounts that nothing can be deployed to."""
    return [{"account": s.account, "account_name": s.name, "reason": s.reason} for s in skipped]


def _stack_set_json(stack_set: PlannedStackSet) -> dict[str, Any]:
    return {
        "stack_set": stack_set.key,
        "name": stack_set.name,
        "change": stack_set.change.value,
        "differences": list(stack_set.differences),
        "changes": changes_json(stack_set),
        "depends_on": list(stack_set.depends_on),
        "removals": [_removal_json(removal) for removal in stack_set.removals],
        "recovery": asdict(stack_set.recovery) if stack_set.recovery else None,
    }


def _removal_json(removal: Removal) -> dict[str, Any]:
    return {
        "action": removal.action,
        "instances": removal.instances,
        "accounts": removal.accounts,
        "stays": list(removal.stays),
        "way_back": removal.way_back,
        "named": list(removal.named),
    }


def _wave_json(plan: Plan, wave: PlannedWave) -> dict[str, Any]:
    return {
        "wave": wave.index,
        "name": wave.name,
        "accounts": len(wave.accounts),
        "allowed_failures": wave.allowed_failures,
        "exposed_accounts": exposed_accounts(plan, wave),
        "operations": explained(wave),
    }


def _operation_json(number: int, operation: PlannedOperation) -> dict[str, Any]:
    return {
        "id": str(number),
        "wave": operation.wave,
        "stack_set": operation.stack_set,
        "action": operation.action,
        "accounts": list(operation.accounts),
        "regions": list(operation.regions),
    }
