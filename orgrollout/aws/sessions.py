"""Sessions in other accounts: a role is assumed once per account, and again before it expires.

Credentials are kept for as long as the connection; the clients that use them are many and large,
so only the latest are.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.credentials import RefreshableCredentials

from orgrollout.aws.clients import Clients
from orgrollout.aws.clock import Clock
from orgrollout.model.ids import AccountId, Region

# What AssumeRole gives to who asks for nothing else. No role's maximum is lower, and a role that
# is assumed by a role gets no more (DurationSeconds, STS API reference). It ends by our own clock:
# the moment in the answer means nothing to a machine whose clock is wrong.
LIFETIME = timedelta(hours=1)
_KEPT_CLIENTS = 64
_NEVER = datetime.max.replace(tzinfo=UTC)  # when no session is valid any more


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRole:
    """A role in an account, and the external id it asks for, if it does."""

    account: AccountId
    name: str  # with its path, if it has one
    external_id: str | None = None

    def request(self, partition: str) -> dict[str, str]:
        """Return what sts:AssumeRole is asked."""
        arn = f"arn:{partition}:iam::{self.account}:role/{self.name}"
        asked = {"RoleArn": arn, "RoleSessionName": "orgrollout"}
        return {**asked, "ExternalId": self.external_id} if self.external_id else asked


Assume = Callable[[AccountRole], Mapping[str, str]]


class Sessions:
    """Clients in other accounts. Regions, threads and connections share one session per role."""

    def __init__(self, home: Clients, clock: Clock, assume: Assume) -> None:
        """Make clients like ``home``; ``assume`` returns what AssumeRole gave."""
        self._home = home
        self._clock = clock
        self._assume = assume
        self._credentials: dict[AccountRole, RefreshableCredentials] = {}
        self._clients: OrderedDict[tuple[AccountRole, Region], Clients] = OrderedDict()
        self._locks: dict[AccountRole, threading.Lock] = {}
        self._refused: set[AccountRole] = set()
        self._lock = threading.Lock()

    def clients(self, role: AccountRole, region: Region) -> Clients:
        """Return clients in the role's account.

        Raises:
            AccessDeniedError: The role does not exist, or does not trust the caller.
        """
        credentials = self.credentials(role)
        with self._lock:
            found = self._clients.pop((role, region), None) or self._home.assumed(
                credentials, region
            )
            self._clients[role, region] = found
            if len(self._clients) > _KEPT_CLIENTS:
                self._clients.popitem(last=False)
            return found

    def credentials(self, role: AccountRole) -> RefreshableCredentials:
        """Return the credentials of a role, assumed by the first that asks. Others wait for it."""
        with self._lock:
            lock = self._locks.setdefault(role, threading.Lock())
        with lock:
            if role not in self._credentials:
                self._credentials[role] = self._new(role)
            return self._credentials[role]

    def refused(self, role: AccountRole) -> None:
        """Let the role be assumed again before its next use: AWS took its session for expired.

        Our clock may be behind, or the role's sessions were revoked.
        """
        self._refused.add(role)

    def _new(self, role: AccountRole) -> RefreshableCredentials:
        def now() -> datetime:
            return _NEVER if role in self._refused else self._clock.now()

        def again() -> dict[str, Any]:
            until = self._clock.now() + LIFETIME
            found = self._assume(role)
            self._refused.discard(role)
            return {
                "access_key": found["AccessKeyId"],
                "secret_key": found["SecretAccessKey"],
                "token": found["SessionToken"],
                "expiry_time": until.isoformat(),
            }

        first = again()
        return RefreshableCredentials(
            first["access_key"],
            first["secret_key"],
            first["token"],
            self._clock.now() + LIFETIME,
            again,
            "assume-role",
            time_fetcher=now,
        )
