"""Events of CloudTrail that come late, twice or not at all, and a history full of others."""

from datetime import timedelta

from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.incidents.context import Incidents
from orgrollout.sandbox.trail.book import DeliveryFault, Request


class TrailFaults(Incidents):
    """Faults of the event history."""

    @fault
    def late_events(
        self,
        account: str | None = None,
        *,
        seconds: timedelta = timedelta(minutes=15),
        event: str | None = None,
        times: int | None = None,
    ) -> None:
        """Show events of changes that are made from now on so much later."""
        self._add(account, event, times, lag=seconds)

    @fault
    def lose_events(
        self, account: str | None = None, *, event: str | None = None, times: int | None = None
    ) -> None:
        """Never show events of changes that are made from now on."""
        self._add(account, event, times, copies=0)

    @fault
    def double_events(
        self, account: str | None = None, *, event: str | None = None, times: int | None = None
    ) -> None:
        """Show events of changes that are made from now on twice, with the same id."""
        self._add(account, event, times, copies=2)

    @fault
    def busy_trail(
        self,
        account: str,
        region: str,
        *,
        source: str,
        count: int,
        name: str = "ListTopics",
        after: timedelta = timedelta(),
    ) -> None:
        """Add events of reads to the history: ``count`` of them, at one time, of one service."""
        place = (self.at.organization.find(account), region)
        request = Request(source=source, name=name, parameters={}, read_only=True)
        simulation = self.at.simulation

        def write() -> None:
            for _ in range(count):
                simulation.recorder.by_hand(place, "role/Monitoring/poller", request)

        self.at.happen(after, write)

    def _add(
        self,
        account: str | None,
        event: str | None,
        times: int | None,
        *,
        lag: timedelta = timedelta(),
        copies: int = 1,
    ) -> None:
        made = DeliveryFault(
            account=self.at.id_of(account), name=event, times=times, lag=lag, copies=copies
        )
        self.at.keep_in(self.at.simulation.recorder.trail.faults, made, 0)
