"""Change sets in accounts that replace, remove, fail, take long or never end."""

from datetime import timedelta
from typing import Any

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.faults.rules import ChangeSetFault
from orgrollout.sandbox.incidents.context import Incidents

STEPS = ("create", "execute")
REFUSED = "Simulated: the change set could not be created."
FAILED = "Simulated: the resource could not be updated."


class ChangeSetFaults(Incidents):
    """Faults of change sets on stacks of stack instances."""

    @fault
    def replaces(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        logical_id: str | None = None,
        replacement: str = "True",
        times: int | None = None,
    ) -> None:
        """Make change sets replace a resource (default: the template's first)."""
        self._add_change_set_fault(
            *(account, region, stack_set, "create", times),
            action="Modify",
            logical_id=logical_id,
            replacement=replacement,
        )

    @fault
    def removes(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        logical_id: str | None = None,
        times: int | None = None,
    ) -> None:
        """Make change sets remove a resource (default: the template's first)."""
        self._add_change_set_fault(
            *(account, region, stack_set, "create", times), action="Remove", logical_id=logical_id
        )

    @fault
    def refuse_change_set(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        reason: str = REFUSED,
        times: int | None = 1,
    ) -> None:
        """Make the creation of change sets end FAILED."""
        self._add_change_set_fault(account, region, stack_set, "create", times, reason=reason)

    @fault
    def fail_change_set(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        reason: str = FAILED,
        times: int | None = 1,
    ) -> None:
        """Make the execution of change sets fail; the stack is rolled back."""
        self._add_change_set_fault(account, region, stack_set, "execute", times, reason=reason)

    @fault
    def slow_change_set(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        step: str = "execute",
        seconds: timedelta = timedelta(minutes=10),
        times: int | None = None,
    ) -> None:
        """Make change sets take longer to be created or executed."""
        self._add_change_set_fault(account, region, stack_set, step, times, delay=seconds)

    @fault
    def stuck_change_set(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        step: str = "execute",
        times: int | None = 1,
    ) -> None:
        """Make the creation or execution of change sets never end."""
        self._add_change_set_fault(account, region, stack_set, step, times, stuck=True)

    def _add_change_set_fault(
        self,
        account: str | None,
        region: str | None,
        stack_set: str | None,
        step: str,
        times: int | None,
        **rest: Any,
    ) -> None:
        if step not in STEPS:
            raise SandboxError(f"a change set has the steps {' and '.join(STEPS)}, not {step}")
        made = ChangeSetFault(
            step=step,
            account=self.at.id_of(account),
            region=region,
            stack_set=stack_set,
            times=times,
            **rest,
        )
        self.at.keep_in(self.at.simulation.faults.change_sets, made)
