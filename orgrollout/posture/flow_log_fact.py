"""A flow log as EC2 describes it, and which VPCs flow logs cover. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLogFact:
    """A flow log of a VPC, a subnet or an interface (DescribeFlowLogs)."""

    id: str
    vpc: str
    traffic: str  # ALL, ACCEPT, REJECT
    status: str  # ACTIVE
    failure: str = ""  # of delivery
    destination: str = ""  # ARN of a bucket, with a folder if there is one; name of a log group
    is_ours: bool = False  # the runbook made it
    differences: tuple[str, ...] = ()  # from the settings, if it is ours

    @property
    def works(self) -> bool:
        """Return whether it is active and delivers."""
        return self.status == "ACTIVE" and not self.failure


def covered_by(logs: Iterable[FlowLogFact], traffic: str, destination: str) -> set[str]:
    """Return the VPCs whose flow logs cover the traffic; ACCEPT and REJECT together are ALL."""
    kinds: dict[str, set[str]] = {}
    for log in logs:
        if log.works and goes_to(log, destination):
            kinds.setdefault(log.vpc, set()).add(log.traffic)
    return {
        vpc
        for vpc, found in kinds.items()
        if found & {"ALL", traffic} or found >= {"ACCEPT", "REJECT"}
    }


def goes_to(log: FlowLogFact, destination: str) -> bool:
    """Return whether it goes to that bucket, or to a log group of that prefix."""
    wanted = destination.rstrip("/")
    return not wanted or log.destination.rstrip("/") in {wanted, f"{wanted}/{log.vpc}"}
