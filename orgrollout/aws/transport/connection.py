"""A connection to AWS: as whom, in which home Region, at which endpoint, and whether it may write.

boto3 and tenacity are imported when a connection is made and not before: they cost more than the
rest of the program together, and most commands that go wrong do so without them.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orgrollout.aws.transport.aws_time import AwsClock
from orgrollout.aws.transport.clock import Clock, MachineClock
from orgrollout.aws.transport.rate_limits import OF_THIS_PROCESS, Bounds, RateLimits
from orgrollout.aws.transport.response_checks import PageTokens
from orgrollout.aws.transport.waiting import Waits
from orgrollout.errors import InvalidCredentialsError
from orgrollout.model.ids import AccountId, Region

if TYPE_CHECKING:
    import boto3

    from orgrollout.aws.recording.recorder import Recorder
    from orgrollout.aws.transport.calls import Caller, Guard, InAccount, Jitter, OnDate
    from orgrollout.aws.transport.clients import Clients
    from orgrollout.aws.transport.sessions import AccountRole, Sessions

    AwsSession = boto3.Session  # for rooms that do not import boto3

ASSUME_ROLE = "sts:AssumeRole"
_REFUSED_BY_TIME = frozenset({"RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"})
_ANSWERS_THAT_AGREE = 2
_EXPIRED = ("ExpiredToken", "ExpiredTokenException")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who is calling (sts:GetCallerIdentity)."""

    arn: str
    account: AccountId

    @property
    def partition(self) -> str:
        """Return ``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return self.arn.split(":")[1]


class Connection:
    """The way to AWS's APIs for one identity and one home Region. Threads may share it."""

    def __init__(
        self,
        clients: "Clients",
        caller: "Caller",
        clock: Clock,
        *,
        read_only: bool,
        in_account: "InAccount | None" = None,
    ) -> None:
        self.read_only = read_only
        self.clock = clock
        self._in_account = in_account
        self._clients = clients
        self._caller = caller
        self._known: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def home_region(self) -> Region:
        """Return the Region the stack sets live in."""
        return Region(self._clients.region)

    @property
    def callers_region(self) -> Region | None:
        """Return the Region that the caller's shell or profile names, if either does."""
        named = self._clients.callers_region
        return Region(named) if named else None

    @property
    def calls(self) -> Counter[str]:
        """Return how many requests were sent so far, by operation, repeated ones included."""
        return self._caller.calls

    @property
    def identity(self) -> Identity:
        """Return who is calling. Asked once.

        Raises:
            MissingCredentialsError, InvalidCredentialsError, UnreachableError: As they say.
        """

        def ask() -> Identity:
            answer = self.call("sts", "GetCallerIdentity")
            return Identity(arn=answer["Arn"], account=AccountId(answer["Account"]))

        found: Identity = self.once("identity", ask)
        return found

    @property
    def account(self) -> AccountId:
        """Return the account that answers."""
        return self._in_account.account if self._in_account else self.identity.account

    @property
    def endpoint(self) -> str | None:
        """Return where CloudFormation is asked, if that is not AWS itself."""
        from orgrollout.aws.transport.calls import AWS_HOSTS  # noqa: PLC0415

        url = str(self._clients.get("cloudformation", read_only=self.read_only).meta.endpoint_url)
        host = urlsplit(url).hostname or ""
        return None if host.endswith(AWS_HOSTS) else url

    def planning(self) -> "Connection":
        """Return a connection that cannot write, with the same identity, rates and counts."""
        planning = Connection(self._clients, self._caller, self.clock, read_only=True)
        planning._known, planning._lock = self._known, self._lock
        return planning

    def for_journal(self) -> "Connection":
        """Return a connection that may write, for the journal alone.

        A command that only reads the organization still keeps its journal.
        """
        writing = Connection(self._clients, self._caller, self.clock, read_only=False)
        writing._known, writing._lock = self._known, self._lock
        return writing

    def for_notices(self, region: Region) -> "Connection":
        """Return a connection that may write, in the Region of a topic, to tell people.

        A command that only reads the organization still tells what it found.
        """
        clients = self._clients.in_region(region)
        return Connection(clients, self._caller, self.clock, read_only=False)

    def reading_in(self, region: Region) -> "Connection":
        """Return a connection that cannot write, with the same identity, in another Region."""
        clients = self._clients.in_region(region)
        return Connection(clients, self._caller, self.clock, read_only=True)

    def in_account(
        self,
        account: AccountId,
        role: str,
        region: Region,
        *,
        external_id: str | None = None,
        read_only: bool = True,
    ) -> "Connection":
        """Return a connection in another account, through a role there.

        The role is assumed once per account, and again before the session expires; Regions and
        threads share it. What is called there counts against the rates of that account and Region.
        A connection that cannot write gives none that can.

        Raises:
            AccessDeniedError: It does not exist, or does not trust the caller.
        """
        from orgrollout.aws.transport.calls import InAccount  # noqa: PLC0415
        from orgrollout.aws.transport.sessions import AccountRole  # noqa: PLC0415

        entered = AccountRole(account=account, name=role, external_id=external_id)
        sessions = self._sessions()
        there = InAccount(
            account=account,
            region=region,
            refresh=sessions.credentials(entered).get_frozen_credentials,
            refused=lambda: sessions.refused(entered),
            being=partial(sessions.being, entered),
        )
        return Connection(
            sessions.clients(region),
            self._caller,
            self.clock,
            read_only=read_only or self.read_only,
            in_account=there,
        )

    def _sessions(self) -> "Sessions":
        from orgrollout.aws.transport.sessions import Sessions  # noqa: PLC0415

        def assume(role: "AccountRole") -> dict[str, str]:
            asked = role.request(self.identity.partition)
            found: dict[str, str] = self.call("sts", "AssumeRole", asked)["Credentials"]
            return found

        found: Sessions = self.once("sessions", lambda: Sessions(self._clients, self.clock, assume))
        return found

    def be_sure_of_the_time(self) -> None:
        """Ask AWS for the time where no answer has told it lately; a simulated one is right.

        Raises:
            AwsError: Nothing was answered, so the time is not known.
        """
        if isinstance(self.clock, AwsClock):
            for _ in range(_ANSWERS_THAT_AGREE):
                if not self.clock.is_sure():
                    self.call("sts", "GetCallerIdentity")

    def guarded(self, guard: "Guard") -> AbstractContextManager[None]:
        """Ask ``guard`` right before each attempt this thread sends inside the block.

        What it raises prevents the attempt, and is raised.
        """
        return self._caller.guarded(guard)

    def call(
        self, service: str, operation: str, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the answer to one request. See ``Caller.call``.

        In another account, one that AWS takes for expired is sent once more, by a new session.

        Raises:
            ReadOnlyError: It would write, and this connection only reads.
            AwsError: One of its kinds.
        """
        with self._caller.waits.on("the credentials of this machine", at_once=True):
            client = self._clients.get(service, read_only=self.read_only)
        asked = parameters or {}
        try:
            return self._caller.call(client, service, operation, asked, self._in_account)
        except InvalidCredentialsError as error:
            if self._in_account is None or error.api == ASSUME_ROLE or error.code not in _EXPIRED:
                raise
            self._in_account.refused()
        return self._caller.call(client, service, operation, asked, self._in_account)

    def pages(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        items: str,
    ) -> Iterator[dict[str, Any]]:
        """Return the items of all pages, asking for a page when it is needed.

        A page may be empty and still not be the last (Organizations says so), so the token decides.
        """
        token: str | None = None
        tokens = PageTokens(f"{service}:{operation}")
        while True:
            page = {**parameters, "NextToken": token} if token else parameters
            answer = self.call(service, operation, page)
            yield from answer.get(items) or ()
            if not (token := tokens.of(answer)):
                return

    def once(self, key: str, ask: Callable[[], Any]) -> Any:
        """Return what ``ask`` gave the first time it was asked for under ``key``."""
        with self._lock:
            if key not in self._known:
                self._known[key] = ask()
            return self._known[key]


def connect(
    *,
    profile: str | None = None,
    region: str | None = None,
    read_only: bool = False,
    clock: Clock | None = None,
    limits: RateLimits | None = None,
    bounds: Bounds | None = None,
    jitter: "Jitter | None" = None,
    waits: Waits | None = None,
    session: "boto3.Session | None" = None,
    on_skew: Callable[[timedelta], None] | None = None,
    recorder: "Recorder | None" = None,
) -> Connection:
    """Return a connection by the standard credential chain. Nothing is sent yet.

    Without a ``session``, one is made from ``profile`` and ``region``. AWS_ENDPOINT_URL holds, as
    everywhere. All connections on the machine's clock share one set of rates; ``bounds`` are those
    within which the rate of CloudFormation adapts. ``waits`` tell of
    calls that are not answered. Without a ``clock`` of its own the connection tells AWS's time, and
    ``on_skew`` learns by how much the clock of this machine is ahead, where that is a minute. The
    ``recorder`` writes down what is sent and answered.

    Raises:
        UnknownProfileError, MissingRegionError, AwsConfigurationError: As they say.
    """
    from orgrollout.aws.transport.calls import Caller, half_at_random  # noqa: PLC0415
    from orgrollout.aws.transport.clients import Clients, new_session  # noqa: PLC0415

    machine = clock or MachineClock()
    time = AwsClock(machine, on_skew) if isinstance(machine, MachineClock) else None
    limits = limits or (OF_THIS_PROCESS if time else RateLimits())
    if bounds:
        limits.bind("cloudformation", bounds)
    caller = Caller(
        clock=machine,
        limits=limits,
        jitter=jitter or half_at_random,
        waits=waits,
        on_date=_comparing(time) if time else None,
        recorder=recorder,
    )
    clients = Clients(session or new_session(profile, region), caller.watch)
    if recorder is not None:
        recorder.begin(machine.now, clients.region)
    return Connection(clients, caller, time or machine, read_only=read_only)


def _comparing(clock: AwsClock) -> "OnDate":
    def compare(date: str, error: str) -> None:
        clock.heard(date, refused=error in _REFUSED_BY_TIME)

    return compare
