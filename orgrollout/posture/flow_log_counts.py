"""How many flow logs the runbook of flowlogs-remediation would make, and what it leaves. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

from orgrollout.posture.flow_log_fact import FlowLogFact, covered_by


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLogCounts:
    """What was counted in an account and Region, or in several."""

    vpcs: int = 0  # that the account owns
    created: int = 0  # flow logs that would be made, each in a VPC of its own
    replaced: int = 0  # flow logs of ours that would be replaced
    elsewhere: int = 0  # VPCs that are covered, and only by flow logs that go elsewhere
    failing: int = 0  # VPCs where ours is as configured and cannot deliver: nothing is made

    def __add__(self, other: "FlowLogCounts") -> "FlowLogCounts":
        """Return the sums."""
        return counts_of(a + b for a, b in zip(astuple(self), astuple(other), strict=True))


def counts_of(numbers: Iterable[int]) -> FlowLogCounts:
    """Return counts from their numbers, in the order of the fields.

    Raises:
        ValueError: There are more or fewer.
    """
    vpcs, created, replaced, elsewhere, failing = map(int, numbers)
    return FlowLogCounts(
        vpcs=vpcs, created=created, replaced=replaced, elsewhere=elsewhere, failing=failing
    )


def count_flow_logs(
    vpcs: Iterable[str],
    logs: Iterable[FlowLogFact],
    traffic: str,
    destination: str,
    *,
    others_count: bool,
) -> FlowLogCounts:
    """Return what the runbook would do with these VPCs.

    ``others_count``: a flow log that goes elsewhere than to ``destination`` counts.
    """
    known = list(logs)
    here, anywhere = covered_by(known, traffic, destination), covered_by(known, traffic, "")
    enough = anywhere if others_count else here
    ours: dict[str, list[FlowLogFact]] = {}
    for log in known:
        if log.is_ours:
            ours.setdefault(log.vpc, []).append(log)
    total = FlowLogCounts()
    for vpc in vpcs:
        elsewhere = FlowLogCounts(vpcs=1, elsewhere=int(vpc in anywhere - here))
        total += elsewhere + _count_vpc(ours.get(vpc, ()), is_enough=vpc in enough)
    return total


def _count_vpc(ours: Sequence[FlowLogFact], *, is_enough: bool) -> FlowLogCounts:
    """Return what the runbook would do with one VPC, in the order in which it decides."""
    right = [log for log in ours if not log.differences]
    if any(not log.failure for log in right):
        return FlowLogCounts(replaced=len(ours) - 1)
    if right:
        return FlowLogCounts(failing=int(not is_enough))
    if ours:
        return FlowLogCounts(replaced=len(ours))
    return FlowLogCounts(created=int(not is_enough))
