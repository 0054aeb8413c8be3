"""What could not be looked at is left by a re-sync, too: whether it is as deployed is unknown."""

from collections.abc import Collection, Iterator

from orgrollout.drift.finding import ACCESS, Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings
from orgrollout.drift.left import Unrepaired
from orgrollout.model.ids import Pair, StackSetKey

DRIFT = "drift"  # what is not known of a stack instance
UNTOLD = "it could not be looked at: no drift detection tells of it as it is now"
_NO_LOOK = "it could not be looked at"


def unseen(found: Findings, made: Collection[tuple[StackSetKey, Pair]]) -> Iterator[Unrepaired]:
    """Yield what could not be looked at; ``made`` are stack instances that are created anyway."""
    for finding in found.unseen:
        is_whole = finding.what == ACCESS  # then the reason tells of the whole account
        why = finding.reason if is_whole else f"{_NO_LOOK}: {finding.reason}"
        yield Unrepaired(finding=finding, why=why)
    for look in found.stack_sets:
        for pair in sorted(look.untold):
            if (look.key, pair) not in made:
                yield Unrepaired(finding=_unknown(look.key, pair), why=UNTOLD)


def _unknown(key: StackSetKey, pair: Pair) -> Finding:
    return Finding(
        stack_set=key,
        pair=pair,
        kind=FindingKind.INSTANCE,
        what=DRIFT,
        verdict=Verdict.NOT_CHECKABLE,
        unseen=True,
    )
