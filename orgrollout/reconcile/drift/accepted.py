"""Drift that is none for the ledger: what the manifest accepts, and what is over since."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.history import Record, is_over
from orgrollout.drift.ignoring import in_force, is_of_check
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.drift.read_findings import read_drift
from orgrollout.reconcile.reading.inventory import Progress


def accepted_drift(
    loaded: LoadedManifest,
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    context: Context,
    progress: Progress,
) -> Mapping[Pair, str]:
    """Return the pairs all of whose drift is ignored or over since, with what is.

    Asks only where rules hold; what was repaired is remembered.

    Raises:
        AwsError: Something could not be read.
    """
    over = _over_since(desired, inventory, context)
    rules = in_force(loaded.manifest.drift.ignore, context.clock.now().date())
    if not any(rule.stack_set == desired.key and not is_of_check(rule) for rule in rules):
        return over
    found: dict[Pair, list[Finding]] = defaultdict(list)
    for finding in read_drift(loaded, desired, inventory, context, progress).findings:
        found[finding.pair].append(finding)
    accepted = {
        pair: f"drift is accepted: {', '.join(sorted({f.what + f.path for f in each}))}"
        for pair, each in found.items()
        if all(finding.verdict is Verdict.IGNORED for finding in each)
    }
    return {**over, **accepted}


def _over_since(
    desired: DesiredStackSet, inventory: StackSetInventory | None, context: Context
) -> Mapping[Pair, str]:
    """Return the pairs whose drift was repaired, or found to be gone, after the last detection.

    CloudFormation goes on to call them DRIFTED until the stack set is looked at again.
    """
    by_pair: dict[Pair, list[Record]] = defaultdict(list)
    for record in history(context.journal, desired.name).values():
        if record.kind is FindingKind.RESOURCE:
            by_pair[record.pair].append(record)
    instances = inventory.instances if inventory else {}
    found: dict[Pair, str] = {}
    for pair, records in by_pair.items():
        looked = instances[pair].last_drift_check if pair in instances else None
        text = _how_it_is_over(records, looked) if looked is not None else ""
        if text:
            found[pair] = text
    return found


def _how_it_is_over(records: list[Record], looked: datetime) -> str:
    """Return when all that a look found was over; empty: some of it is not, or it is not known."""
    told = [r for r in records if r.gone is None or r.last_seen >= looked]
    over = [r for r in told if is_over(r, looked)]
    if not over or any(r not in over and r.verdict is not Verdict.IGNORED for r in told):
        return ""
    repairs = [r.repaired for r in over if r.gone is None and r.repaired is not None]
    how, when = (
        ("repaired", max(repairs)) if repairs else ("gone", max(r.gone for r in over if r.gone))
    )
    return f"{how} {when:%Y-%m-%d %H:%M}, since it was looked at"
