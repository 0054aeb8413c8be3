"""What nobody could look at is left by a re-sync, too: it may be as deployed, and nobody knows."""

from collections.abc import Collection, Iterator

from orgrollout.drift.finding import ACCESS, Finding, FindingKind, Verdict
from orgrollout.drift.findings import Findings
from orgrollout.drift.left import Unrepaired
from orgrollout.model.ids import Pair, StackSetKey

DRIFT = "drift"  # what is not known of a stack instance
UNTOLD = "nobody could look: no drift detection tells of it as it is now"
_NOBODY = "nobody could look"


def unseen(found: Findings, made: Collection[tuple[StackSetKey, Pair]]) -> Iterator[Unrepaired]:
    """Yield what nobody could look at; ``made`` are stack instances that are created anyway."""
    for finding in found.unseen:
        is_whole = finding.what == ACCESS  # then the reason tells of the whole account
        why = finding.reason if is_whole else f"{_NOBODY}: {finding.reason}"
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
