"""What became of each finding, kept in the journal: a document for each stack set."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from orgrollout.drift.document import is_newer, read_records, records_document
from orgrollout.drift.finding import ACCESS, Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.drift.history import LookedAt, Record, Records, seen, with_changes
from orgrollout.drift.who.answer import ChangedBy
from orgrollout.journal.documents import Documents
from orgrollout.journal.errors import JournalDocumentError, JournalVersionError
from orgrollout.journal.port import Document, Journal
from orgrollout.journal.reading import as_mapping
from orgrollout.model.ids import Digest, Pair, StackSetKey, StackSetName


def _read(document: Document) -> Records:
    records = read_records(document.value)
    if records is None:
        if is_newer(as_mapping(document.key, document.value)):
            raise JournalVersionError(document.key, "its format is not known here")
        raise JournalDocumentError(document.key, "its records cannot be read")
    return records


FINDINGS: Documents[Records] = Documents(prefix="findings/", read=_read, dump=records_document)
# More stack instances than this that are not as wanted are no drift, but a rollout that was not
# made: they are shown, and not remembered one by one.
MOST_INSTANCES = 1_000


def history(journal: Journal, name: StackSetName) -> Records:
    """Return what is remembered of the findings in a stack set.

    Raises:
        JournalVersionError: Another version wrote it.
    """
    found = FINDINGS.get(journal, name)
    return found.value if found else {}


def remember_findings(
    journal: Journal,
    now: datetime,
    found: Findings,
    chosen: Callable[[StackSetKey, Pair], bool] | None = None,
) -> None:
    """Keep what was found, and note what was looked for and is gone.

    ``chosen`` is what was meant to be looked at, if that was not everything.
    """
    for look in found.stack_sets:
        mine = list(
            _worth_keeping(f for f in found.findings if f.stack_set == look.key or _is_closed(f))
        )
        change_history(journal, look.name, partial(_seen, mine, now, _reach(found, look, chosen)))


def remember_changes(
    journal: Journal, found: Findings, answers: Mapping[Digest, ChangedBy]
) -> None:
    """Keep who changed what the findings are about."""
    for look in found.stack_sets:
        keys = {f.key for f in found.findings if f.stack_set == look.key} & answers.keys()
        if keys:
            mine = {key: answers[key] for key in keys}
            change_history(journal, look.name, partial(_with_changes, mine))


def change_history(
    journal: Journal, name: StackSetName, change: Callable[[Records], Records]
) -> Records:
    """Write what ``change`` makes of the records, again if another process came in between.

    It is one document, however many records change; nothing is written where none does.
    """

    def changed(before: Records | None) -> Records | None:
        after = change(before or {})
        return after if after or before is not None else None  # no document where none is needed

    return FINDINGS.change(journal, name, changed) or {}


def forget_what_is_gone(journal: Journal) -> int:
    """Remove the records of what is no longer found, and return how many they were."""
    return sum(_forget(journal, name) for name in FINDINGS.names(journal))


def _with_changes(answers: Mapping[Digest, ChangedBy], records: Records) -> Records:
    return with_changes(records, answers)


def _seen(
    findings: Iterable[Finding], now: datetime, looked_at: LookedAt, records: Records
) -> Records:
    return seen(records, findings, now, looked_at)


def _reach(
    found: Findings, look: StackSetLook, chosen: Callable[[StackSetKey, Pair], bool] | None
) -> LookedAt:
    """Return whether something was looked at: kind, and where."""

    def looked_at(kind: FindingKind, pair: Pair) -> bool:
        is_meant = chosen is None or chosen(look.key, pair)
        is_told = kind is not FindingKind.RESOURCE or pair in look.told - look.repaired_at
        return kind in found.kinds and is_meant and is_told

    return looked_at


def _forget(journal: Journal, name: str) -> int:
    try:
        found = FINDINGS.get(journal, name)
    except (JournalVersionError, JournalDocumentError):  # left alone
        return 0
    if found is None:
        return 0
    kept: dict[Digest, Record] = {k: r for k, r in found.value.items() if r.gone is None}
    gone = len(found.value) - len(kept)
    if not gone:
        return 0
    if kept:
        written = FINDINGS.offer(journal, name, kept, found.version) is not None
    else:
        written = FINDINGS.remove(journal, name, found.version)
    return gone if written else 0


def _is_closed(finding: Finding) -> bool:
    """Return whether it says that an account could not be looked into, for any stack set."""
    return finding.what == ACCESS and finding.verdict is Verdict.NOT_CHECKABLE


def _worth_keeping(findings: Iterable[Finding]) -> Iterable[Finding]:
    every = list(findings)
    instances = sum(1 for finding in every if finding.kind is FindingKind.INSTANCE)
    if instances <= MOST_INSTANCES:
        return every
    return (finding for finding in every if finding.kind is not FindingKind.INSTANCE)
