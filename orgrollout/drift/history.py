"""What became of each finding: when it was seen, repaired, gone, and how often it came back."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgrollout.drift.classify import SETTLED
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.who.answer import ChangedBy
from orgrollout.model.cause import Cause
from orgrollout.model.ids import AccountId, Digest, Pair, StackSetKey
from orgrollout.plan.model.repair import below
from orgrollout.posture.registry import CHECKS

_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One finding over time. No value of a property is kept."""

    stack_set: StackSetKey
    pair: Pair
    kind: FindingKind
    what: str
    verdict: Verdict  # when it was seen last
    first_seen: datetime
    last_seen: datetime
    path: str = ""
    subject: str = ""  # of a check; empty also where a version before subjects wrote it
    resource_type: str = ""
    repaired: datetime | None = None  # the last time
    repaired_by: str = ""  # the operation or change set
    came_back: int = 0  # how often it was found again after a repair
    gone: datetime | None = None  # when it was first looked for and not found
    refused: str = ""  # why it was not repaired, and is left for a person
    refused_for: Cause | None = None  # the same as a verdict: REFUSED or UNREAD
    changed_by: ChangedBy | None = None  # as CloudTrail told it; None: it was not asked for

    @property
    def is_open(self) -> bool:
        """Return whether it was there when it was looked for last, and not repaired since."""
        return self.gone is None and (self.repaired is None or self.last_seen > self.repaired)


Records = Mapping[Digest, Record]
LookedAt = Callable[[FindingKind, Pair], bool]


def _everything(_kind: FindingKind, _pair: Pair) -> bool:
    return True


def seen(
    records: Records, findings: Iterable[Finding], now: datetime, looked_at: LookedAt = _everything
) -> Records:
    """Return the records with what was found now.

    Found before it was repaired is old news, and changes nothing: a detection goes on to tell of
    what was, until there is a new one. What was looked at and not found is gone. If an account
    could not be looked at, all of that kind stays there as it was; and so
    does what lies below a suspect, of which the role that looked may have seen nothing. A check
    that is unknown in one place keeps what is known of it there.
    """
    findings = list(findings)
    records = _moved(records, findings)
    updated = dict(records)
    found: set[Digest] = set()
    blind: set[tuple[FindingKind, AccountId]] = set()
    unknown: set[tuple[Pair, str]] = set()
    hidden: dict[tuple[Pair, str], list[str]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.NOT_CHECKABLE:
            if finding.check is not None:
                unknown.add((finding.pair, finding.what))
            else:
                blind.add((finding.kind, finding.pair.account))
            continue
        if finding.verdict is Verdict.SUSPECT and finding.reason not in SETTLED:
            hidden[finding.pair, finding.what].append(finding.path)
        found.add(finding.key)
        updated[finding.key] = _seen(updated.get(finding.key), finding, finding.looked or now)
    for key, record in records.items():
        is_hidden = any(below(record.path, path) for path in hidden[record.pair, record.what])
        is_known = not is_hidden and (record.kind, record.pair.account) not in blind
        if record.kind is FindingKind.POSTURE:
            is_known = is_known and (record.pair, record.what) not in unknown
        is_missing = key not in found and record.gone is None
        if is_missing and is_known and looked_at(record.kind, record.pair):
            updated[key] = replace(record, gone=now)
    return updated


def _moved(records: Records, findings: Iterable[Finding]) -> Records:
    """Return the records with those of a check handed on to its subject, if it can have only one.

    An earlier version kept one record for a check. Where a check has as many subjects as there are
    VPCs, that record does not say which of them it was about: none takes it over.
    """
    moved = dict(records)
    for finding in findings:
        known = CHECKS.get(finding.check.name) if finding.check else None
        is_one = known is not None and known.has_one_subject and finding.subject != ""
        if is_one and finding.key not in moved and finding.key_of_check in moved:
            record = moved.pop(finding.key_of_check)
            moved[finding.key] = replace(record, subject=finding.subject)
    return moved


def repaired(records: Records, keys: Iterable[Digest], by: str, now: datetime) -> Records:
    """Return the records with some repaired, by an operation or change set.

    What was never seen has no record, and gets none.
    """
    marked = {
        key: replace(records[key], repaired=now, repaired_by=by, refused="", refused_for=None)
        for key in keys
        if key in records
    }
    return {**records, **marked}


def came_back(records: Records, keys: Iterable[Digest], by: str, now: datetime) -> Records:
    """Return the records with some repaired by ``by``, and found again right afterwards.

    Noted twice, it came back once.
    """
    marked = {
        key: replace(
            records[key],
            repaired=now - _JUST_BEFORE,
            repaired_by=by,
            last_seen=now,
            came_back=records[key].came_back + 1,
            refused="",
            refused_for=None,
        )
        for key in keys
        if key in records and records[key].repaired_by != by
    }
    return {**records, **marked}


def not_there(records: Records, keys: Iterable[Digest], now: datetime) -> Records:
    """Return the records with some gone: there was nothing to repair when it was tried."""
    marked = {
        key: replace(records[key], gone=now)
        for key in keys
        if key in records and records[key].gone is None
    }
    return {**records, **marked}


def refused(records: Records, keys: Iterable[Digest], why: str, cause: Cause) -> Records:
    """Return the records with some whose change set was refused, and left for a person."""
    marked = {
        key: replace(records[key], refused=why, refused_for=cause) for key in keys if key in records
    }
    return {**records, **marked}


def is_old_news(records: Records, finding: Finding) -> bool:
    """Return whether a finding was over after it was looked at."""
    record = records.get(finding.key)
    return record is not None and finding.looked is not None and is_over(record, finding.looked)


def is_over(record: Record, looked: datetime) -> bool:
    """Return whether what a look found was repaired after it, or found to be gone.

    Repaired and found again it is there, whatever was looked at before.
    """
    if record.is_open:
        return False
    was_repaired = record.repaired is not None and looked <= record.repaired
    return was_repaired or (record.gone is not None and looked <= record.last_seen)


def _seen(before: Record | None, finding: Finding, looked: datetime) -> Record:
    if before is None:
        return Record(
            stack_set=finding.stack_set,
            pair=finding.pair,
            kind=finding.kind,
            what=finding.what,
            verdict=finding.verdict,
            first_seen=looked,
            last_seen=looked,
            path=finding.path,
            subject=finding.subject,
            resource_type=finding.resource_type,
        )
    if looked < before.last_seen or is_over(before, looked):
        return before
    again = before.repaired is not None and before.last_seen <= before.repaired
    return replace(
        before,
        verdict=finding.verdict,
        last_seen=looked,
        came_back=before.came_back + again,
        gone=None,
        refused="" if before.gone else before.refused,
        refused_for=None if before.gone else before.refused_for,
        changed_by=None if again or before.gone else before.changed_by,
    )


def with_changes(records: Records, answers: Mapping[Digest, ChangedBy]) -> Records:
    """Return the records with who changed what they are about.

    What was found stays if asking again tells less: events are kept for 90 days, and a finding may
    be older.
    """
    changed = dict(records)
    for key, answer in answers.items():
        before = records[key].changed_by if key in records else None
        if key in records and (before is None or before.worth <= answer.worth):
            changed[key] = replace(records[key], changed_by=answer)
    return changed
