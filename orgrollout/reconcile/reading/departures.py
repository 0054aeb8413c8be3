"""Before anything is removed because of an account, that account is looked up by itself.

A list that lacks an account, or tags that lack a tag, may be a response that lost something on its
way. So an account that has vanished from the list of the organization is described: AWS says that
there is no such account, or it is not known to have left, and nothing of it is removed. The tags of
an account that is no longer selected are read again.
"""

from collections.abc import Callable, Iterator, Mapping

from orgrollout.aws.organizations import has_left, tags_of
from orgrollout.errors import (
    AwsError,
    CredentialsError,
    OrganizationChangedError,
    PassingError,
)
from orgrollout.inventory.inventory import Inventory
from orgrollout.model.ids import AccountId
from orgrollout.organization.desired import DesiredState
from orgrollout.organization.snapshot import Organization
from orgrollout.reconcile.context import Context


def unknown_departures(
    organization: Organization,
    desired: DesiredState,
    inventory: Inventory,
    context: Context,
    progress: Callable[[str], None],
) -> Mapping[AccountId, str]:
    """Return the accounts that are not listed and not known to have left, and why not.

    Raises:
        OrganizationChangedError: The tags of an account changed while they were read.
        AwsError: AWS cannot be asked just now.
    """
    members = organization.accounts
    losing = sorted(set(_losing(desired, inventory)))
    vanished = [account for account in losing if account not in members]
    if vanished:
        progress(f"looking up {len(vanished):,} accounts that the organization does not list")
    for account in losing:
        before = members[account].tags if account in members else None
        # Tags do not say whose they are. What is one response behind gives the right ones the
        # second time.
        if before is not None and any(tags_of(context.connection, account) != before for _ in "12"):
            raise OrganizationChangedError(
                "organizations:ListTagsForResource", f"the tags of {account} changed."
            )
    return {a: why for a in vanished if (why := _why_unknown(a, context))}


def _losing(desired: DesiredState, inventory: Inventory) -> Iterator[AccountId]:
    """Yield each account that has a stack instance which is not wanted."""
    for stack_set in desired.stack_sets.values():
        deployed = inventory.stack_sets.get(stack_set.name)
        for pair in deployed.instances if deployed else ():
            if pair not in stack_set.pairs:
                yield pair.account


def _why_unknown(account: AccountId, context: Context) -> str:
    """Return why an account is not known to have left; empty: it has."""
    try:
        if has_left(context.connection, account):
            return ""
    except (CredentialsError, PassingError):
        raise
    except AwsError as error:
        return f"whether it left the organization is not known: {error}"
    return "ListAccounts does not list it, and DescribeAccount knows it"
