"""Sends the requests of a record to a sandbox, at the record's own times, and compares.

Not sent are requests that AWS refused for their rate or by an error of its own: they had no effect,
and the record has them again.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError

from orgrollout.sandbox.clock import Clock, VirtualClock
from orgrollout.sandbox.replay.apis import call, refuse_unknown
from orgrollout.sandbox.replay.bindings import Bindings
from orgrollout.sandbox.replay.compare import Compared, Difference, Kind, compared
from orgrollout.sandbox.replay.existing import existing_stack_sets
from orgrollout.sandbox.replay.organization import (
    operator_of,
    order_of_accounts,
    organization_of,
    role_of_operator,
)
from orgrollout.sandbox.replay.record import Exchange, Record
from orgrollout.sandbox.sandbox import Sandbox
from orgrollout.sandbox.server.client import SandboxClient

_REFUSED = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
_REFUSED |= {"RequestLimitExceeded", "SlowDown"}
_SERVER_ERROR = 500
_BUSY = frozenset({"OperationInProgressException"})
_READS = ("Describe", "Get", "Head", "List")
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=12)
_BEFORE = timedelta(days=7)  # in which what existed is made
_DELEGATED = "DELEGATED_ADMIN"
_DONE = "answered"
_GLOBAL = "aws-global"  # what botocore calls the Region of an API that has none
_ASSUME = "AssumeRole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How the answer to one request differs."""

    exchange: Exchange
    difference: Difference


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of a replay."""

    accounts: int
    requests: int
    compared: int = 0
    found: list[Found] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)  # that were there before the record began
    lacking: list[str] = field(default_factory=list)  # what was there, and could not be made


def replay(record: Record, url: str | None = None) -> Report:
    """Replay a record in a sandbox of its own, or in the one at ``url``.

    Raises:
        SandboxError: There is no sandbox at ``url``, the record tells no organization, or it is
            damaged.
    """
    made = organization_of(record)
    if url is not None:
        client = SandboxClient(url)
        return _Replay(record, client.clock(), endpoint=client.endpoint).run()
    clock = VirtualClock(record.started - _BEFORE)
    started = Sandbox.start(made, clock=clock, operator=operator_of(record))
    if role := role_of_operator(record):  # trust policies may name it
        identities = started.simulation.identities
        identities.operator = identities.role_in(identities.operator.account, *role)
    with started as sandbox:
        own = sandbox.organization
        listed = [each for each in order_of_accounts(record) if each in own.accounts]
        own.accounts = {
            each: own.accounts[each] for each in dict.fromkeys([*listed, *own.accounts])
        }
        replaying = _Replay(record, clock, sandbox=sandbox)
        replaying.make_what_existed(sandbox)
        return replaying.run()


class _Replay:
    """One replay; what it sends is signed as who sent it in the record."""

    def __init__(
        self,
        record: Record,
        clock: Clock,
        *,
        sandbox: Sandbox | None = None,
        endpoint: str | None = None,
    ) -> None:
        self._record = record
        self._clock = clock
        self._began = clock.now()
        self._sandbox = sandbox
        self._bindings = Bindings(record.texts)
        self._sender = _Sender(record.header.home_region, endpoint)
        refuse_unknown(record.exchanges, self._sender.client)
        accounts = len(sandbox.organization.accounts) if sandbox is not None else 0
        self.report = Report(accounts=accounts, requests=len(record.exchanges))

    def make_what_existed(self, sandbox: Sandbox) -> None:
        """Make the stack sets that were there before the record began."""
        there, root = existing_stack_sets(self._record), sandbox.organization.root_id
        past = [operation for each in there for operation in each.operations(root)]
        for each in there:
            self._make(sandbox, "CreateStackSet", each.creation)
        for operation in sorted(past, key=lambda each: each.moment):
            self._make(sandbox, operation.operation, operation.parameters)
        self._began = max(self._record.started, self._clock.now())
        self._clock.sleep(self._began - self._clock.now())

    def _make(self, sandbox: Sandbox, operation: str, parameters: dict[str, Any]) -> None:
        sent = Bindings(self._record.texts).sent(parameters)
        said = self._sender.make(operation, {**sent, **self._call_as()})
        sandbox.run_to_end()
        if said != _DONE:
            self.report.lacking.append(f"{parameters['StackSetName']}: {operation}: {said}")

    def _call_as(self) -> dict[str, str]:
        asked = (each.request.parameters.get("CallAs") for each in self._record.exchanges)
        return {"CallAs": _DELEGATED} if _DELEGATED in asked else {}

    def run(self) -> Report:
        for exchange in self._record.exchanges:
            if not _was_refused(exchange):
                self._wait_until(exchange.request.at)
                self._one(exchange)
        return self.report

    def _wait_until(self, seconds: float) -> None:
        moment = self._began + timedelta(seconds=seconds)
        if moment > self._clock.now():
            self._clock.sleep(moment - self._clock.now())

    def _one(self, exchange: Exchange) -> None:
        """Send one request, and again while what has ended in the record goes on here."""
        found = self._compared(exchange)
        waited = _FIRST_WAIT
        while found.is_behind and waited < _LONGEST_WAIT:
            self._clock.sleep(waited)
            waited *= 2
            found = self._compared(exchange)
        if exchange.answer is not None and not exchange.answer.broken:
            self.report.compared += 1
            self.report.found += [Found(exchange=exchange, difference=d) for d in found.found]

    def _compared(self, exchange: Exchange) -> Compared:
        said, result = self._sent(exchange)
        answer = exchange.answer
        if answer is None or answer.broken:
            return Compared([])
        expected = answer.error or _DONE
        if said != expected:
            other = Difference(kind=Kind.CODE, place="", recorded=expected, sandbox=said)
            return Compared([other], is_behind=said in _BUSY)
        shape = self._sender.model(exchange).output_shape
        if answer.result is None or shape is None:
            return Compared([])
        self._sender.learn(exchange, answer.result, result)
        found = compared(shape, answer.result, result, self._bindings)
        may_repeat = exchange.request.operation.startswith(_READS)
        return replace(found, is_behind=found.is_behind and may_repeat)

    def _sent(self, exchange: Exchange) -> tuple[str, dict[str, Any]]:
        """Return how a request was answered, and with what."""
        parameters = self._bindings.sent(exchange.request.parameters)
        said, result = self._sender.send(exchange, parameters)
        if said == "AccessDenied" and self._is_role_from_before(exchange):
            role = str(parameters["RoleArn"]).rpartition("/")[2]
            assert self._sandbox is not None  # noqa: S101 - looked at before
            self._sandbox.give_role(role)
            self.report.roles.append(role)
            said, result = self._sender.send(exchange, parameters)
        return said, result

    def _is_role_from_before(self, exchange: Exchange) -> bool:
        """Return whether a role could be assumed that nothing in the record has made."""
        if exchange.request.operation != _ASSUME or self._sandbox is None:
            return False
        return exchange.answer is not None and exchange.answer.result is not None


class _Sender:
    """Clients for what a record names. The credentials are those of who sends."""

    def __init__(self, home: str, endpoint: str | None) -> None:
        self._home = home
        self._endpoint = endpoint
        self._keys: dict[str, Credentials] = {}
        self._chosen = _Chosen()
        core = botocore.session.Session()
        core.register_component("credential_provider", CredentialResolver([_Given(self._chosen)]))
        self._session = boto3.Session(botocore_session=core, region_name=home)
        self._clients: dict[tuple[str, str], Any] = {}

    def model(self, exchange: Exchange) -> Any:
        """Return botocore's model of an operation."""
        client = self.client(exchange)
        return client.meta.service_model.operation_model(exchange.request.operation)

    def send(self, exchange: Exchange, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the code of an error, or that there was none, and the result."""
        self._chosen.current = self._keys.get(exchange.request.caller)
        return _answer(self.client(exchange), exchange.request.operation, parameters)

    def make(self, operation: str, parameters: dict[str, Any]) -> str:
        """Send what makes a stack set as it was, and return how it was answered."""
        self._chosen.current = None
        return _answer(self._client_of("cloudformation", self._home), operation, parameters)[0]

    def learn(self, exchange: Exchange, recorded: Any, here: Any) -> None:
        """Keep the credentials of a role, under the name that the record has for them."""
        if exchange.request.operation == _ASSUME:
            given = here["Credentials"]
            self._keys[recorded["Credentials"]["AccessKeyId"]] = Credentials(
                given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
            )

    def client(self, exchange: Exchange) -> Any:
        """Return the client for what a request names."""
        region = exchange.request.region
        return self._client_of(
            exchange.request.service, self._home if region == _GLOBAL else region
        )

    def _client_of(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            config = Config(retries={"total_max_attempts": 1, "mode": "standard"})
            make: Any = self._session.client  # its type knows services by literal only
            self._clients[service, region] = make(
                service, region_name=region, config=config, endpoint_url=self._endpoint
            )
        return self._clients[service, region]


def _answer(client: Any, operation: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    try:
        return _DONE, call(client, operation, parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"]), {}
    except BotoCoreError as error:
        return type(error).__name__, {}


class _Chosen(Credentials):
    """The credentials of who sends; keys that no sandbox issued are those of its operator."""

    def __init__(self) -> None:
        super().__init__("operator", "operator")
        self.current: Credentials | None = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        own = super().get_frozen_credentials
        return own() if self.current is None else self.current.get_frozen_credentials()


class _Given(CredentialProvider):
    METHOD = "replay"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


def _was_refused(exchange: Exchange) -> bool:
    answer = exchange.answer
    return answer is not None and (answer.error in _REFUSED or answer.status >= _SERVER_ERROR)
