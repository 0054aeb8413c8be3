"""What a plan may never do by accident."""

from enum import StrEnum

from orgrollout.manifest.schema.part import Count, Flag, Part
from orgrollout.manifest.text.values import Texts


class Accounts(Part):
    """A list of accounts."""

    accounts: Texts = ()
    """Names from `accounts`, or ids in quotes."""


class OnProblem(StrEnum):
    """What a target that selects nothing leads to."""

    ERROR = "error"
    WARN = "warn"
    OK = "ok"


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
