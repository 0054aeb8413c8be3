"""Stack instances that are not as the manifest wants them, from what a plan compares."""

from collections.abc import Iterator
from datetime import datetime

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.plan.build.compare import NEW, Differences

MISSING, EXTRA, OUTDATED, INOPERABLE = "missing", "extra", "outdated", "inoperable"


def instance_findings(
    key: StackSetKey,
    differences: Differences,
    inventory: StackSetInventory | None,
    now: datetime,
) -> Iterator[Finding]:
    """Yield what is missing, extra, outdated or inoperable, each with the reason of a plan.

    What a plan leaves alone, in accounts that are suspended, is none of these.
    """
    instances = inventory.instances if inventory else {}

    def finding(pair: Pair, what: str) -> Finding:
        return Finding(
            stack_set=key,
            pair=pair,
            kind=FindingKind.INSTANCE,
            what=what,
            verdict=Verdict.REAL,
            reason=differences.reasons.get(pair, NEW),
            looked=now,
        )

    for pair in differences.creates:
        yield finding(pair, MISSING)
    for pair in differences.updates:
        broken = instances[pair].status is InstanceStatus.INOPERABLE
        yield finding(pair, INOPERABLE if broken else OUTDATED)
    for pairs in differences.removals.values():
        for pair in pairs:
            yield finding(pair, EXTRA)
