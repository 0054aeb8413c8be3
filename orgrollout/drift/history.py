"""What became of each finding: when it was seen, repaired, gone, and how often it came back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.model.ids import AccountId, Digest, Pair, StackSetKey


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
    resource_type: str = ""
    repaired: datetime | None = None  # the last time
    repaired_by: str = ""  # the operation or change set
    came_back: int = 0  # how often it was found again after a repair
    gone: datetime | None = None  # when it was first looked for and not found
    refused: str = ""  # why a change set was left in the account, for a person

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
    what was, until there is a new one. What was looked at and not found is gone. Where nobody could
    look in an account, nothing of that kind is known there, and all of it stays as it was.
    """
    updated = dict(records)
    found: set[Digest] = set()
    blind: set[tuple[FindingKind, AccountId]] = set()
    for finding in findings:
        if finding.verdict is Verdict.NOT_CHECKABLE:
            blind.add((finding.kind, finding.pair.account))
            continue
        found.add(finding.key)
        updated[finding.key] = _seen(updated.get(finding.key), finding, finding.looked or now)
    for key, record in records.items():
        is_known = (record.kind, record.pair.account) not in blind
        is_missing = key not in found and record.gone is None
        if is_missing and is_known and looked_at(record.kind, record.pair):
            updated[key] = replace(record, gone=now)
    return updated


def repaired(records: Records, keys: Iterable[Digest], by: str, now: datetime) -> Records:
    """Return the records with some repaired, by an operation or change set.

    What was never seen has no record, and gets none.
    """
    marked = {
        key: replace(records[key], repaired=now, repaired_by=by, refused="")
        for key in keys
        if key in records
    }
    return {**records, **marked}


def refused(records: Records, keys: Iterable[Digest], why: str) -> Records:
    """Return the records with some whose change set was refused, and left for a person."""
    marked = {key: replace(records[key], refused=why) for key in keys if key in records}
    return {**records, **marked}


def is_old_news(records: Records, finding: Finding) -> bool:
    """Return whether a finding was repaired after it was looked at."""
    record = records.get(finding.key)
    if record is None or record.repaired is None or finding.looked is None:
        return False
    return finding.looked <= record.repaired


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
            resource_type=finding.resource_type,
        )
    if looked < before.last_seen or (before.repaired is not None and looked <= before.repaired):
        return before
    again = before.repaired is not None and before.last_seen <= before.repaired
    return replace(
        before,
        verdict=finding.verdict,
        last_seen=looked,
        came_back=before.came_back + again,
        gone=None,
        refused="" if before.gone else before.refused,
    )
