"""The context of all incidents: the simulation, names, and how an incident is taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults.fault_book import FaultBook
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.records import StackSet
from orgrollout.sandbox.simulated_organization import Repaired, SimulatedOrganization


class IncidentContext:
    """The simulation in which incidents happen, shared by all kinds of them."""

    def __init__(self, simulation: SimulatedOrganization) -> None:
        self.simulation = simulation
        self.book = FaultBook()
        self.joining: set[str] = set()
        """Names of accounts that a fault makes join later."""

    @property
    def organization(self) -> Organization:
        """The organization as it stands."""
        return self.simulation.organization

    def settle(self) -> None:
        """Carry out everything that is due.

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

    def id_of(self, account: str | None) -> str | None:
        """Return the id of an account by its name; an id of an account elsewhere is kept."""
        if account is None or (account.isdigit() and account not in self.organization.accounts):
            return account
        return self.organization.find(account)

    def known(self, name: str) -> str:
        """Return the id of an account or unit now, or the name of an account that will join.

        Raises:
            UnknownNameError: There is neither.
        """
        return name if name in self.joining else self.organization.find(name)

    def unit(self, name: str) -> str:
        """Return the id of a unit or the root.

        Raises:
            SandboxError: There is none of this name.
        """
        found = self.organization.find(name)
        if found not in self.organization.units:
            raise SandboxError(f"{name!r} is an account, and no unit")
        return found

    def take_back(self, identifier: str) -> bool:
        """Take a fault back; False if nothing was left of it (see ``fault_book``).

        Raises:
            SandboxError: There is no such fault.
        """
        with self.simulation.state.in_place():
            was_active = self.book.take_back(identifier)
            self.simulation.timeline.settle()
        return was_active

    def happen(self, after: timedelta, action: Callable[..., None], *arguments: Any) -> None:
        """Do something now, or ``after`` some time."""
        timeline = self.simulation.timeline
        if after:
            timeline.at(timeline.now() + after, self.book.later(lambda: action(*arguments)))
            return
        with self.simulation.state.in_place():
            timeline.settle()
            action(*arguments)

    def repeat(self, repaired: Repaired, action: Callable[[], None], again: timedelta) -> None:
        """Do something again, so long after each repair."""
        self.keep_in(self.simulation.made_again.setdefault(repaired, []), (again, action))

    def keep_in(self, items: list[Any], item: Any, place: int | None = None) -> None:
        """Keep an item in a list until it is used up or taken back."""
        items.insert(len(items) if place is None else place, item)

        def waits() -> bool:
            return any(each is item for each in items)

        def undo() -> None:
            items[:] = [each for each in items if each is not item]

        self.book.enter(undo, waits)

    def hold(self, values: dict[Any, Any], key: Any, value: Any) -> None:
        """Keep a value in a mapping until another replaces it or it is taken back."""
        before = {key: values[key]} if key in values else {}
        values[key] = value

        def undo() -> None:
            if values.get(key) == value:
                values.pop(key)
                values.update(before)

        self.book.enter(undo, lambda: bool(values.get(key) == value))


class Incidents:
    """Incidents of one kind; each method marked ``fault`` is entered in the book."""

    def __init__(self, at: IncidentContext) -> None:
        self.at = at

    @property
    def book(self) -> FaultBook:
        """The book in which incidents are entered."""
        return self.at.book
