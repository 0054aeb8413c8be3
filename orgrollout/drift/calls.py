"""Which calls make broken checks true, each sent once for all that it serves.

One remediation of a rule may serve two checks: that the thing is there, and that the rule says so.
The first is the proof: a rule that is evaluated every few hours goes on to fail for as long.
"""

from collections import defaultdict
from collections.abc import Iterable

from orgrollout.drift.finding import Finding
from orgrollout.drift.left import Left
from orgrollout.model.operation import OperationAction
from orgrollout.model.posture import CONFIG_COMPLIANCE, SSM_DOCUMENT, PostureCheck, mended_by
from orgrollout.plan.repair import Repair

EVALUATION = "config:StartConfigRulesEvaluation"
NO_CALL = "no single call makes it true"
ONLY_ANEW = "--recreate deletes its stack and creates it again"
REVERTED = "its stack is reverted, which may bring it back; the next look tells"
_Known = tuple[Finding, PostureCheck, str]
"""A finding, its check, and the call that mends it."""


def decide_calls(
    findings: Iterable[Finding], *, beside_revert: bool
) -> tuple[list[Repair], list[Left]]:
    """Return the calls that mend broken checks of one stack instance, and what they leave."""
    groups: dict[tuple[str, str | None], list[_Known]] = defaultdict(list)
    left: list[Left] = []
    for finding in findings:
        if finding.check is None:
            continue
        call = mended_by(finding.check, finding.subjects)
        if call is None:
            left.append(_without_call(finding, finding.check, beside_revert=beside_revert))
        else:
            group = (call, finding.check.arguments.get("rule"))
            groups[group].append((finding, finding.check, call))
    steps: list[Repair] = []
    for known in groups.values():
        step, rest = _of_one_call(known)
        steps.append(step)
        left += rest
    return steps, left


def _of_one_call(known: Iterable[_Known]) -> tuple[Repair, list[Left]]:
    """Return the step for checks that one call serves, and those of which something is left."""
    (first, check, call), *others = sorted(
        known, key=lambda each: (each[1].name == CONFIG_COMPLIANCE, -len(each[0].subjects))
    )
    first_judged = f"{EVALUATION}, then " if check.name == CONFIG_COMPLIANCE else ""
    reason = f"{check.label}: {first_judged}{call}"
    step = Repair(action=OperationAction.CALL, check=check, reason=reason)
    left = [
        Left(finding=finding, why=_not_served(missing, check))
        for finding, _, _ in others
        if (missing := [each for each in finding.subjects if each not in first.subjects])
    ]
    return step, left


def _not_served(subjects: Iterable[str], by: PostureCheck) -> str:
    return f"{by.label} finds nothing wrong with {', '.join(subjects)}; the next look tells"


def _without_call(finding: Finding, check: PostureCheck, *, beside_revert: bool) -> Left:
    """Return why a check is left that no call mends.

    A new stack helps where its own resource is what is wrong, and drift detection does not see it.
    """
    if beside_revert:
        return Left(finding=finding, why=REVERTED)
    if check.name == SSM_DOCUMENT:
        return Left(finding=finding, why=f"{NO_CALL}; {ONLY_ANEW}", only_anew=True)
    return Left(finding=finding, why=NO_CALL)
