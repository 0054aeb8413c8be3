"""Accounts that join, leave, move, or are closed, while a rollout runs."""

import json
from datetime import timedelta

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import fault
from orgrollout.sandbox.incidents.context import Incidents
from orgrollout.sandbox.organization.model import Account, derive


class OrganizationChanges(Incidents):
    """Changes of the organization and of what its accounts have."""

    @fault
    def leave(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Take an account out of the organization, now or ``after`` some time."""
        self.at.happen(after, self._leave, self.at.known(account))

    @fault
    def suspend(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Suspend an account, now or ``after`` some time."""
        self.at.happen(after, self._set_state, self.at.known(account), "SUSPENDED")

    @fault
    def close(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Close an account, now or ``after`` some time."""
        self.at.happen(after, self._set_state, self.at.known(account), "CLOSED")

    @fault
    def move(self, account: str, to: str, *, after: timedelta = timedelta()) -> None:
        """Move an account to another unit (name, /path or id), now or ``after`` some time."""
        self.at.happen(after, self._move, self.at.known(account), self.at.unit(to))

    @fault
    def add_account(self, name: str, to: str = "/", *, after: timedelta = timedelta()) -> None:
        """Add an account to a unit, now or ``after`` some time; its id follows from its name."""
        unit = self.at.unit(to)
        if name in self.at.joining or name in {
            a.name for a in self.at.organization.accounts.values()
        }:
            raise SandboxError(f"there is an account {name!r} already, or it will join")
        self.at.joining.add(name)
        self.at.book.enter(lambda: self.at.joining.discard(name), lambda: False)
        self.at.happen(after, self._join, name, unit)

    @fault
    def disable_region(self, account: str, region: str) -> None:
        """Make a Region unusable in an account."""
        pair, disabled = (
            (self.at.organization.find(account), region),
            self.at.simulation.obstacles.disabled,
        )
        disabled.add(pair)
        self.at.book.enter(lambda: disabled.discard(pair), lambda: pair in disabled)

    @fault
    def give_role(self, name: str, *, external_id: str | None = None) -> None:
        """Give every account a role that trusts the operator's account.

        A role made by a deployed template needs no such thing; where only records matter,
        templates make none.
        """
        roles = self.at.simulation.roles
        policy = json.loads(roles.trust_of(self.at.simulation.identities.operator.account))
        if external_id is not None:
            condition = {"StringEquals": {"sts:ExternalId": external_id}}
            policy["Statement"][0]["Condition"] = condition
        with self.at.simulation.state.in_place():
            roles.give(name, json.dumps(policy))
        self.at.book.enter(lambda: roles.take(name), lambda: name in roles.given)

    def _leave(self, account: str) -> None:
        gone = self.at.organization.accounts[self.at.organization.find(account)]
        delegated = self.at.organization.delegates.get(gone.id)
        self._remove(gone)

        def undo() -> None:
            if gone.id not in self.at.organization.accounts:
                self._enlist(gone)
                if delegated is not None:
                    self.at.organization.delegates[gone.id] = delegated

        self.at.book.enter(undo, lambda: gone.id not in self.at.organization.accounts)

    def _remove(self, account: Account) -> None:
        before = account.parent_id
        self.at.organization.remove_account(account.id)
        self.at.simulation.organization_changed("leave", account, before)

    def _enlist(self, account: Account) -> None:
        self.at.organization.add_account(account)
        self.at.simulation.organization_changed("join", account, None)

    def _set_state(self, account: str, state: str) -> None:
        changed = self.at.organization.accounts[self.at.organization.find(account)]
        before, changed.state = changed.state, state

        def undo() -> None:
            if changed.state == state:
                changed.state = before

        self.at.book.enter(undo, lambda: changed.state == state)

    def _move(self, account: str, to: str) -> None:
        own = self.at.organization
        moved = own.accounts[own.find(account)]
        before, target = moved.parent_id, own.find(to)
        self._place(moved, target)

        def is_there() -> bool:
            return moved.id in own.accounts and moved.parent_id == target

        self.at.book.enter(lambda: self._place(moved, before) if is_there() else None, is_there)

    def _place(self, account: Account, unit: str) -> None:
        before = account.parent_id
        self.at.organization.move_account(account.id, unit)
        self.at.simulation.organization_changed("move", account, before)

    def _join(self, name: str, to: str) -> None:
        self.at.joining.discard(name)
        own = self.at.organization
        account = Account(
            id="1" + derive(11, "account", name, alphabet="0123456789"),
            name=name,
            email=f"{name}@example.com",
            parent_id=own.find(to),
            joined=self.at.simulation.timeline.now(),
        )
        self._enlist(account)

        def is_there() -> bool:
            return account.id in own.accounts

        self.at.book.enter(lambda: self._remove(account) if is_there() else None, is_there)
