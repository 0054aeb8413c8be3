"""What is not as deployed, as people read it: equal findings are one, with their places."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.drift.history import Record
from orgrollout.drift.instances import MISSING
from orgrollout.model.ids import Digest, Pair, StackSetKey
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build.compare import NEW
from orgrollout.posture.seen import Subject, named, told
from orgrollout.report.drift.changed_by import changed_by_words
from orgrollout.report.layout.blocks import Block, Line
from orgrollout.report.layout.words import count, span
from orgrollout.report.plan.unchecked import not_looked_at, remedy, sentence
from orgrollout.rollout.failures.failure_groups import cause

MOST_PLACES = 6  # accounts named for each Region; JSON and CSV name all
MOST_CHARACTERS = 160  # of a value in text
_STYLES = {
    Verdict.REAL: "red",
    Verdict.DELETED: "red",
    Verdict.SUSPECT: "yellow",
    Verdict.NOT_CHECKABLE: "yellow",
    Verdict.WAIVED: "dim",
    Verdict.IGNORED: "dim",
}
_ORDER = list(_STYLES)
_NOTHING_THERE = "No real finding in what was looked at"
_SEVERAL = re.compile(r"\*(, \*)*( and \d+ more)?")
_SAID = {"COMPLETED": "", "PARTIAL_SUCCESS": ", not in all of them", "STOPPED": ", then stopped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What findings are shown with."""

    organization: Organization
    now: datetime
    records: Mapping[Digest, Record] = field(default_factory=dict)
    detected: Mapping[StackSetKey, str] = field(default_factory=dict)  # how a detection just ended
    looked: bool = False  # just now, or at least tried to
    detect: str = "orgrollout drift --detect"  # the command that looks
    has_role: bool = True  # to look at posture with
    first: str = ""  # the command of a first rollout; only where the journal has no rollout of it


def drift_blocks(found: Findings, shown: Shown) -> Iterator[Block]:
    """Yield each stack set with its detection and its findings, then the whole in one line."""
    by_key: dict[StackSetKey, list[Finding]] = defaultdict(list)
    for finding in found.findings:
        by_key[finding.stack_set].append(finding)
    if shown.first and is_before_the_first(found):
        yield from (Line(text=f"warning: {text}", style="yellow") for text in found.warnings)
        yield Line(text=_not_begun(found, shown.first), style="bold yellow")
        return
    for look in found.stack_sets:
        yield Line(text=f"{look.key}: {_detection(look, shown)}", style="bold")
        yield from _groups(by_key[look.key], shown)
        if look.not_checkable:
            types = (f"{n:,} {kind}" for kind, n in look.not_checkable.items())
            yield Line(text=f"  not checkable by drift detection: {', '.join(types)}", style="dim")
        if look.repaired_since:
            text = f"  repaired since they were found: {look.repaired_since:,}"
            yield Line(text=text, style="dim")
    yield from (Line(text=f"warning: {text}", style="yellow") for text in found.warnings)
    yield Line(text=summary(found), style="bold red" if found.real else "bold")
    how = remedy(found, shown.detect, has_role=shown.has_role)
    if text := sentence(not_looked_at(found), how):
        yield Line(text=text, style="yellow")


def is_before_the_first(found: Findings) -> bool:
    """Return whether none of the stack sets is there, and all that is found is just that."""
    return bool(found.findings) and (
        all(look.view is None for look in found.stack_sets)
        and all((each.what, each.reason) == (MISSING, NEW) for each in found.findings)
    )


def _not_begun(found: Findings, apply: str) -> str:
    missing = count(len(found.findings), "stack instance is", "stack instances are")
    sets = count(len(found.stack_sets), "stack set")
    return (
        f"Nothing of this manifest is deployed yet: {missing} missing in {sets}, and this journal "
        f"has no rollout of it. `{apply}` deploys it."
    )


def summary(found: Findings) -> str:
    """Return all of it in one line."""
    clean = "No real finding" if not any(not_looked_at(found)) else _NOTHING_THERE
    if found.is_blind_to_drift and found.is_blind_to_posture:
        clean = "Nothing was looked at, so nothing is known"
    verdicts = Counter(finding.verdict for finding in found.findings)
    where = len({(finding.stack_set, finding.pair) for finding in found.real})
    real = count(len(found.real), "real finding")
    parts = [f"{real} in {count(where, 'stack instance')}" if found.real else clean]
    others = (Verdict.SUSPECT, Verdict.NOT_CHECKABLE, Verdict.WAIVED, Verdict.IGNORED)
    parts += [f"{verdicts[each]:,} {each}" for each in others if verdicts[each]]
    if unknown := sum(look.unknown for look in found.stack_sets):
        parts.append(f"drift of {count(unknown, 'stack instance')} unknown")
    return f"{'; '.join(parts)}."


def _detection(look: StackSetLook, shown: Shown) -> str:
    """Return how old what is known is, and how much it is."""
    parts = []
    if text := shown.detected.get(look.key):
        parts.append(text)
    last = look.detection
    if last is None:
        hint = "" if shown.looked else "; `--detect` runs one"
        parts.append(f"no drift detection has run{hint}")
    else:
        age = f" {span(shown.now - last.ended)} ago" if last.ended else ""
        how = _SAID.get(last.status, f", {last.status}")
        drifted = f"{last.drifted:,} of {count(last.total, 'stack instance')} drifted"
        failed = f", {last.failed:,} could not be looked at" if last.failed else ""
        parts.append(f"looked for drift{age}{how}: {drifted}{failed}")
        if look.unknown:
            unknown = count(look.unknown, "stack instance")
            parts.append(f"nothing is known of {unknown}, changed since or not to be looked at")
    if look.running:
        parts.append("a detection is under way")
    return "; ".join(parts)


