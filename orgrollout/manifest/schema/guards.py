"""What a plan may never do by accident."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orgrollout.manifest.schema.drift import ResyncWindow
from orgrollout.manifest.schema.part import Count, Flag, Part, PositiveCount
from orgrollout.manifest.text.values import Names, Texts, one_or_more, refusal

PlanAction = Literal["create", "update", "detach", "delete"]
_PASSABLE = frozenset({"create", "update"})


class Accounts(Part):
    """A list of accounts."""

    accounts: Texts = ()
    """Names from `accounts`, or ids in quotes."""


class OnProblem(StrEnum):
    """What a target that selects nothing leads to."""

    ERROR = "error"
    WARN = "warn"
    OK = "ok"


class PlanRule(Part):
    """A condition on plans, and what follows where it holds."""

    written: ClassVar = "Write {then: refuse, actions: [delete], reason: ...}."

    then: Literal["refuse", "approve", "pass"]
    """`refuse`: the plan is not carried out; `approve`: nothing is sent before a person approves;
    `pass`: the service needs no person, as with `service.auto_approve`."""
    reason: str = Field(min_length=1)
    """Why; it is shown where the rule holds."""
    actions: Annotated[
        tuple[PlanAction, ...] | None, Field(min_length=1), BeforeValidator(one_or_more)
    ] = None
    """What the plan does. Default: anything; with `pass`: create."""
    stack_sets: Names | None = None
    """Keys of stack sets. Default: any."""
    units: Names | None = None
    """Paths of organizational units, with all below. Default: any."""
    more_accounts_than: Count | None = None
    """It holds only for more accounts than this. Not with `pass`."""
    more_instances_than: Count | None = None
    """It holds only for more stack instances than this. Not with `pass`."""
    max_accounts: PositiveCount | None = None
    """With `pass`, and required there: in how many accounts the plan may change something."""
    windows: Annotated[
        tuple[ResyncWindow, ...], Field(min_length=1), BeforeValidator(one_or_more)
    ] = ()
    """When it holds. Default: always."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.then != "pass":
            if self.max_accounts is not None:
                raise refusal("has max_accounts, which is for `pass`.", "Use more_accounts_than.")
            return self
        if self.max_accounts is None:
            raise refusal("lets plans pass, and has no `max_accounts`.", "Add max_accounts.")
        if self.more_accounts_than is not None or self.more_instances_than is not None:
            raise refusal("lets plans pass from a number on.", "Use max_accounts alone.")
        if others := sorted({*(self.actions or ())} - _PASSABLE):
            fix = "What takes a stack instance away always waits for a person."
            raise refusal(f"lets {', '.join(others)} pass.", fix)
        return self


class Guards(Part):
    """What a plan may never do by accident."""

    max_removed_accounts: Count = 3
    """A plan that takes stack instances from more accounts is refused without --allow-removals.
    Accounts that are suspended or closed are counted apart."""
    max_departed_accounts: Count = 0
    """A plan that detaches the stacks of more accounts, because the organization no longer has
    them, is refused without --allow-departed; `apply --unattended` leaves them alone."""
    retain_stacks: Flag = True
    """Removal detaches: the stacks stay in their accounts."""
    detach_suspended: Flag = False
    """Detach stack instances in accounts that are suspended or closed; their stacks stay. Otherwise
    they are left alone and reported."""
    never_remove_from: Accounts = Accounts()
    """Accounts that nothing is ever removed from."""
    on_empty_targets: OnProblem = OnProblem.ERROR
    """What targets that select no account lead to."""
    on_missing_target: OnProblem = OnProblem.ERROR
    """What a unit or account that the organization lacks leads to."""
    rules: tuple[PlanRule, ...] = ()
    """Conditions on plans that refuse, ask for an approval, or let the service go on."""
