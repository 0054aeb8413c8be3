"""From how checks stand to findings: one for each thing that a check is broken for. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import Records, is_old_news
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.remediation import RULE
from orgrollout.posture.seen import PostureSeen, PostureState, less

# A rule that is evaluated by the clock is, once a day at the latest (MaximumExecutionFrequency).
_EVALUATED_BY_THEN = timedelta(hours=25)
_VERDICTS = {
    PostureState.BROKEN: Verdict.REAL,
    PostureState.UNKNOWN: Verdict.NOT_CHECKABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCheck:
    """How one check of one stack instance stands."""

    stack_set: StackSetKey
    pair: Pair
    check: PostureCheck
    seen: PostureSeen


def findings_of(each: SeenCheck, now: datetime) -> Iterator[Finding]:
    """Yield a finding for each subject, or one where none has a name."""
    verdict = _VERDICTS.get(each.seen.state)
    if verdict is None:
        return
    whole = Finding(
        stack_set=each.stack_set,
        pair=each.pair,
        kind=FindingKind.POSTURE,
        what=each.check.label,
        verdict=verdict,
        reason=each.seen.reason,
        check=each.check,
        subjects=each.seen.subjects,
        unseen=each.seen.unseen,
        looked=each.seen.evaluated or now,
    )
    for part in each.seen.parts:
        yield replace(
            whole,
            subject=part.id,
            reason=part.reason,
            subjects=(part.id,) if part.is_repaired_by_call else (),
            accepted=part.accepted,
            hindrance=part.hindrance,
        )
    if not each.seen.parts:
        yield whole


def without_old_news(
    seen: Iterable[SeenCheck], histories: Mapping[StackSetKey, Records], now: datetime
) -> Iterator[SeenCheck]:
    """Yield how checks stand, without what a rule of AWS Config said before it was repaired.

    That holds for what a check of the same place, on what the rule is about, finds as it should
    be now, and no longer than a rule may take to be evaluated.
    """
    by_place: dict[tuple[StackSetKey, Pair], list[SeenCheck]] = defaultdict(list)
    for each in seen:
        by_place[each.stack_set, each.pair].append(each)
    for (key, _), here in by_place.items():
        for each in here:
            over = _over_since(each, here, histories.get(key, {}), now)
            yield replace(each, seen=less(each.seen, over)) if over else each


def _over_since(
    each: SeenCheck, here: Iterable[SeenCheck], records: Records, now: datetime
) -> frozenset[str]:
    if not each.check.is_judged_by_rule or each.seen.evaluated is None:
        return frozenset()
    proofs = [other for other in here if _tells_of_the_same(other, each)]
    return frozenset(
        finding.subject
        for finding in findings_of(each, now)
        if is_old_news(records, finding)
        and _is_recent(records, finding, now)
        and any(_is_fine(finding.subject, proof.seen) for proof in proofs)
    )


def _tells_of_the_same(other: SeenCheck, each: SeenCheck) -> bool:
    """Return whether another check looks at what the rule is about, and not at the rule."""
    if other.check.is_judged_by_rule or not other.check.starts_remediations:
        return False
    return other.check.arguments.get(RULE) == each.check.arguments.get(RULE)


def _is_recent(records: Records, finding: Finding, now: datetime) -> bool:
    repaired = records[finding.key].repaired
    return repaired is not None and now - repaired < _EVALUATED_BY_THEN


def _is_fine(subject: str, seen: PostureSeen) -> bool:
    if seen.state is PostureState.OK:
        return True
    is_told = seen.state is PostureState.BROKEN and bool(seen.parts)
    return is_told and subject not in {part.id for part in seen.parts}
