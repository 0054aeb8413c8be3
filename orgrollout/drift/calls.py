"""Which calls make broken checks true, each sent once for all that it serves.

One remediation of a rule may serve two checks: that the thing is there, and that the rule says so.
The first is the proof: a rule that is evaluated every few hours goes on to fail for as long.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from orgrollout.drift.finding import Finding
from orgrollout.drift.left import Unrepaired
from orgrollout.model.ids import Digest, digest_of
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.aws_config import EVALUATE
from orgrollout.posture.check import PostureCheck, repaired_by
from orgrollout.posture.registry import CHECKS

NO_CALL = "no single call makes it true"
ONLY_RECREATED = "--recreate deletes its stack and creates it again"
REVERTED = "its stack is reverted, which may bring it back; the next look tells"
_Group = tuple[str, str | None]
"""A call, and the rule of AWS Config whose remediation it starts."""


@dataclass(frozen=True, slots=True)
class _Broken:
    """A check, and what is broken of it."""

    check: PostureCheck
    findings: list[Finding]

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(subject for finding in self.findings for subject in finding.subjects)


def decide_calls(
    findings: Iterable[Finding], *, beside_revert: bool, keeps: Iterable[str] = ()
) -> tuple[list[Repair], list[Unrepaired]]:
    """Return the calls that repair broken checks of one stack instance, and what they leave.

    ``keeps`` are subjects that no call may touch.
    """
    groups: dict[_Group, dict[Digest, _Broken]] = {}
    left: list[Unrepaired] = []
    for finding in findings:
        if finding.check is None:
            continue
        call = repaired_by(finding.check, finding.subjects)
        if call is None:
            left.append(_without_call(finding, finding.check, beside_revert=beside_revert))
        else:
            group = groups.setdefault((call, finding.check.arguments.get("rule")), {})
            alike = digest_of([finding.what, dict(finding.check.arguments)])
            group.setdefault(alike, _Broken(finding.check, [])).findings.append(finding)
    steps: list[Repair] = []
    for (call, _), known in groups.items():
        step, rest = _of_one_call(call, known.values(), tuple(sorted(keeps)))
        steps.append(step)
        left += rest
    return steps, left


def _of_one_call(
    call: str, known: Iterable[_Broken], keeps: tuple[str, ...]
) -> tuple[Repair, list[Unrepaired]]:
    """Return the step for checks that one call serves, and those of which something is left."""
    first, *others = sorted(
        known, key=lambda each: (each.check.is_judged_by_rule, -len(each.subjects))
    )
    check = first.check
    first_judged = f"{EVALUATE.api}, then " if check.is_judged_by_rule else ""
    step = Repair(
        action=OperationAction.CALL,
        check=check,
        keeps=keeps,
        serves=tuple(each.check.label for each in others),
        reason=f"{check.label}: {first_judged}{call}",
    )
    left = [
        Unrepaired(finding=finding, why=_not_served(missing, check))
        for other in others
        for finding in other.findings
        if (missing := [each for each in finding.subjects if each not in first.subjects])
    ]
    return step, left


def _not_served(subjects: Iterable[str], by: PostureCheck) -> str:
    return f"{by.label} finds nothing wrong with {', '.join(subjects)}; the next look tells"


def _without_call(finding: Finding, check: PostureCheck, *, beside_revert: bool) -> Unrepaired:
    """Return why a check is left that no call repairs.

    A new stack helps where its own resource is what is wrong, and drift detection does not see it.
    """
    if finding.hindrance:
        return Unrepaired(finding=finding, why=finding.hindrance)
    if beside_revert:
        return Unrepaired(finding=finding, why=REVERTED)
    if CHECKS[check.name].is_recreated:
        return Unrepaired(finding=finding, why=f"{NO_CALL}; {ONLY_RECREATED}", only_recreated=True)
    return Unrepaired(finding=finding, why=NO_CALL)
