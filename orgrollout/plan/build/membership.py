"""Which accounts are in the organization, and which of them nothing can be deployed to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgrollout.manifest.schema import Guards
from orgrollout.model.ids import AccountId
from orgrollout.organization.snapshot import AccountState, Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Who belongs to the organization, as far as removals are concerned."""

    members: frozenset[AccountId]
    dormant: Mapping[AccountId, AccountState] = field(default_factory=dict)  # members not active
    detach_dormant: bool = False
    unknown: Mapping[AccountId, str] = field(default_factory=dict)  # not listed; why not gone

    @property
    def active(self) -> frozenset[AccountId]:
        """Return the members that can be deployed to."""
        return self.members - self.dormant.keys()


def membership_of(organization: Organization, guards: Guards) -> Membership:
    """Return who belongs to an organization, and what becomes of those that are not active."""
    return Membership(
        members=frozenset(organization.accounts),
        dormant={
            account.id: account.state
            for account in organization.accounts.values()
            if account.state is not AccountState.ACTIVE
        },
        detach_dormant=guards.detach_suspended,
    )
