"""Sessions in other accounts: a role is assumed once per account, and again before it expires.

Credentials are kept for as long as the connection. Clients take long to make, and there may be ten
thousand accounts, so all accounts share one client per service and Region: each request is signed
with the credentials of the account that it goes to.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import NoCredentialsError

from orgrollout.aws.transport.clients import Clients
from orgrollout.aws.transport.clock import Clock
from orgrollout.model.ids import AccountId, Region

# What AssumeRole gives to who asks for nothing else. No role's maximum is lower, and a role that
# is assumed by a role gets no more (DurationSeconds, STS API reference). It ends by our own clock:
# the moment in the answer means nothing to a machine whose clock is wrong.
LIFETIME = timedelta(hours=1)
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


class _Chosen(Credentials):
    """The credentials that a thread signs with: another role's for each request.

    botocore asks for credentials when it signs, in the thread that sends.
    """

    def __init__(self) -> None:
        super().__init__("", "", method="assume-role")
        self._of_thread = threading.local()

    @contextmanager
    def being(self, credentials: Credentials) -> Iterator[None]:
        """Sign with these what this thread sends inside the block."""
        before: Credentials | None = getattr(self._of_thread, "current", None)
        self._of_thread.current = credentials
        try:
            yield
        finally:
            self._of_thread.current = before

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what the request is signed with.

        Raises:
            NoCredentialsError: It is for no account. It must not go out as anybody else's.
        """
        current: Credentials | None = getattr(self._of_thread, "current", None)
        if current is None:
            raise NoCredentialsError
        return current.get_frozen_credentials()


class Sessions:
    """Clients in other accounts. Regions, threads and connections share one session per role."""

    def __init__(self, home: Clients, clock: Clock, assume: Assume) -> None:
        """Make clients like ``home``; ``assume`` returns what AssumeRole gave."""
        self._clock = clock
        self._assume = assume
        self._chosen = _Chosen()
        self._everywhere = home.assumed(self._chosen)
        self._clients: dict[Region, Clients] = {}
        self._credentials: dict[AccountRole, RefreshableCredentials] = {}
        self._locks: dict[AccountRole, threading.Lock] = {}
        self._refused: set[AccountRole] = set()
        self._lock = threading.Lock()

    def clients(self, region: Region) -> Clients:
        """Return clients for all accounts; what they send has to be sent inside ``being``."""
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._everywhere.in_region(region)
            return self._clients[region]

    @contextmanager
    def being(self, role: AccountRole) -> Iterator[None]:
        """Let this thread send as a role.

        Raises:
            AccessDeniedError: The role does not exist, or does not trust the caller.
        """
        with self._chosen.being(self.credentials(role)):
            yield

    def credentials(self, role: AccountRole) -> RefreshableCredentials:
        """Return the credentials of a role, assumed by the first that asks. Others wait for it.

        Raises:
            AccessDeniedError: The role does not exist, or does not trust the caller.
        """
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
