"""Everything about one account, as people read it and as programs do."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from orgrollout.model.stack_set import StackInstance
from orgrollout.organization.desired import LeftOut
from orgrollout.organization.explain import TEMPLATE_DEFAULT, ParameterOrigin
from orgrollout.plan.explain import NOTHING, AccountExplained, RegionExplained, StackSetExplained
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count, iso, span
from orgrollout.report.plan.as_text import FORMAT_VERSION


def explain_blocks(found: AccountExplained, now: datetime) -> Iterator[Block]:
    """Yield why the account is in or out, stack set by stack set."""
    account = found.organization.accounts[found.account]
    path = found.organization.units[account.parent].path
    age = now - found.read
    when = f", organization as read {span(age)} ago" if age.total_seconds() >= 1 else ""
    yield Line(text=f"{account.name} {account.id} in {path}, {account.state}{when}", style="bold")
    for stack_set in found.stack_sets:
        yield from _stack_set(stack_set)


def explain_json(found: AccountExplained) -> dict[str, Any]:
    """Return the same as JSON can hold it. Keys may be added, never renamed."""
    account = found.organization.accounts[found.account]
    return {
        "format_version": FORMAT_VERSION,
        "account": account.id,
        "account_name": account.name,
        "ou_path": found.organization.units[account.parent].path,
        "state": account.state.value,
        "organization_read": iso(found.read),
        "stack_sets": [_stack_set_json(each) for each in found.stack_sets],
    }


def _stack_set(found: StackSetExplained) -> Iterator[Block]:
    answer = found.answer
    yield Line(text="")
    if answer.left_out is not None:
        yield Line(text=f"{answer.stack_set}: out, {_why(answer.left_out)}")
    else:
        where = ", ".join(answer.regions) or "no Region"
        wave = f"; wave {found.wave.index} {found.wave.name}" if found.wave else ""
        yield Line(text=f"{answer.stack_set}: in {where} by {answer.rule}{wave}", style="bold")
    for region, why in answer.left_out_regions:
        yield Line(text=f"  {region}: out, {_why(why)}")
    if not found.exists and answer.regions:
        yield Line(text=f"  stack set {found.name} does not exist yet")
    for text in found.refused:
        yield Line(text=f"  a plan is refused: {text}", style="red")
    if found.definition_changes:
        changes = ", ".join(found.definition_changes)
        yield Line(text=f"  the stack set's definition changes: {changes}")
    yield from map(_region, found.regions)
    yield from _parameters(found.regions)


def _parameters(regions: Sequence[RegionExplained]) -> Iterator[Block]:
    """Yield each value that is not the template's Default once, with its Regions."""
    having = [each for each in regions if each.parameters]
    where: dict[ParameterOrigin, list[str]] = {}
    for each in having:
        for origin in each.parameters:
            where.setdefault(origin, []).append(each.region)
    rows = [
        (f"    {p.name}", p.value, "all" if len(of) == len(having) else ", ".join(of), p.layer)
        for p, of in sorted(where.items(), key=lambda item: item[0].name)
        if p.layer != TEMPLATE_DEFAULT
    ]
    if rows:
        yield Sheet(headers=("    parameter", "value", "Regions", "set by"), rows=tuple(rows))
    if others := len({p.name for p in where} - {row[0].strip() for row in rows}):
        more = count(others, "parameter has", "parameters have")
        yield Line(text=f"    {more} the template's Default (--format json names them)")


def _region(found: RegionExplained) -> Line:
    intention = found.intention
    reason = f" ({intention.reason})" if intention.reason else ""
    style = "" if intention.action == NOTHING else "yellow"
    text = f"  {found.region}: {_deployed(found.deployed)}; plan: {intention.action}{reason}"
    return Line(text=text, style=style)


def _deployed(instance: StackInstance | None) -> str:
    if instance is None:
        return "not deployed"
    parts = [f"deployed, {instance.status}"]
    if instance.detailed_status not in {"", "SUCCEEDED"}:
        parts.append(instance.detailed_status)
    if instance.status_reason:
        parts.append(instance.status_reason)
    if instance.drift_status != "NOT_CHECKED":
        parts.append(f"drift {instance.drift_status}")
    if instance.overrides:
        parts.append("overrides " + " ".join(f"{k}={v}" for k, v in instance.overrides.items()))
    if instance.last_operation:
        parts.append(f"last operation {instance.last_operation}")
    return ", ".join(parts)


def _why(why: LeftOut) -> str:
    return f"{why.state.replace('_', ' ')}: {why.reason}"


def _stack_set_json(found: StackSetExplained) -> dict[str, Any]:
    answer = found.answer
    return {
        "stack_set": answer.stack_set,
        "name": found.name,
        "exists": found.exists,
        "rule": answer.rule or None,
        "left_out": _why_json(answer.left_out) if answer.left_out else None,
        "wave": {"wave": found.wave.index, "name": found.wave.name} if found.wave else None,
        "regions": list(answer.regions),
        "left_out_regions": {region: _why_json(why) for region, why in answer.left_out_regions},
        "definition_changes": list(found.definition_changes),
        "refused": list(found.refused),
        "instances": [_region_json(each) for each in found.regions],
    }


def _region_json(found: RegionExplained) -> dict[str, Any]:
    return {
        "region": found.region,
        "action": found.intention.action,
        "reason": found.intention.reason,
        "parameters": [
            {"name": p.name, "value": p.value, "layer": p.layer} for p in found.parameters
        ],
        "deployed": _deployed_json(found.deployed) if found.deployed else None,
    }


def _deployed_json(instance: StackInstance) -> dict[str, Any]:
    overrides = instance.overrides
    return {
        "status": instance.status.value,
        "detailed_status": instance.detailed_status,
        "reason": instance.status_reason,
        "stack_id": instance.stack_id,
        "ou": instance.unit,
        "last_operation": instance.last_operation,
        "drift": instance.drift_status,
        "drift_checked": iso(instance.last_drift_check),
        "overrides": None if overrides is None else dict(overrides),
    }


def _why_json(why: LeftOut) -> dict[str, str]:
    return {"state": why.state.value, "reason": why.reason}
