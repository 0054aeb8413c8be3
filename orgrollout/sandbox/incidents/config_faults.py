"""Deliveries and remediations of AWS Config that fail."""

from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.faults.rules import InstanceFault
from orgrollout.sandbox.incidents.context import Incidents


class ConfigFaults(Incidents):
    """Faults of AWS Config."""

    @fault
    def break_delivery(
        self,
        account: str,
        region: str,
        code: str = "AccessDenied",
        message: str = "Access Denied",
    ) -> None:
        """Make deliveries of AWS Config fail, until ``repair_delivery``."""
        pair = (self.at.organization.find(account), region)
        self.at.hold(self.at.simulation.broken_deliveries, pair, (code, message))

    def repair_delivery(self, account: str, region: str) -> None:
        """Make deliveries of AWS Config arrive again."""
        self.at.simulation.broken_deliveries.pop((self.at.organization.find(account), region), None)

    @fault
    def fail_remediation(
        self,
        account: str | None = None,
        region: str | None = None,
        *,
        reason: str = "Simulated.",
        times: int | None = 1,
    ) -> None:
        """Make remediations of AWS Config end FAILED."""
        made = InstanceFault(
            account=self.at.id_of(account), region=region, reason=reason, times=times
        )
        self.at.keep_in(self.at.simulation.faults.remediations, made)
