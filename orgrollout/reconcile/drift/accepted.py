"""Drift that is none for the ledger: what the manifest accepts, and what is over since."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import Record, is_over
from orgrollout.drift.ignoring import accepting
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import Pair
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.drift.read_findings import read_drift
from orgrollout.reconcile.reading.inventory import Progress
from orgrollout.rollout.coverage import CoverageState, Standing


def accepted_drift(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    context: Context,
    progress: Progress,
) -> Mapping[Pair, Standing]:
    """Return the pairs all of whose drift is accepted or over since, with what is.

    Asks only where rules hold; what was repaired is remembered.

    Raises:
        AwsError: Something could not be read.
    """
    over = _over_since(desired, inventory, context)
    if all(rule.of_check for rule in desired.accepts):
        return over
    found: dict[Pair, list[Finding]] = defaultdict(list)
    for finding in read_drift(desired, inventory, context, progress).findings:
        found[finding.pair].append(finding)
    accepted = {
        pair: _accepted(each)
        for pair, each in found.items()
        if all(finding.verdict.is_accepted for finding in each)
    }
    return {**over, **accepted}


def _accepted(findings: list[Finding]) -> Standing:
    """Return how a pair stands all of whose drift is accepted: waived, if a waiver is needed."""
    waived = {f"{f.what}{f.path}: {f.reason}" for f in findings if f.verdict is Verdict.WAIVED}
    if waived:
        return CoverageState.WAIVED, f"drift is waived: {'; '.join(sorted(waived))}"
    told = sorted({f"{each.what}{each.path}" for each in findings})
    return CoverageState.CURRENT, f"drift is accepted: {', '.join(told)}"


def _over_since(
    desired: DesiredStackSet, inventory: StackSetInventory | None, context: Context
) -> Mapping[Pair, Standing]:
    """Return the pairs whose drift was repaired, or found to be gone, after the last detection.

    CloudFormation goes on to call them DRIFTED until the stack set is looked at again.
    """
    by_pair: dict[Pair, list[Record]] = defaultdict(list)
    for record in history(context.journal, desired.name).values():
        if record.kind is FindingKind.RESOURCE:
            by_pair[record.pair].append(record)
    instances = inventory.instances if inventory else {}
    found: dict[Pair, Standing] = {}
    for pair, records in by_pair.items():
        looked = instances[pair].last_drift_check if pair in instances else None
        text = _how_it_is_over(desired, records, looked) if looked is not None else ""
        if text:
            found[pair] = (CoverageState.CURRENT, text)
    return found


def _how_it_is_over(desired: DesiredStackSet, records: list[Record], looked: datetime) -> str:
    """Return when all that a look found was over; empty: some of it is not, or it is not known."""
    told = [r for r in records if r.gone is None or r.last_seen >= looked]
    over = [r for r in told if is_over(r, looked)]
    left = (r for r in told if r not in over)
    if not over or not all(_is_accepted(desired, r) for r in left):
        return ""
    repairs = [r.repaired for r in over if r.gone is None and r.repaired is not None]
    how, when = (
        ("repaired", max(repairs)) if repairs else ("gone", max(r.gone for r in over if r.gone))
    )
    return f"{how} {when:%Y-%m-%d %H:%M}, since it was looked at"


def _is_accepted(desired: DesiredStackSet, record: Record) -> bool:
    """Return whether what was found is accepted now; the verdict of then may have ended."""
    here = (desired.key, record.pair, record.what, record.path)
    return accepting(desired.accepts, *here) is not None
