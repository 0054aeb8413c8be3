"""What preflight found, as people read it and as programs do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from orgrollout.preflight.finding import Check, Outcome
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.layout.words import count, enumerated, word
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.rollout.failures.failure_groups import cause

_STYLES = {Outcome.OK: "green", Outcome.FOUND: "red", Outcome.NOT_CHECKED: "yellow"}


def preflight_blocks(checks: Sequence[Check]) -> Iterator[Block]:
    """Yield each check with its outcome, its findings, and what it could not look at."""
    for check in checks:
        said = check.looked_at if check.outcome is Outcome.OK else ""
        yield Line(
            text=f"{check.outcome:<11}  {check.name}{f': {said}' if said else ''}",
            style=_STYLES[check.outcome],
        )
        for finding in check.findings:
            yield Line(text=f"  {finding.where}")
            yield Line(text=f"    {finding.why}")
            for line in finding.mend.splitlines():
                yield Line(text=f"      {line}", style="bold")
        for said in check.expected:
            yield Line(text=f"  {said}")
        for reason in _grouped(check.not_checked):
            yield Line(text=f"  not checked: {reason}")
    yield Line(text=summary(checks), style="bold")


def _grouped(reasons: Iterable[str]) -> Iterator[str]:
    """Yield each cause once, with its first example; what does not differ by place comes last."""
    groups: dict[str, list[str]] = defaultdict(list)
    for reason in reasons:
        groups[cause(reason)].append(reason)
    for example, *more in sorted(groups.values(), key=len, reverse=True):
        said = f"{count(len(more), 'other place')} for the same reason"
        yield f"{example} ({said}: --format json lists each)" if more else example


def summary(checks: Sequence[Check]) -> str:
    """Return all checks in one line."""
    found = sum(len(check.findings) for check in checks)
    gaps = [check for check in checks if check.not_checked]
    nothing = "Nothing found in what was looked at" if gaps else "Nothing found"
    words = [count(found, "finding") if found else nothing]
    for said, which in (
        ("looked nowhere", [check.name for check in gaps if check.blind]),
        ("could not look everywhere", [check.name for check in gaps if not check.blind]),
    ):
        if which:
            words.append(f"{count(len(which), 'check')} {said}: {enumerated(which)}")
    return f"{'; '.join(words)}."


def preflight_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the same as JSON can hold it. Keys may be added, never renamed."""
    return {
        "format_version": FORMAT_VERSION,
        "summary": {
            word(outcome): sum(1 for c in checks if c.outcome is outcome) for outcome in Outcome
        },
        "checks": [
            {
                "check": check.name,
                "outcome": word(check.outcome),
                "looked_at": check.looked_at,
                "findings": [
                    {"where": f.where, "why": f.why, "mend": f.mend} for f in check.findings
                ],
                "not_checked": list(check.not_checked),
                "expected": list(check.expected),
                "looked_nowhere": check.blind,
            }
            for check in checks
        ],
    }
