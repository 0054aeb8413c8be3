"""Stacks that are mere records: ids, and the drift that was scripted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orgrollout.sandbox.moto.stack_ids import new_stack_id
from orgrollout.sandbox.moto.stacks import MotoStacks
from orgrollout.sandbox.records import Definition, Pair, ResourceDrift


class RecordedStacks(MotoStacks):
    """Ids without stacks, for organizations in which only records matter."""

    records_only = True

    def __init__(
        self, note: Callable[[str, str, str, str], None], now: Callable[[], datetime]
    ) -> None:
        super().__init__(note, now)
        self.drifted: dict[str, tuple[ResourceDrift, ...]] = {}
        """By stack id: the drift that was scripted."""

    def create(
        self,
        name: str,
        pair: Pair,
        definition: Definition,  # noqa: ARG002
        values: Mapping[str, str],  # noqa: ARG002
    ) -> str:
        """Return the id a stack would have."""
        return new_stack_id(name, pair, self._next())

    def update(self, stack_id: str, definition: Definition, values: Mapping[str, str]) -> None:
        """Do nothing."""

    def roll_back(self, stack_id: str) -> None:
        """Do nothing."""

    def delete(self, stack_id: str) -> None:
        """Forget what drifted."""
        self.drifted.pop(stack_id, None)

    def revert(self, stack_id: str) -> None:
        """Forget what drifted."""
        self.drifted.pop(stack_id, None)
        self.reverted(stack_id)

    def bring_to(
        self,
        stack_id: str,  # noqa: ARG002
        body: str,  # noqa: ARG002
        values: Mapping[str, str],  # noqa: ARG002
        tags: dict[str, str],  # noqa: ARG002
    ) -> bool:
        """Do nothing: there is nothing to change."""
        return False

    def take_in(self, stack_id: str) -> None:
        """Do nothing."""

    def is_there(self, stack_id: str) -> bool:  # noqa: ARG002
        """Every stack is there."""
        return True

    def drifts(
        self,
        stack_id: str,
        *,
        by_stack_set: bool = True,  # noqa: ARG002
    ) -> tuple[ResourceDrift, ...]:
        """Return the drift that was scripted; resources that did not drift are not listed."""
        return self.drifted.get(stack_id, ())

    def find(self, account: str, region: str, name: str) -> Any:  # noqa: ARG002
        """There are no stacks."""
        return None
