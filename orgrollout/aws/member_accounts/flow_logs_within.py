"""Flow logs of subnets and network interfaces: of which VPC those are.

With a flow log for the whole VPC their traffic is logged twice, so they are named before.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orgrollout.drift.posture import FlowLogFact
from orgrollout.errors import AwsError, CredentialsError, PassingError

Pages = Callable[..., list[dict[str, Any]]]
MOST_VALUES = 200  # of one filter (EC2 API reference)
# By how their ids begin: the operation, its items, the filter, and what holds the id.
_KINDS = {
    "subnet-": ("DescribeSubnets", "Subnets", "subnet-id", "SubnetId"),
    "eni-": (
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        "network-interface-id",
        "NetworkInterfaceId",
    ),
}


class Within:
    """Finds the VPCs of what has flow logs of its own, by as many calls as there are kinds."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def of(self, logs: Iterable[FlowLogFact]) -> Mapping[str, tuple[str, ...]]:
        """Return for each VPC the subnets and interfaces in it that are logged by themselves.

        Those whose VPC cannot be read are under no VPC.
        """
        ids = sorted({log.vpc for log in logs if log.status == "ACTIVE" and not log.failure})
        found: dict[str, list[str]] = {}
        for prefix, (operation, items, named, key) in _KINDS.items():
            mine = [each for each in ids if each.startswith(prefix)]
            there = self._vpcs(operation, items, named, key, mine) if mine else {}
            for each in mine:
                found.setdefault(there.get(each, ""), []).append(each)
        return {vpc: tuple(inside) for vpc, inside in found.items()}

    def _vpcs(
        self, operation: str, items: str, named: str, key: str, ids: list[str]
    ) -> dict[str, str]:
        """Return the VPC of each; none where it may not be read."""
        asked = [{"Name": named, "Values": ids[:MOST_VALUES]}]
        try:
            found = self._pages(operation, items, Filters=asked)
        except (CredentialsError, PassingError):
            raise
        except AwsError:
            return {}
        return {each[key]: each.get("VpcId", "") for each in found}
