"""Accounts that have just joined the organization: AWS may still be setting them up."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from orgrollout.model.ids import AccountId
from orgrollout.organization.snapshot import Organization

YOUNG = timedelta(days=1)  # Organizations: "might take some time" until all services know it


def recent_accounts(
    organization: Organization, now: datetime
) -> Mapping[datetime, tuple[AccountId, ...]]:
    """Return the accounts that joined less than a day ago, by the moment they joined."""
    found: dict[datetime, list[AccountId]] = defaultdict(list)
    for account in organization.accounts.values():
        if account.joined is not None and now - account.joined < YOUNG:
            found[account.joined].append(account.id)
    return {joined: tuple(sorted(those)) for joined, those in sorted(found.items())}


def is_young(
    recent: Mapping[datetime, tuple[AccountId, ...]], account: AccountId, now: datetime
) -> bool:
    """Return whether an account joined less than a day before ``now``."""
    return any(now - joined < YOUNG and account in those for joined, those in recent.items())
