"""Differences that the manifest accepts: which rule covers what, and which rules do nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.organization.acceptances import Acceptance


def covers(rule: Acceptance, stack_set: StackSetKey, pair: Pair, resource: str, path: str) -> bool:
    """Return whether a rule accepts a difference: its property, and everything below it.

    A rule without a property accepts whatever becomes of the resource, even that it is deleted.
    """
    is_about = (rule.stack_set, rule.resource) == (stack_set, resource) and not rule.of_check
    if not is_about or not rule.is_at(pair):
        return False
    accepted = rule.property
    return accepted is None or path == accepted or path.startswith(f"{accepted}/")


def verdict_of(rule: Acceptance) -> Verdict:
    """Return what to make of a finding that a rule accepts."""
    return Verdict.WAIVED if rule.is_waiver else Verdict.IGNORED


def accepting(
    rules: Iterable[Acceptance], stack_set: StackSetKey, pair: Pair, resource: str, path: str
) -> Acceptance | None:
    """Return the first rule that accepts a difference."""
    return next((rule for rule in rules if covers(rule, stack_set, pair, resource, path)), None)


def accepted_check(
    rules: Iterable[Acceptance], pair: Pair, label: str, subject: str
) -> Acceptance | None:
    """Return the first rule that accepts a check, or what it is broken for, in a pair."""
    name = label.partition(" ")[0]
    here = (rule for rule in rules if rule.of_check and rule.is_at(pair))
    return next((rule for rule in here if _names(rule, name, label, subject)), None)


def accepts_check(rule: Acceptance, finding: Finding) -> bool:
    """Return whether a rule accepts a finding of a check: all of the check, or its subject."""
    name = finding.check.name if finding.check else finding.what
    is_there = rule.stack_set == finding.stack_set and rule.is_at(finding.pair)
    return is_there and rule.of_check and _names(rule, name, finding.what, finding.subject)


def _names(rule: Acceptance, name: str, label: str, subject: str) -> bool:
    """Return whether a rule names a check, or its subject.

    A subject of nothing but letters and digits is named with its check (`CHECK SUBJECT`), because
    alone it would be taken for a logical id.
    """
    whole = {name, label}
    one = {subject, *(f"{each} {subject}" for each in whole)} if subject else set()
    return rule.resource in whole | one


def with_accepted(rules: Collection[Acceptance], findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings of checks with those ignored that a rule, or AWS itself, accepts.

    What is accepted for one check is accepted where a rule of AWS Config says the same of it: the
    remediation of the rule serves both.
    """
    known = [_accepted(rules, finding) for finding in findings]
    agreed = {
        (f.stack_set, f.pair, rule, f.subject): (f.verdict, f.reason)
        for f in known
        if f.verdict.is_accepted and f.subject and (rule := _rule_of(f))
    }
    for finding in known:
        same = agreed.get((finding.stack_set, finding.pair, _rule_of(finding), finding.subject))
        if same is not None and finding.verdict is Verdict.REAL:
            verdict, reason = same
            yield replace(finding, verdict=verdict, reason=reason)
        else:
            yield finding


def _accepted(rules: Iterable[Acceptance], finding: Finding) -> Finding:
    if finding.verdict is not Verdict.REAL:
        return finding
    if finding.accepted:
        return replace(finding, verdict=Verdict.IGNORED, reason=finding.accepted)
    rule = next((rule for rule in rules if accepts_check(rule, finding)), None)
    if rule is None:
        return finding
    return replace(finding, verdict=verdict_of(rule), reason=rule.reason)


def _rule_of(finding: Finding) -> str:
    return finding.check.arguments.get("rule", "") if finding.check else ""


def kept_by(rules: Iterable[Acceptance], pair: Pair) -> tuple[str, ...]:
    """Return what rules of a stack set accept in a pair: LogicalId/Property, or LogicalId alone.

    Whether it differs or not: what is accepted may be changed after the look.
    """
    mine = (rule for rule in rules if not rule.of_check and rule.is_at(pair))
    return tuple(sorted({f"{rule.resource}{rule.property or ''}" for rule in mine}))


def subjects_kept_by(rules: Iterable[Acceptance], pair: Pair) -> tuple[str, ...]:
    """Return the subjects of checks that rules of a stack set accept in a pair, each by its id."""
    mine = (rule.resource for rule in rules if rule.of_check and rule.is_at(pair))
    return tuple(sorted({text.split()[-1] for text in mine}))


def rule_warnings(
    rules: Iterable[Acceptance],
    findings: Collection[Finding],
    looked_at: Collection[StackSetKey],
    checked: Collection[StackSetKey] = (),
) -> Iterator[str]:
    """Yield the rules that nothing was found for.

    ``looked_at`` are the stack sets of which everything is known that drift detection tells, and
    ``checked`` those of which every check is known. A rule may be of several stack sets: then it
    is named only if nothing was found in any.
    """
    by_place: dict[str, list[Acceptance]] = defaultdict(list)
    for rule in rules:
        by_place[rule.place].append(rule)
    for place, alike in by_place.items():
        known = (r.stack_set in (checked if r.of_check else looked_at) for r in alike)
        is_used = any(_is_about(rule, finding) for rule in alike for finding in findings)
        if all(known) and not is_used:
            keys = ", ".join(rule.stack_set for rule in alike)
            what = f"{place}: {keys} {alike[0].resource}{alike[0].property or ''}"
            yield f"{what} matches nothing that was found; it may be removed ({alike[0].reason})"


def _is_about(rule: Acceptance, finding: Finding) -> bool:
    if rule.of_check:
        return finding.kind is FindingKind.POSTURE and accepts_check(rule, finding)
    is_resource = finding.kind is FindingKind.RESOURCE
    here = (finding.stack_set, finding.pair, finding.what, finding.path)
    return is_resource and covers(rule, *here)
