"""Stack instances that fail, take long or never end."""

from datetime import timedelta
from typing import Any

from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.faults.rules import REASON, SCP, InstanceFault
from orgrollout.sandbox.incidents.context import Incidents


class StackInstanceFaults(Incidents):
    """Faults of stack instances."""

    @fault
    def fail(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = 1,
        reason: str = REASON,
        action: str | None = None,
    ) -> None:
        """Make matching stack instances fail ``times`` times (None: for good)."""
        self._add(account, region, stack_set, action=action, times=times, reason=reason)

    @fault
    def deny(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = None,
        action: str = "iam:CreateRole",
        resource: str = "Role",
        type: str = "AWS::IAM::Role",  # noqa: A002
    ) -> None:
        """Make matching stack instances fail as a service control policy denies their actions."""
        denied = self.at.id_of(account) or "the account"
        reason = SCP.format(
            partition=self.at.organization.partition,
            account=denied,
            action=action,
            resource=resource,
            type=type,
        )
        self._add(account, region, stack_set, times=times, reason=reason)

    @fault
    def stuck(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = 1,
        action: str | None = None,
        reason: str = "",
    ) -> None:
        """Make matching stack instances run without end, until ``release`` is called.

        With a ``reason`` they fail then, otherwise they succeed.
        """
        self._add(account, region, stack_set, action=action, times=times, reason=reason, stuck=True)

    @fault
    def slow(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = None,
        action: str | None = None,
        seconds: timedelta = timedelta(minutes=10),
    ) -> None:
        """Make matching stack instances take longer."""
        self._add(account, region, stack_set, action=action, times=times, reason="", delay=seconds)

    def release(self, account: str, region: str, stack_set: str) -> None:
        """End a stack instance that is stuck."""
        pair = (self.at.organization.find(account), region)
        self.at.simulation.stack_sets.release(self.at.stack_set(stack_set), pair)
        self.at.settle()

    @fault
    def gate(
        self, account: str, region: str, status: str = "FAILED", reason: str = "Gate closed"
    ) -> None:
        """Set what the account gate function of an account and Region answers."""
        pair = (self.at.organization.find(account), region)
        self.at.hold(self.at.simulation.gates, pair, (status, reason))

    def terminate_protection(self, account: str, region: str, stack_set: str) -> None:
        """Protect the stack of a stack instance, so that it cannot be deleted."""
        pair = (self.at.organization.find(account), region)
        stack_id = str(self.at.stack_set(stack_set).instances[pair].stack_id)
        with self.at.simulation.state.in_place():
            self.at.simulation.deployer.protect(stack_id)

    def _add(
        self, account: str | None, region: str | None, stack_set: str | None, **rest: Any
    ) -> None:
        made = InstanceFault(
            account=self.at.id_of(account), region=region, stack_set=stack_set, **rest
        )
        self.at.keep_in(self.at.simulation.faults.instances, made)
