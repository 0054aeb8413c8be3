"""The one way into member accounts: many at a time, each with an answer of its own.

``MemberAccounts.map`` assumes the role, spreads over accounts and Regions, and returns an answer
for each. Calls are repeated below, in ``aws/``. If that does not help, the answer is unreachable
(the failure is transient) or denied (it is not). An account that could not be entered is not
tried again in its other Regions by the same ``map``.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

from orgrollout.aws.transport.connection import ASSUME_ROLE, Connection
from orgrollout.errors import (
    AwsError,
    CredentialsError,
    MissingCredentialsError,
    PassingError,
    ReadOnlyError,
)
from orgrollout.model.ids import AccountId, Pair
from orgrollout.plan.model.plan import MemberRole
from orgrollout.reconcile.process.parallel import spread

T = TypeVar("T")
K = TypeVar("K")
NO_ROLE = "no role is named to enter it with"


@dataclass(frozen=True, slots=True)
class Answered(Generic[T]):
    """The account was entered, and answered."""

    value: T


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A transient failure: nothing is known, and the same request may succeed later."""

    error: PassingError

    @property
    def reason(self) -> str:
        """Return what happened, in words."""
        return str(self.error)


@dataclass(frozen=True, slots=True)
class Denied:
    """The role could not be assumed, or AWS refused a call. Asking again does not help."""

    reason: str
    error: AwsError | None = None  # None: there was no role to try

    @property
    def at_entry(self) -> bool:
        """Return whether the account was not entered at all."""
        return self.error is None or self.error.api == ASSUME_ROLE


Answer = Answered[T] | Unreachable | Denied


class MemberAccounts:
    """Member accounts, entered by one role. Threads may share it."""

    def __init__(
        self,
        connection: Connection,
        role: MemberRole | None,
        *,
        at_once: int,
        read_only: bool = True,
        without_role: str = NO_ROLE,
        guard: Callable[[], None] | None = None,
    ) -> None:
        """Enter by ``role``, ``at_once`` places at a time.

        What only reads needs no role in the caller's own account and home Region. ``without_role``
        is the reason of the other places if there is no role. ``guard`` is called right before each
        request, one at a time; what it raises prevents the request, and is raised.
        """
        self._connection = connection
        self._role = role
        self._at_once = at_once
        self._read_only = read_only
        self._without_role = without_role
        self._guard = _one_at_a_time(guard) if guard else None

    def map(
        self,
        items: Iterable[K],
        ask: Callable[[Connection, K], T],
        *,
        pair_of: Callable[[K], Pair],
    ) -> Iterator[tuple[K, Answer[T]]]:
        """Yield what ``ask`` returned for each item in its account and Region, in their order.

        Raises:
            CredentialsError: It is no matter of the account: the caller has to sign in again.
        """
        refusals = _Refusals()

        def work(item: K) -> Answer[T]:
            with self._guarded():
                return self._asked(pair_of(item), lambda there: ask(there, item), refusals)

        yield from spread(items, work, at_once=self._at_once)

    def _asked(
        self, pair: Pair, ask: Callable[[Connection], T], refusals: "_Refusals"
    ) -> Answer[T]:
        if self._needs_no_role(pair):
            return _answer(lambda: ask(self._connection), by_role=False)
        role = self._role
        if role is None:
            return Denied(self._without_role)
        entered = refusals.enter(pair.account, lambda: self._enter(pair, role))
        if not isinstance(entered, Answered):
            return entered
        return _answer(lambda: ask(entered.value), by_role=True)

    def _guarded(self) -> AbstractContextManager[None]:
        if self._guard is None:
            return nullcontext()
        return self._connection.guarded(self._guard)

    def _needs_no_role(self, pair: Pair) -> bool:
        home = self._connection
        is_home = pair.region == home.home_region and pair.account == home.identity.account
        return self._read_only and is_home

    def _enter(self, pair: Pair, role: MemberRole) -> Answer[Connection]:
        return _answer(
            lambda: self._connection.in_account(
                pair.account,
                role.role,
                pair.region,
                external_id=role.external_id,
                read_only=self._read_only,
            ),
            by_role=True,
        )


def raise_outage(answers: Sequence[Answer[T]]) -> None:
    """Raise the first failure if every place was unreachable: that is an outage of the caller's.

    Raises:
        PassingError: None of the places could be reached.
    """
    unreachable = [each for each in answers if isinstance(each, Unreachable)]
    if unreachable and len(unreachable) == len(answers):
        raise unreachable[0].error


def _one_at_a_time(guard: Callable[[], None]) -> Callable[[], None]:
    lock = threading.Lock()

    def guarded() -> None:
        with lock:
            guard()

    return guarded


class _Refusals:
    """Accounts that could not be entered, so that their other Regions are not tried."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doors: dict[AccountId, threading.Lock] = {}
        self._refused: dict[AccountId, Unreachable | Denied] = {}

    def enter(
        self, account: AccountId, enter: Callable[[], Answer[Connection]]
    ) -> Answer[Connection]:
        """Return the connection, or why the account was not entered before."""
        with self._lock:
            door = self._doors.setdefault(account, threading.Lock())
        with door:
            if account in self._refused:
                return self._refused[account]
            answer = enter()
            if not isinstance(answer, Answered):
                self._refused[account] = answer
            return answer


def _answer(ask: Callable[[], T], *, by_role: bool) -> Answer[T]:
    """Return the answer, or why there is none; the caller's own lack of credentials is raised."""
    try:
        return Answered(ask())
    except (MissingCredentialsError, ReadOnlyError):
        raise
    except CredentialsError as error:
        if error.api == ASSUME_ROLE or not by_role:
            raise
        return Denied(str(error), error)
    except PassingError as error:
        return Unreachable(error)
    except AwsError as error:
        return Denied(str(error), error)
