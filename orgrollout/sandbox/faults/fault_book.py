"""The faults of a sandbox: each has an id, can be listed, and can be taken back.

A method marked ``fault`` enters what it does while it does it. What only waits to strike is removed
when it is taken back, a state ends, a change of the organization is reversed. A change by hand that
has happened stays as it is: repairing it is what a rollout is tested for.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from orgrollout.sandbox.errors import SandboxError

Undo = Callable[[], None]
P = ParamSpec("P")


@dataclass(slots=True)
class Entry:
    """One fault that was asked for."""

    id: str
    kind: str
    arguments: dict[str, Any]
    undo: list[Undo] = field(default_factory=list)
    waiting: list[Callable[[], bool]] = field(default_factory=list)
    """Return whether a part of it is still to strike, or still holds."""
    taken_back: bool = False
    problem: str = ""
    """Why it could not be done when its time came."""

    @property
    def is_active(self) -> bool:
        """Whether it still strikes or holds."""
        return any(waits() for waits in self.waiting)


class FaultBook:
    """Every fault that was asked for, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._open: Entry | None = None
        self._count = 0

    def begin(self, kind: str, arguments: dict[str, Any]) -> Entry | None:
        """Open an entry; None within one that is open (a fault made of another)."""
        if self._open is not None:
            return None
        self._count += 1
        self._open = Entry(f"fault-{self._count}", kind, arguments)
        return self._open

    def close(self, *, keep: bool) -> None:
        """Close the open entry; one that raised an error is forgotten."""
        entry, self._open = self._open, None
        if keep and entry is not None:
            self._entries[entry.id] = entry

    def enter(self, undo: Undo, waits: Callable[[], bool]) -> None:
        """Note how the open entry is taken back, and whether it still strikes or holds."""
        if self._open is not None:
            self._open.undo.append(undo)
            self._open.waiting.append(waits)

    def later(self, action: Callable[[], None]) -> Callable[[], None]:
        """Return ``action`` for a later moment: it does nothing once its entry is taken back.

        What cannot be done at that moment is left; the entry tells why.
        """
        entry = self._open
        if entry is None:
            return action
        outstanding = [True]
        entry.waiting.append(lambda: bool(outstanding))

        def run() -> None:
            outstanding.clear()
            if not entry.taken_back:
                before, self._open = self._open, entry
                try:
                    action()
                except SandboxError as error:
                    # The request that comes next is not to blame; the list of faults tells it.
                    entry.problem = str(error)
                finally:
                    self._open = before

        return run

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults as the control path lists them; those taken back are gone."""
        return [
            {
                "id": each.id,
                "kind": each.kind,
                "arguments": {k: _plain(v) for k, v in each.arguments.items()},
                "active": each.is_active,
                "problem": each.problem,
            }
            for each in self._entries.values()
        ]

    def take_back(self, identifier: str) -> bool:
        """Take a fault back; False if nothing was left of it.

        Raises:
            SandboxError: There is no such fault.
        """
        entry = self._entries.pop(identifier, None)
        if entry is None:
            raise SandboxError(f"there is no fault {identifier}")
        was_active = entry.is_active
        entry.taken_back = True
        for undo in reversed(entry.undo):
            undo()
        return was_active


class _HasBook(Protocol):
    @property
    def book(self) -> FaultBook: ...


S = TypeVar("S", bound=_HasBook)


def fault(method: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], Any]:
    """Mark a method as a fault: it is entered in the book, and returns its id (a text)."""
    signature = inspect.signature(method)

    @wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        bound = signature.bind(self, *args, **kwargs).arguments
        given = {name: value for name, value in bound.items() if name != "self"}
        entry = self.book.begin(method.__name__, given)
        if entry is None:
            method(self, *args, **kwargs)
            return ""
        done = False
        try:
            method(self, *args, **kwargs)
            done = True
        finally:
            self.book.close(keep=done)
        return entry.id

    return run


def _plain(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value
