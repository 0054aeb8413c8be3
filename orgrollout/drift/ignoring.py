"""Differences that the manifest accepts: which rule covers what, and which rules do nothing.

A rule names a resource of the template by its logical id, which has letters and digits only; or a
posture check by its name; or one thing that a check is broken for by its id, such as a VPC.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date

from orgrollout.drift.finding import Finding, FindingKind, Verdict
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


def is_of_check(rule: DriftIgnore) -> bool:
    """Return whether a rule is about a check or one of its subjects, and not about a resource."""
    return not rule.resource.isalnum()


def accepted_check(
    rules: Iterable[DriftIgnore], stack_set: StackSetKey, label: str, subject: str
) -> str:
    """Return why a check, or what it is broken for, is accepted; empty: it is not."""
    for rule in rules:
        if rule.stack_set == stack_set and _names(rule, label.partition(" ")[0], label, subject):
            return until_words(rule)
    return ""


def accepts_check(rule: DriftIgnore, finding: Finding) -> bool:
    """Return whether a rule accepts a finding of a check: all of the check, or its subject."""
    name = finding.check.name if finding.check else finding.what
    is_there = rule.stack_set == finding.stack_set
    return is_there and _names(rule, name, finding.what, finding.subject)


def _names(rule: DriftIgnore, name: str, label: str, subject: str) -> bool:
    """Return whether a rule names a check, or its subject.

    A subject of nothing but letters and digits is named with its check (`CHECK SUBJECT`), because
    alone it would be taken for a logical id.
    """
    whole = {name, label}
    one = {subject, *(f"{each} {subject}" for each in whole)} if subject else set()
    return rule.resource in whole | one


def until_words(rule: DriftIgnore) -> str:
    """Return why a rule accepts something, and how long."""
    return f"{rule.reason} (until {rule.until})" if rule.until else rule.reason


def with_accepted(rules: Iterable[DriftIgnore], findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings of checks with those ignored that a rule, or AWS itself, accepts.

    What is accepted for one check is accepted where a rule of AWS Config says the same of it: the
    remediation of the rule serves both.
    """
    known = [_accepted(rules, finding) for finding in findings]
    agreed = {
        (f.stack_set, f.pair, rule, f.subject): f.reason
        for f in known
        if f.verdict is Verdict.IGNORED and f.subject and (rule := _rule_of(f))
    }
    for finding in known:
        reason = agreed.get((finding.stack_set, finding.pair, _rule_of(finding), finding.subject))
        if reason is not None and finding.verdict is Verdict.REAL:
            yield replace(finding, verdict=Verdict.IGNORED, reason=reason)
        else:
            yield finding


def _accepted(rules: Iterable[DriftIgnore], finding: Finding) -> Finding:
    if finding.verdict is not Verdict.REAL:
        return finding
    if finding.accepted:
        return replace(finding, verdict=Verdict.IGNORED, reason=finding.accepted)
    rule = next((rule for rule in rules if accepts_check(rule, finding)), None)
    if rule is None:
        return finding
    return replace(finding, verdict=Verdict.IGNORED, reason=until_words(rule))


def _rule_of(finding: Finding) -> str:
    return finding.check.arguments.get("rule", "") if finding.check else ""


def kept_by(rules: Iterable[DriftIgnore], stack_set: StackSetKey) -> tuple[str, ...]:
    """Return what rules accept in a stack set, as LogicalId/Property, or LogicalId for all of it.

    Whether it differs or not: what is accepted may be changed after the look.
    """
    mine = (rule for rule in rules if rule.stack_set == stack_set and not is_of_check(rule))
    return tuple(sorted({f"{rule.resource}{rule.property or ''}" for rule in mine}))


def subjects_kept_by(rules: Iterable[DriftIgnore], stack_set: StackSetKey) -> tuple[str, ...]:
    """Return the subjects of checks that rules accept in a stack set, each by its id."""
    mine = (r.resource for r in rules if r.stack_set == stack_set and is_of_check(r))
    return tuple(sorted({text.split()[-1] for text in mine}))


def rule_warnings(
    rules: Iterable[DriftIgnore],
    findings: Collection[Finding],
    today: date,
    looked_at: Collection[StackSetKey],
    checked: Collection[StackSetKey] = (),
) -> Iterator[str]:
    """Yield the rules that no longer hold, and those that nothing was found for.

    ``looked_at`` are the stack sets of which everything is known that drift detection tells, and
    ``checked`` those of which every check is known.
    """
    for rule in rules:
        key = StackSetKey(rule.stack_set)
        is_known = key in (checked if is_of_check(rule) else looked_at)
        what = f"drift.ignore: {key} {rule.resource}{rule.property or ''}"
        if rule.until is not None and today > rule.until:
            yield f"{what} held until {rule.until}, and no longer does ({rule.reason})"
        elif is_known and not any(_is_about(rule, finding) for finding in findings):
            yield f"{what} matches nothing that was found; it may be removed ({rule.reason})"


def _is_about(rule: DriftIgnore, finding: Finding) -> bool:
    if is_of_check(rule):
        return finding.kind is FindingKind.POSTURE and accepts_check(rule, finding)
    is_resource = finding.kind is FindingKind.RESOURCE
    return is_resource and covers(rule, finding.stack_set, finding.what, finding.path)
