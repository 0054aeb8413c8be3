"""What all that may be told to happen has in common."""

from typing import Any

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import FaultBook
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.records import StackSet
from orgrollout.sandbox.simulated_organization import SimulatedOrganization


class IncidentBase:
    """Knows the simulation, and how accounts and stack sets are called."""

    def __init__(self, simulation: SimulatedOrganization) -> None:
        self.simulation = simulation
        self.book = FaultBook()
        self._joining: set[str] = set()
        """Names of accounts that a fault lets join later."""

    @property
    def organization(self) -> Organization:
        """The organization as it stands."""
        return self.simulation.organization

    def settle(self) -> None:
        """Carry out everything that is due by now.

        Raises:
            Exception: The first error of an action; every action that was due was carried out.
        """
        with self.simulation.state.in_place():
            errors = self.simulation.timeline.settle()
        if errors:
            raise errors[0]

    def stack_set(self, name: str) -> StackSet:
        """Return the newest stack set of this name.

        Raises:
            SandboxError: There is none.
        """
        found = [each for each in self.simulation.stack_sets if each.name == name]
        if not found:
            raise SandboxError(f"there is no stack set {name}")
        return found[-1]

    def _id(self, account: str | None) -> str | None:
        if account is None or (account.isdigit() and account not in self.organization.accounts):
            return account
        return self.organization.find(account)

    def _known(self, name: str) -> str:
        """Return the id of an account or unit now, or the name of an account that will join.

        Raises:
            UnknownNameError: There is neither.
        """
        return name if name in self._joining else self.organization.find(name)

    def take_back(self, identifier: str) -> bool:
        """Take a fault back; False if nothing was left of it (see ``fault_book``).

        Raises:
            SandboxError: There is no such fault.
        """
        with self.simulation.state.in_place():
            was_active = self.book.take_back(identifier)
            self.simulation.timeline.settle()
        return was_active

    def _list(self, items: list[Any], item: Any, place: int | None = None) -> None:
        """Let ``item`` wait in a list until it is used up or taken back."""
        items.insert(len(items) if place is None else place, item)

        def waits() -> bool:
            return any(each is item for each in items)

        def undo() -> None:
            items[:] = [each for each in items if each is not item]

        self.book.enter(undo, waits)

    def _hold(self, values: dict[Any, Any], key: Any, value: Any) -> None:
        """Let ``value`` hold in a mapping until another comes or it is taken back."""
        before = {key: values[key]} if key in values else {}
        values[key] = value

        def undo() -> None:
            if values.get(key) == value:
                values.pop(key)
                values.update(before)

        self.book.enter(undo, lambda: bool(values.get(key) == value))
