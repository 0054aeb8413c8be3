"""From what a detection says of resources to findings: what is real, and what to make of the rest.

A property that seems to be gone as a whole is what a role without the permission to read it sees
(an engineer of CloudFormation, aws-cloudformation/cloudformation-coverage-roadmap#2138). So it is
a suspect until somebody with that permission has looked a second time.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.ignoring import accepting
from orgrollout.manifest.schema import DriftIgnore
from orgrollout.manifest.secrets import Secrets
from orgrollout.model.drift import (
    DifferenceType,
    PropertyDifference,
    ResourceDrift,
    ResourceDriftStatus,
)
from orgrollout.model.ids import Digest, Pair, StackSetKey

MASKED = "****"  # as CloudFormation shows the value of a NoEcho parameter
MAY_BE_FALSE = "may be false: the role that looked may lack the permission to read it"
IS_FALSE = "false: a second look, by a role that may read it, found it as it should be"
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
    rules: tuple[DriftIgnore, ...] = ()  # those in force
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


def judged(
    findings: Iterable[Finding],
    *,
    confirmed: Collection[Digest] = (),
    refuted: Collection[Digest] = (),
) -> Iterator[Finding]:
    """Yield the findings with what a second look made of suspects, by their keys.

    One that was confirmed is real. One that was refuted stays what it is, and is said to be false.
    """
    for finding in findings:
        if finding.verdict is Verdict.SUSPECT and finding.key in confirmed:
            yield replace(finding, verdict=Verdict.REAL, reason=CONFIRMED)
        elif finding.verdict is Verdict.SUSPECT and finding.key in refuted:
            yield replace(finding, reason=IS_FALSE)
        else:
            yield finding


def second_look(
    suspects: Iterable[Finding], seen: Mapping[tuple[StackSetKey, Pair], Iterable[ResourceDrift]]
) -> tuple[frozenset[Digest], frozenset[Digest]]:
    """Return the keys of the suspects that were found again, and of those that were not.

    ``seen`` is what detections on exactly those stacks found. A suspect of which it says nothing,
    or which it could not check, is in neither.
    """
    confirmed: set[Digest] = set()
    refuted: set[Digest] = set()
    for suspect in suspects:
        drifts = seen.get((suspect.stack_set, suspect.pair), ())
        drift = next((d for d in drifts if d.logical_id == suspect.what), None)
        if drift is None or drift.status in _NOT_CHECKABLE:
            continue
        again = drift.status is ResourceDriftStatus.DELETED or any(
            d.path == suspect.path for d in drift.differences
        )
        (confirmed if again else refuted).add(suspect.key)
    return frozenset(confirmed), frozenset(refuted)


def _finding(
    view: Viewpoint,
    pair: Pair,
    drift: ResourceDrift,
    looked: datetime | None,
    difference: PropertyDifference | None = None,
) -> Finding:
    path = difference.path if difference else ""
    verdict, reason = _verdict(view, drift, difference)
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
    view: Viewpoint, drift: ResourceDrift, difference: PropertyDifference | None
) -> tuple[Verdict, str]:
    path = difference.path if difference else ""
    rule = accepting(view.rules, view.stack_set, drift.logical_id, path)
    if rule is not None:
        until = f" (until {rule.until})" if rule.until else ""
        return Verdict.IGNORED, f"{rule.reason}{until}"
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
