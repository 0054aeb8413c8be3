"""How many accounts are reached, and why not all: the first line of a plan."""

from collections import Counter
from collections.abc import Iterable

from orgrollout.model.ids import AccountId
from orgrollout.organization.desired import AccountSummary, DesiredStackSet, LeftOutState
from orgrollout.organization.snapshot import AccountState, Organization


def summarize(stack_sets: Iterable[DesiredStackSet], organization: Organization) -> AccountSummary:
    """Return the counts, which add up to the number of accounts."""
    all_of_them = tuple(stack_sets)
    targeted = frozenset[AccountId]().union(*(s.accounts for s in all_of_them))
    excluded, waived = (
        frozenset(
            account
            for stack_set in all_of_them
            for account, why in stack_set.left_out.items()
            if why.state is state
        )
        for state in (LeftOutState.EXCLUDED, LeftOutState.WAIVED)
    )
    others = organization.accounts.keys() - targeted
    management = others & {organization.management_account}
    states = {account: organization.accounts[account].state for account in others - management}
    not_active = {a for a, state in states.items() if state is not AccountState.ACTIVE}
    return AccountSummary(
        total=len(organization.accounts),
        targeted=len(targeted),
        management=len(management),
        not_active=dict(Counter(states[account] for account in sorted(not_active))),
        excluded=len((states.keys() - not_active) & excluded),
        waived=len((states.keys() - not_active - excluded) & waived),
        not_targeted=len(states.keys() - not_active - excluded - waived),
    )
