"""Calls that are throttled, refused, lost or late."""

from datetime import timedelta

from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.faults.rules import CallFault, RateLimit
from orgrollout.sandbox.incidents.context import Incidents


class CallFaults(Incidents):
    """Faults of calls."""

    @fault
    def throttle(
        self,
        operation: str | None = None,
        *,
        times: int | None = 1,
        per_second: float | None = None,
        service: str = "cloudformation",
    ) -> None:
        """Throttle an operation ``times`` times, or above a rate."""
        if per_second is not None:
            limit = RateLimit(operation=operation, per_second=per_second, service=service)
            self.at.keep_in(self.at.simulation.faults.rates, limit)
        else:
            self._call_fault("throttle", operation, service, times)

    @fault
    def server_error(
        self,
        operation: str | None = None,
        *,
        times: int | None = 1,
        service: str = "cloudformation",
    ) -> None:
        """Answer with HTTP 500, and do nothing."""
        self._call_fault("server_error", operation, service, times)

    @fault
    def lose_response(
        self,
        operation: str | None = None,
        *,
        times: int | None = 1,
        service: str = "cloudformation",
    ) -> None:
        """Do what is asked, and lose the response: the caller sees a timeout."""
        self._call_fault("lost_response", operation, service, times)

    @fault
    def stale_request(self, operation: str | None = None, *, times: int | None = 1) -> None:
        """Refuse with StaleRequestException, and do nothing, as if another user had interfered."""
        self._call_fault("stale_request", operation, "cloudformation", times)

    @fault
    def delay(
        self,
        operation: str | None = None,
        *,
        seconds: timedelta,
        times: int | None = 1,
        service: str = "cloudformation",
    ) -> None:
        """Answer a call later."""
        self._call_fault("delay", operation, service, times, seconds)

    @fault
    def expire_credentials(self, account: str | None = None, *, times: int | None = None) -> None:
        """Answer every call (of an account) with ExpiredToken, until ``renew_credentials``."""
        made = CallFault(kind="expired_credentials", account=self.at.id_of(account), times=times)
        self.at.keep_in(self.at.simulation.faults.calls, made, 0)

    def renew_credentials(self) -> None:
        """Make credentials valid again."""
        calls = self.at.simulation.faults.calls
        calls[:] = [each for each in calls if each.kind != "expired_credentials"]

    def _call_fault(
        self,
        kind: str,
        operation: str | None,
        service: str | None,
        times: int | None,
        delay: timedelta = timedelta(),
    ) -> None:
        made = CallFault(kind=kind, operation=operation, service=service, times=times, delay=delay)
        self.at.keep_in(self.at.simulation.faults.calls, made)