def _groups(findings: Iterable[Finding], shown: Shown) -> Iterator[Block]:
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[_alike(finding)].append(finding)
    for group in sorted(groups.values(), key=_rank):
        yield from _group(group, shown)


def _alike(finding: Finding) -> tuple[str, ...]:
    """Return what findings have in common that are shown as one."""
    reason = finding.reason if finding.kind is not FindingKind.RESOURCE else ""
    if finding.verdict.is_accepted:
        reason = finding.reason
    elif finding.kind is FindingKind.POSTURE:
        reason = _gist(finding)
    return (finding.kind, finding.verdict, finding.what, finding.path, reason)


def _gist(finding: Finding) -> str:
    """Return the reason without what it is about: VPCs differ from account to account."""
    reason = finding.reason
    for subject in (*finding.subjects, finding.subject):
        reason = reason.replace(subject, "*") if subject else reason
    return _SEVERAL.sub("*", cause(reason))


def _rank(group: Sequence[Finding]) -> tuple[int, int]:
    return _ORDER.index(group[0].verdict), -len(group)


def _group(group: Sequence[Finding], shown: Shown) -> Iterator[Block]:
    first = min(group, key=lambda finding: finding.pair)
    why = _reason(first, group)
    example = "e.g. " if any(_reason(each, group) != why for each in group) else ""
    reason = f": {example}{why}" if why else ""
    number = count(len({finding.pair for finding in group}), "stack instance")
    several = f", {len(group):,} in all" if _is_more(group) else ""
    yield Line(
        text=f"  {_title(first)}, {number}{several}{_returns(group, shown)}{reason}",
        style=_STYLES[first.verdict],
    )
    if first.path and not first.verdict.is_accepted:
        expected, actual = _cut(first.expected), _cut(first.actual)
        yield Line(text=f"    e.g. {first.pair}: {expected} is expected, and it is {actual}")
    yield Line(text=f"    in {places({finding.pair for finding in group}, shown.organization)}")
    yield from _changes(group, shown)


def _changes(group: Sequence[Finding], shown: Shown) -> Iterator[Block]:
    """Yield who changed what: once for all where it is the same, else for the first few."""
    records = ((finding, shown.records.get(finding.key)) for finding in group)
    told: dict[str, list[Pair]] = defaultdict(list)
    for finding, record in records:
        if record is not None and record.changed_by is not None:
            told[changed_by_words(record.changed_by)].append(finding.pair)
    lines = sorted(told.items(), key=lambda each: min(each[1]))
    for text, pairs in lines[:MOST_PLACES]:
        more = f" and {count(len(pairs) - 1, 'other')}" if len(pairs) > 1 else ""
        where = "" if len(lines) == 1 else f"{min(pairs)}{more}: "
        yield Line(text=f"    {where}{text}")
    if len(lines) > MOST_PLACES:
        yield Line(text=f"    and {len(lines) - MOST_PLACES:,} more: JSON and CSV have all")


def _reason(finding: Finding, group: Iterable[Finding]) -> str:
    """Return the reason of a finding, with what is broken beside it in the same place."""
    here = [each for each in group if each.pair == finding.pair and each.subject]
    if finding.verdict.is_accepted or not finding.subject:
        subjects = f" ({named([each.subject for each in here])})" if here else ""
        return f"{finding.reason}{subjects}"
    return told(Subject(id=each.subject, reason=each.reason) for each in here)


def _is_more(group: Sequence[Finding]) -> bool:
    """Return whether a check is broken for more than there are places."""
    return bool(group[0].subject) and len(group) > len({each.pair for each in group})


def _title(finding: Finding) -> str:
    if finding.kind is FindingKind.INSTANCE:
        return finding.what
    kind = f" ({finding.resource_type})" if finding.resource_type else ""
    return f"{finding.verdict}: {finding.what}{finding.path}{kind}"


def _returns(group: Iterable[Finding], shown: Shown) -> str:
    """Return in how many places it came back after it was repaired."""
    records = (shown.records.get(finding.key) for finding in group)
    back = sum(1 for record in records if record is not None and record.came_back)
    return f" ({back:,} came back after a repair)" if back else ""


def places(pairs: Iterable[Pair], organization: Organization) -> str:
    """Return Regions with the accounts in each, the first few by name."""
    regions: dict[str, list[str]] = defaultdict(list)
    for pair in sorted(pairs):
        account = organization.accounts.get(pair.account)
        name = f"{account.name} {pair.account}" if account else pair.account
        regions[pair.region].append(name)
    return "; ".join(f"{region}: {_some(names)}" for region, names in sorted(regions.items()))


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_PLACES
    return ", ".join(names[:MOST_PLACES]) + (f" and {more:,} more" if more > 0 else "")


def _cut(value: str) -> str:
    text = " ".join(value.split()) or "nothing"
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
