"""Everything that can go wrong in a sandbox, as methods.

The kinds in the ``faults:`` of an organization file are these methods (see ``faults``).
"""

import json
from datetime import timedelta
from typing import Any

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.faults.rules import REASON, SCP, CallFault, InstanceFault, RateLimit
from orgrollout.sandbox.incidents.manual_changes import ManualChanges
from orgrollout.sandbox.incidents.scripted_change_sets import ScriptedChangeSets
from orgrollout.sandbox.organization.model import Account, derive


class Incidents(ManualChanges, ScriptedChangeSets):
    """What may be told to happen; ``Sandbox`` is one of these."""

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
        """Fail matching stack instances ``times`` times (None: for good)."""
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
        """Let a service control policy deny what stack instances do."""
        denied = self._id(account) or "the account"
        reason = SCP.format(
            partition=self.organization.partition,
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
        """Let matching stack instances run without end, until ``release`` is called.

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
        """Let matching stack instances take longer."""
        self._add(account, region, stack_set, action=action, times=times, reason="", delay=seconds)

    def release(self, account: str, region: str, stack_set: str) -> None:
        """Let a stuck stack instance end."""
        pair = (self.organization.find(account), region)
        self.simulation.stack_sets.release(self.stack_set(stack_set), pair)
        self.settle()

    def _add(
        self, account: str | None, region: str | None, stack_set: str | None, **rest: Any
    ) -> None:
        made = InstanceFault(account=self._id(account), region=region, stack_set=stack_set, **rest)
        self._list(self.simulation.faults.instances, made)

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
            self._list(self.simulation.faults.rates, limit)
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
        """Do what is asked, and lose the answer: the caller sees a timeout."""
        self._call_fault("lost_response", operation, service, times)

    @fault
    def stale_request(self, operation: str | None = None, *, times: int | None = 1) -> None:
        """Refuse with StaleRequestException, and do nothing: another user came in between."""
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
        """Let time pass before a call is answered."""
        self._call_fault("delay", operation, service, times, seconds)

    @fault
    def expire_credentials(self, account: str | None = None, *, times: int | None = None) -> None:
        """Answer every call (of an account) with ExpiredToken, until ``renew_credentials``."""
        made = CallFault(kind="expired_credentials", account=self._id(account), times=times)
        self._list(self.simulation.faults.calls, made, 0)

    def renew_credentials(self) -> None:
        """Let credentials be valid again."""
        calls = self.simulation.faults.calls
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
        self._list(self.simulation.faults.calls, made)

    @fault
    def gate(
        self, account: str, region: str, status: str = "FAILED", reason: str = "Gate closed"
    ) -> None:
        """Let the account gate function of an account and Region answer so."""
        pair = (self.organization.find(account), region)
        self._hold(self.simulation.gates, pair, (status, reason))

    @fault
    def hide(
        self,
        account: str,
        region: str,
        resource_type: str,
        name: str,
        *,
        everyone: bool = False,
    ) -> None:
        """Let drift detection not read a property of a type: it seems to be gone.

        What the stack sets' role may not read, a role in the account may, unless it is hidden
        from ``everyone``. With ``*`` for the name it tells nothing of resources of that type.
        """
        pair = (self.organization.find(account), region)
        deployer = self.simulation.deployer
        hidden = deployer.hidden if everyone else deployer.hidden_from_sets
        self._hold(hidden.setdefault(pair, {}), resource_type, name)

    @fault
    def give_role(self, name: str, *, external_id: str | None = None) -> None:
        """Let every account come with a role that trusts the operator's account.

        A role made by a deployed template needs no such thing; where only records matter,
        templates make none.
        """
        roles = self.simulation.roles
        policy = json.loads(roles.trust_of(self.simulation.identities.operator.account))
        if external_id is not None:
            condition = {"StringEquals": {"sts:ExternalId": external_id}}
            policy["Statement"][0]["Condition"] = condition
        with self.simulation.state.in_place():
            roles.give(name, json.dumps(policy))
        self.book.enter(lambda: roles.take(name), lambda: name in roles.given)

    @fault
    def break_delivery(
        self,
        account: str,
        region: str,
        code: str = "AccessDenied",
        message: str = "Access Denied",
    ) -> None:
        """Let deliveries of AWS Config not arrive, until ``repair_delivery``."""
        pair = (self.organization.find(account), region)
        self._hold(self.simulation.broken_deliveries, pair, (code, message))

    def repair_delivery(self, account: str, region: str) -> None:
        """Let deliveries of AWS Config arrive again."""
        self.simulation.broken_deliveries.pop((self.organization.find(account), region), None)

    @fault
    def fail_remediation(
        self,
        account: str | None = None,
        region: str | None = None,
        *,
        reason: str = "Simulated.",
        times: int | None = 1,
    ) -> None:
        """Let remediations of AWS Config end FAILED."""
        made = InstanceFault(account=self._id(account), region=region, reason=reason, times=times)
        self._list(self.simulation.faults.remediations, made)

    def terminate_protection(self, account: str, region: str, stack_set: str) -> None:
        """Protect the stack of a stack instance, so that it cannot be deleted."""
        pair = (self.organization.find(account), region)
        stack_id = str(self.stack_set(stack_set).instances[pair].stack_id)
        with self.simulation.state.in_place():
            self.simulation.deployer.protect(stack_id)

    @fault
    def leave(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Let an account leave the organization, now or in a while."""
        self._later(after, self._leave, self._known(account))

    def _leave(self, account: str) -> None:
        gone = self.organization.accounts[self.organization.find(account)]
        delegated = self.organization.delegates.get(gone.id)
        self._remove(gone)

        def undo() -> None:
            if gone.id not in self.organization.accounts:
                self._enlist(gone)
                if delegated is not None:
                    self.organization.delegates[gone.id] = delegated

        self.book.enter(undo, lambda: gone.id not in self.organization.accounts)

    def _remove(self, account: Account) -> None:
        before = account.parent_id
        self.organization.remove_account(account.id)
        self.simulation.organization_changed("leave", account, before)

    def _enlist(self, account: Account) -> None:
        self.organization.add_account(account)
        self.simulation.organization_changed("join", account, None)

    @fault
    def disable_region(self, account: str, region: str) -> None:
        """Make a Region unusable in an account."""
        pair, disabled = (
            (self.organization.find(account), region),
            self.simulation.obstacles.disabled,
        )
        disabled.add(pair)
        self.book.enter(lambda: disabled.discard(pair), lambda: pair in disabled)

    @fault
    def suspend(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Suspend an account, now or in a while."""
        self._later(after, self._set_state, self._known(account), "SUSPENDED")

    @fault
    def close(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Close an account, now or in a while."""
        self._later(after, self._set_state, self._known(account), "CLOSED")

    def _set_state(self, account: str, state: str) -> None:
        changed = self.organization.accounts[self.organization.find(account)]
        before, changed.state = changed.state, state

        def undo() -> None:
            if changed.state == state:
                changed.state = before

        self.book.enter(undo, lambda: changed.state == state)

    @fault
    def move(self, account: str, to: str, *, after: timedelta = timedelta()) -> None:
        """Move an account to another unit (name, /path or id), now or in a while."""
        self._later(after, self._move, self._known(account), self._unit(to))

    def _move(self, account: str, to: str) -> None:
        own = self.organization
        moved = own.accounts[own.find(account)]
        before, target = moved.parent_id, own.find(to)
        self._place(moved, target)

        def is_there() -> bool:
            return moved.id in own.accounts and moved.parent_id == target

        self.book.enter(lambda: self._place(moved, before) if is_there() else None, is_there)

    def _place(self, account: Account, unit: str) -> None:
        before = account.parent_id
        self.organization.move_account(account.id, unit)
        self.simulation.organization_changed("move", account, before)

    @fault
    def add_account(self, name: str, to: str = "/", *, after: timedelta = timedelta()) -> None:
        """Let a new account join in a unit, now or in a while; its id follows from its name."""
        unit = self._unit(to)
        if name in self._joining or name in {a.name for a in self.organization.accounts.values()}:
            raise SandboxError(f"there is an account {name!r} already, or it will join")
        self._joining.add(name)
        self.book.enter(lambda: self._joining.discard(name), lambda: False)
        self._later(after, self._join, name, unit)

    def _join(self, name: str, to: str) -> None:
        self._joining.discard(name)
        own = self.organization
        account = Account(
            id="1" + derive(11, "account", name, alphabet="0123456789"),
            name=name,
            email=f"{name}@example.com",
            parent_id=own.find(to),
            joined=self.simulation.timeline.now(),
        )
        self._enlist(account)

        def is_there() -> bool:
            return account.id in own.accounts

        self.book.enter(lambda: self._remove(account) if is_there() else None, is_there)

    def _later(self, after: timedelta, action: Any, *arguments: Any) -> None:
        timeline = self.simulation.timeline
        if after:
            timeline.at(timeline.now() + after, self.book.later(lambda: action(*arguments)))
            return
        with self.simulation.state.in_place():
            timeline.settle()
            action(*arguments)

    def _unit(self, name: str) -> str:
        """Return the id of a unit or the root.

        Raises:
            SandboxError: There is none of this name.
        """
        found = self.organization.find(name)
        if found not in self.organization.units:
            raise SandboxError(f"{name!r} is an account, and no unit")
        return found
