"""The one door every request goes through: paced, repeated where that helps, and counted."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tenacity
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from orgrollout.aws.transport import error_mapping
from orgrollout.aws.transport.call_log import CallLog, error_code
from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.rate_limits import RateLimits
from orgrollout.aws.transport.response_checks import (
    PARSER_ERRORS,
    BrokenResponse,
    check_body,
    check_members,
)
from orgrollout.aws.transport.waiting import Wait, Waits
from orgrollout.model.domains import DOMAINS
from orgrollout.model.ids import AccountId, Region

if TYPE_CHECKING:
    from orgrollout.aws.recording.recorder import Recorder

AWS_HOSTS = (
    *(f".{each}" for each in DOMAINS.values()),
    ".api.aws",
    ".api.amazonwebservices.com.cn",
)
Jitter = Callable[[timedelta], timedelta]
Guard = Callable[[], None]
OnDate = Callable[[str, str], None]
"""Learns the Date of every answer, and the code of the error that it tells of, if one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InAccount:
    """Where a call goes that another account answers."""

    account: AccountId
    region: Region
    refresh: Callable[[], object]  # renews credentials that are about to expire
    refused: Callable[[], object]  # AWS takes them for expired: the next refresh renews them
    being: Callable[[], AbstractContextManager[None]]  # what is sent inside is sent as who is there

    @property
    def place(self) -> str:
        """Return a name for both: AWS counts calls for each."""
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call is repeated before it counts as failed."""

    attempts: int = 10
    attempts_without_contact: int = 3  # an endpoint that never answered is likely a wrong one
    longest: timedelta = timedelta(minutes=5)
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(seconds=20)


def half_at_random(pause: timedelta) -> timedelta:
    """Return between half of ``pause`` and all of it, so that callers do not move in step."""
    return pause * random.uniform(0.5, 1)  # noqa: S311


@dataclass(frozen=True, slots=True)
class _Request:
    client: Any
    service: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def api(self) -> str:
        return f"{self.service}:{self.operation}"

    def send(self) -> Any:
        return getattr(self.client, xform_name(self.operation))(**self.parameters)


class Caller:
    """Sends requests: one botocore attempt at a time, under one rate per API."""

    def __init__(
        self,
        *,
        clock: Clock,
        limits: RateLimits,
        jitter: Jitter = half_at_random,
        patience: Patience = Patience(),
        waits: Waits | None = None,
        on_date: OnDate | None = None,
        recorder: "Recorder | None" = None,
    ) -> None:
        self.waits = waits or Waits()
        self._recorder = recorder
        self._on_date = on_date
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._limits = limits
        self._jitter = jitter
        self._patience = patience
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        self._account: AccountId | None = None  # the caller's own, once AWS has told it
        self._guards = threading.local()
        self._responses = threading.local()  # whether this thread has got one, and parses it

    def watch(self, client: Any) -> None:
        """Count what ``client`` is about to send, and look at what comes back."""
        client.meta.events.register("before-call.*.*", self._count)
        client.meta.events.register("before-parse.*.*", self._look_at_body)
        if self._recorder is not None:
            self._recorder.watch(client)

    @contextmanager
    def guarded(self, guard: Guard) -> Iterator[None]:
        """Ask ``guard`` right before each attempt this thread sends; what it raises prevents it.

        It is asked after all waiting, for a rate or after an error. What ``guard`` itself sends is
        not guarded.
        """
        before: Guard | None = getattr(self._guards, "current", None)
        self._guards.current = guard
        try:
            yield
        finally:
            self._guards.current = before

    def _ask_guard(self) -> None:
        guard: Guard | None = getattr(self._guards, "current", None)
        if guard is None:
            return
        self._guards.current = None
        try:
            guard()
        finally:
            self._guards.current = guard

    def call(
        self,
        client: Any,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        in_account: InAccount | None = None,
    ) -> dict[str, Any]:
        """Return the answer to one request, from another account (``in_account``) or from our own.

        Throttled requests (CloudFormation says so with HTTP 400), server errors, broken
        connections and broken responses are repeated, within ``Patience``.

        Raises:
            AwsError: One of its kinds, from what botocore raised.
        """
        started = self._clock.now()
        log = CallLog(
            f"{service}:{operation}",
            parameters,
            account=in_account.account if in_account else self._account,
            region=client.meta.region_name,
        )

        def give_up(state: tenacity.RetryCallState) -> bool:
            return self._gives_up(state, service, self._clock.now() - started)

        repeat = tenacity.Retrying(
            sleep=lambda seconds: self._clock.sleep(timedelta(seconds=seconds)),
            stop=give_up,
            wait=self._pause,
            retry=tenacity.retry_if_exception(error_mapping.is_transient),
            before_sleep=log.repetition,
            reraise=True,
        )

        place = in_account.place if in_account else ""

        def attempt() -> dict[str, Any]:
            waited = self._get_ready(service, operation, in_account)
            number = repeat.statistics["attempt_number"]
            wait.sends(number, self._most_attempts(service))
            with (
                self._adapting(service, operation, place, waited=waited),
                in_account.being() if in_account else nullcontext(),
            ):
                return self._send(_Request(client, service, operation, parameters), wait, log)

        try:
            with self.waits.on(f"{service}:{operation}", _where(client, in_account)) as wait:
                answer = repeat(attempt)
        except (ClientError, BotoCoreError, BrokenResponse) as error:
            ours = error_mapping.translate(error, service, operation, parameters)
            # What quotes a parameter's value, or a response, is kept out of tracebacks too.
            raise ours from (None if error_mapping.may_quote(error, ours) else error)
        if in_account is None and operation == "GetCallerIdentity":
            self._account = AccountId(answer["Account"])
        return answer

    def _get_ready(self, service: str, operation: str, in_account: InAccount | None) -> bool:
        """Wait and renew what has to be; the guard comes last, since both take time.

        Return whether the call had to wait for its turn.
        """
        place = in_account.place if in_account else ""
        waited = self._limits.wait(service, operation, self._clock, place)
        if in_account:
            in_account.refresh()
        self._ask_guard()
        return waited

    @contextmanager
    def _adapting(
        self, service: str, operation: str, place: str, *, waited: bool
    ) -> Iterator[None]:
        """Let the rate of the API learn from what becomes of one attempt."""
        try:
            yield
        except ClientError as error:
            if error_mapping.is_throttled(error):
                self._limits.refused(service, operation, self._clock, place)
            raise
        if waited:
            self._limits.accepted(service, operation, self._clock, place)

    def _send(self, request: _Request, wait: Wait, log: CallLog) -> dict[str, Any]:
        started = self._clock.now()

        def tell(response: Mapping[str, Any], error: str = "") -> None:
            wait.error = error
            if response:
                self._answered.add(request.service)
                self._tell_date(response, error)
            request_id = response.get("ResponseMetadata", {}).get("RequestId", "")
            log.attempt(wait.attempt, self._clock.now() - started, request_id, error)

        try:
            answer = self._receive(request)
        except ClientError as error:
            tell(error.response, error_code(error))
            raise
        except (BotoCoreError, BrokenResponse) as error:
            tell({}, error_code(error))
            if isinstance(error, BrokenResponse):
                log.broken(error)
            raise
        tell(answer)
        return answer

    def _tell_date(self, response: Mapping[str, Any], error: str) -> None:
        date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date and self._on_date is not None:
            self._on_date(date, error)

    def _receive(self, request: _Request) -> dict[str, Any]:
        """Return a response that was looked at.

        Raises:
            BrokenResponse: It is none, or botocore cannot make anything of it.
        """
        self._responses.parsing = False
        try:
            answer: dict[str, Any] = request.send()
        except (ResponseParserError, *PARSER_ERRORS) as error:
            parsing = self._responses.parsing
            # Before that, botocore may have sent requests of its own, for credentials.
            if not parsing and not isinstance(error, ResponseParserError | KeyError):
                raise
        else:
            asked = request.parameters
            more = "NextToken" in asked or "NextToken" in answer
            check_members(request.api, asked, answer, paged=more)
            return answer
        # Raised out here: the error above may quote the body, and is not to be this one's context.
        raise BrokenResponse(
            "a body with values of another kind"
            if parsing
            else "the call that gives the caller's own credentials was answered by something else"
        )

    def _look_at_body(self, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        check_body(operation_model, response_dict)
        self._responses.parsing = True

    def _count(self, model: Any, **_: Any) -> None:
        with self._lock:
            self.calls[model.name] += 1

    def _gives_up(self, state: tenacity.RetryCallState, service: str, spent: timedelta) -> bool:
        limit = self._patience.attempts
        error = state.outcome.exception() if state.outcome else None
        if error and error_mapping.is_unanswered(error):
            limit = self._most_attempts(service)
        return state.attempt_number >= limit or spent >= self._patience.longest

    def _most_attempts(self, service: str) -> int:
        """Return how many attempts there may be while nothing comes back."""
        if service in self._answered:
            return self._patience.attempts
        return self._patience.attempts_without_contact

    def _pause(self, state: tenacity.RetryCallState) -> float:
        doubled = self._patience.first_pause * 2 ** min(state.attempt_number - 1, 16)
        return self._jitter(min(doubled, self._patience.longest_pause)).total_seconds()


def _where(client: Any, in_account: InAccount | None) -> str:
    """Return where a call goes: its Region, the account if it is another, and an odd endpoint."""
    region, url = client.meta.region_name, str(client.meta.endpoint_url)
    account = f", account {in_account.account}" if in_account else ""
    host = urlsplit(url).hostname or ""
    return f"{region}{account}{'' if host.endswith(AWS_HOSTS) else f', {url}'}"
