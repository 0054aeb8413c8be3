"""Differences that the manifest accepts: which rule covers what, and which rules do nothing."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from orgrollout.drift.finding import Finding, FindingKind
from orgrollout.manifest.schema import DriftIgnore
from orgrollout.model.ids import StackSetKey


def in_force(rules: Iterable[DriftIgnore], today: date) -> tuple[DriftIgnore, ...]:
    """Return the rules that hold today; the day they name is the last one."""
    return tuple(rule for rule in rules if rule.until is None or today <= rule.until)


def covers(rule: DriftIgnore, stack_set: StackSetKey, resource: str, path: str) -> bool:
    """Return whether a rule accepts a difference: its property, and everything below it.

    A rule without a property accepts whatever becomes of the resource, even that it is deleted.
    """
    if (rule.stack_set, rule.resource) != (stack_set, resource):
        return False
    accepted = rule.property
    return accepted is None or path == accepted or path.startswith(f"{accepted}/")


def accepting(
    rules: Iterable[DriftIgnore], stack_set: StackSetKey, resource: str, path: str
) -> DriftIgnore | None:
    """Return the first rule that accepts a difference."""
    return next((rule for rule in rules if covers(rule, stack_set, resource, path)), None)


def kept_by(rules: Iterable[DriftIgnore], stack_set: StackSetKey) -> tuple[str, ...]:
    """Return what rules accept in a stack set, as LogicalId/Property, or LogicalId for all of it.

    Whether it differs or not: what is accepted may be changed after somebody has looked.
    """
    mine = (rule for rule in rules if rule.stack_set == stack_set)
    return tuple(sorted({f"{rule.resource}{rule.property or ''}" for rule in mine}))


def rule_warnings(
    rules: Iterable[DriftIgnore],
    findings: Collection[Finding],
    today: date,
    looked_at: Collection[StackSetKey],
) -> Iterator[str]:
    """Yield the rules that no longer hold, and those that nothing was found for.

    ``looked_at`` are the stack sets of which everything is known.
    """
    found = [f for f in findings if f.kind is FindingKind.RESOURCE]
    for rule in rules:
        key = StackSetKey(rule.stack_set)
        what = f"drift.ignore: {key} {rule.resource}{rule.property or ''}"
        if rule.until is not None and today > rule.until:
            yield f"{what} held until {rule.until}, and no longer does ({rule.reason})"
        elif key in looked_at and not any(covers(rule, f.stack_set, f.what, f.path) for f in found):
            yield f"{what} matches nothing that was found; it may be removed ({rule.reason})"
