"""From what a detection says of resources to findings: what is real, and what to make of the rest.

A property that seems to be gone as a whole is what a role without the permission to read it sees
(an engineer of CloudFormation, aws-cloudformation/cloudformation-coverage-roadmap#2138). So it is
a suspect until a role with that permission has looked a second time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.ignoring import accepting, verdict_of
from orgrollout.manifest.template.secrets import Secrets
from orgrollout.model.drift import (
    DifferenceType,
    PropertyDifference,
    ResourceDrift,
    ResourceDriftStatus,
)
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.shown import MASKED
from orgrollout.organization.acceptances import Acceptance
from orgrollout.plan.model.repair import below

MAY_BE_FALSE = "may be false: the role that looked may lack the permission to read it"
IS_FALSE = "false: a second look, by a role that may read it, found it as it should be"
INSTEAD = "a second look, by a role that may read it, found something else there"
SETTLED = {IS_FALSE, INSTEAD}  # suspects that a second look has told of
CONFIRMED = "a second look found it, too"
UNNAMED = "CloudFormation says that it was changed, and names no property"
_NOT_CHECKABLE = {
    ResourceDriftStatus.NOT_CHECKED,
    ResourceDriftStatus.UNSUPPORTED,
    ResourceDriftStatus.UNKNOWN,
}
_NOTHING = {"", "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """What differences in one stack set are looked at with."""

    stack_set: StackSetKey
    rules: tuple[Acceptance, ...] = ()  # those in force
    secrets: Secrets = field(default_factory=Secrets)


def classify(
    view: Viewpoint, pair: Pair, drifts: Iterable[ResourceDrift], looked: datetime | None = None
) -> Iterator[Finding]:
    """Yield a finding for each property that differs and each resource that is gone.

    What a detection cannot check is none: see ``not_checkable``.
    """
    for drift in drifts:
        if drift.status is ResourceDriftStatus.DELETED:
            yield _finding(view, pair, drift, looked)
        elif drift.status is ResourceDriftStatus.MODIFIED:
            for difference in drift.differences or (None,):
                yield _finding(view, pair, drift, looked, difference)


def not_checkable(drifts: Iterable[ResourceDrift]) -> Counter[str]:
    """Return how many resources of which type no detection tells anything of."""
    return Counter(drift.resource_type for drift in drifts if drift.status in _NOT_CHECKABLE)


def second_look(
    findings: Iterable[Finding],
    seen: Mapping[tuple[StackSetKey, Pair], Iterable[ResourceDrift]],
    views: Mapping[StackSetKey, Viewpoint],
) -> Iterator[Finding]:
    """Yield the findings with what a second look made of suspects.

    ``seen`` is what detections on exactly those stacks found. What was found again is real. Where
    something else was found at the same property, that is a finding, and the suspect is settled.
    Where nothing was, the suspect is said to be false. One that could not be checked stays.
    """
    for finding in findings:
        drifts = seen.get((finding.stack_set, finding.pair), ())
        drift = next((d for d in drifts if d.logical_id == finding.what), None)
        if finding.verdict is not Verdict.SUSPECT or drift is None:
            yield finding
        else:
            yield from _settled(finding, drift, views[finding.stack_set])


def _settled(suspect: Finding, drift: ResourceDrift, view: Viewpoint) -> Iterator[Finding]:
    near = [d for d in drift.differences if _is_near(d.path, suspect.path)]
    is_unnamed = drift.status is ResourceDriftStatus.MODIFIED and not drift.differences
    if drift.status in _NOT_CHECKABLE or is_unnamed:
        yield suspect
    elif drift.status is ResourceDriftStatus.DELETED or any(d.path == suspect.path for d in near):
        yield replace(suspect, verdict=Verdict.REAL, reason=CONFIRMED)
    elif not near:
        yield replace(suspect, reason=IS_FALSE)
    else:
        yield replace(suspect, reason=INSTEAD)
        for difference in near:
            found = _finding(view, suspect.pair, drift, suspect.looked, difference)
            is_suspect = found.verdict is Verdict.SUSPECT
            yield replace(found, verdict=Verdict.REAL, reason=CONFIRMED) if is_suspect else found


def _is_near(path: str, other: str) -> bool:
    return below(path, other) or below(other, path)


def _finding(
    view: Viewpoint,
    pair: Pair,
    drift: ResourceDrift,
    looked: datetime | None,
    difference: PropertyDifference | None = None,
) -> Finding:
    path = difference.path if difference else ""
    verdict, reason = _verdict(view, pair, drift, difference)
    expected = difference.expected if difference else ""
    actual = difference.actual if difference else ""
    if difference is not None and view.secrets.hide(drift.logical_id, path):
        expected, actual = (text if text in _NOTHING else MASKED for text in (expected, actual))
    return Finding(
        stack_set=view.stack_set,
        pair=pair,
        kind=FindingKind.RESOURCE,
        what=drift.logical_id,
        verdict=verdict,
        reason=reason,
        resource_type=drift.resource_type,
        physical_id=drift.physical_id,
        path=path,
        expected=expected,
        actual=actual,
        looked=looked,
    )


def _verdict(
    view: Viewpoint, pair: Pair, drift: ResourceDrift, difference: PropertyDifference | None
) -> tuple[Verdict, str]:
    path = difference.path if difference else ""
    rule = accepting(view.rules, view.stack_set, pair, drift.logical_id, path)
    if rule is not None:
        return verdict_of(rule), rule.reason
    if drift.status is ResourceDriftStatus.DELETED:
        return Verdict.DELETED, ""
    if difference is None:
        return Verdict.REAL, UNNAMED
    if looks_unreadable(difference):
        return Verdict.SUSPECT, MAY_BE_FALSE
    return Verdict.REAL, ""


def looks_unreadable(difference: PropertyDifference) -> bool:
    """Return whether it is what a role sees that may not read a property: gone as a whole."""
    is_whole = difference.path.count("/") == 1
    is_gone = difference.kind is DifferenceType.REMOVE and difference.actual in _NOTHING
    return is_whole and is_gone
