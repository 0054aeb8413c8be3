"""Which Regions each account has enabled, by the Account Management API.

One call an account, two where it has more than fifty Regions: read only for manifests that say
`enabled` (`needs.uses_enabled_regions`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.model.ids import AccountId, Region

_PAGE = {"MaxResults": 50}  # the largest there is (ListRegions, Account Management API reference)
_USABLE = {"RegionOptStatusContains": ["ENABLED", "ENABLED_BY_DEFAULT"]}


def read_enabled_regions(
    connection: Connection, accounts: Iterable[AccountId]
) -> Mapping[AccountId, frozenset[Region]]:
    """Return the Regions that each account can use right now.

    A Region that is being enabled or disabled is not among them. The caller must be the management
    account, or the delegated administrator for Account Management.

    Raises:
        AccessDeniedError: The caller may not ask for some account.
    """
    own = connection.identity.account
    return {account: _enabled(connection, account, own) for account in accounts}


def _enabled(connection: Connection, account: AccountId, own: AccountId) -> frozenset[Region]:
    # The caller's own account must not be named (parameter AccountId of ListRegions).
    which: dict[str, Any] = {} if account == own else {"AccountId": account}
    found = connection.pages("account", "ListRegions", {**_PAGE, **_USABLE, **which}, "Regions")
    return frozenset(Region(each["RegionName"]) for each in found)
