"""Where the repairs of one operation are made, and the way into its accounts."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from orgrollout.model.ids import OperationId, Pair
from orgrollout.model.stack_arn import place_of_stack
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.service import MemberAccounts
from orgrollout.reconcile.process.repair_cache import RepairMemory

_T = TypeVar("_T")


class Place:
    """One operation, and the way into its accounts."""

    def __init__(
        self,
        operation: OperationId,
        planned: int,
        plan: Plan,
        context: Context,
        committed: datetime | None = None,
    ) -> None:
        self.id = operation
        self.committed = committed
        self.planned = plan.operations[planned]
        self.repair = given(self.planned.repair)
        self.memory = context.repairs.setdefault(operation, RepairMemory())
        self.context = context
        self._role = given(plan.member_role)
        stacks = plan.stack_sets[self.planned.stack_set].stacks
        self._stacks = {place_of_stack(arn): arn for arn in stacks}

    def members(self, guard: Callable[[], None] | None = None) -> MemberAccounts:
        """Return the accounts, entered so that they can be changed; each request asks ``guard``."""
        return MemberAccounts(
            self.context.connection,
            self._role,
            at_once=self.context.at_once,
            read_only=False,
            guard=guard,
        )

    def stack(self, pair: Pair) -> str | None:
        """Return the id of the stack there; None: there was none any more when this was planned."""
        return self._stacks.get(pair)


def given(value: _T | None) -> _T:
    """Return what every plan of such an operation has."""
    if value is None:
        raise ValueError("an operation in member accounts without repair or role")
    return value
