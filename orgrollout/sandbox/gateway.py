"""One request in, one answer out: the same way in process and over HTTP.

Finds out who calls what, lets scripted faults happen, answers CloudFormation StackSets,
Organizations and STS itself and leaves everything else to moto.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlparse

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, OperationNotFoundError

from orgrollout.sandbox import moto_bridge, wire
from orgrollout.sandbox.authorization import Authorization
from orgrollout.sandbox.calls import Call
from orgrollout.sandbox.clock import Clock
from orgrollout.sandbox.errors import ApiError, LostResponseError, throttled
from orgrollout.sandbox.faults import Faults
from orgrollout.sandbox.identity import Identities, expired
from orgrollout.sandbox.moto_bridge import Message, MotoState
from orgrollout.sandbox.organization import derive
from orgrollout.sandbox.stack_sets import Caller
from orgrollout.sandbox.timeline import Timeline

_CREDENTIAL = re.compile(r"Credential=([^/,]+)/(\d+)/([^/,]+)/([^/,]+)/aws4_request")
_GLOBAL = frozenset({"iam", "organizations", "account", "sts", "s3"})
JSON = {"Content-Type": "application/x-amz-json-1.1"}
Handler = Callable[[Caller, Mapping[str, Any]], dict[str, Any] | Message]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; ``operation`` is known where botocore says it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    operation: str = ""


@dataclass(frozen=True, slots=True)
class _Addressed:
    """A request, once it is known what it asks of whom."""

    request: Request
    service: str
    operation: str
    region: str
    access_key: str
    params: Mapping[str, Any]
    model: OperationModel | None


class Gateway:
    """Answers requests for one organization."""

    def __init__(
        self,
        *,
        handlers: Mapping[tuple[str, str], Handler],
        authorization: Authorization,
        identities: Identities,
        faults: Faults,
        clock: Clock,
        timeline: Timeline,
        prepare: Callable[[str], None],
        is_enabled: Callable[[str, str], bool],
        state: MotoState,
    ) -> None:
        self.calls: list[Call] = []
        self._handlers = handlers
        self._authorization = authorization
        self._identities = identities
        self._faults = faults
        self._clock = clock
        self._timeline = timeline
        self._prepare = prepare
        self._is_enabled = is_enabled
        self._state = state

    def handle(self, request: Request) -> Message:
        """Return the answer to ``request``.

        Raises:
            LostResponseError: The answer is to be lost on its way.
        """
        asked = _address(request)
        with self._state.in_place():
            self._timeline.settle()
            principal = self._identities.caller(asked.access_key)
            caller = Caller(principal, asked.region)
            fault = self._faults.for_call(asked.service, asked.operation, principal.account)
            if fault is not None and fault.delay:
                self._clock.sleep(fault.delay)
                self._timeline.settle()
            try:
                self._refuse(asked, caller, fault.kind if fault is not None else "")
                answer = self._answer(asked, caller)
            except ApiError as error:
                self._record(asked, caller, error.code)
                return _error(asked, error)
            self._record(asked, caller, _error_code(answer))
            if fault is not None and fault.kind == "lost_response":
                raise LostResponseError(f"{asked.service}:{asked.operation}")
            return answer

    def _refuse(self, asked: _Addressed, caller: Caller, kind: str) -> None:
        if kind == "throttle":
            raise throttled(asked.service)
        if kind == "server_error":
            raise ApiError("InternalFailure", "Internal Failure", status=500)
        if kind == "stale_request":
            message = "Another operation has been performed on this StackSet since"
            raise ApiError("StaleRequestException", message, status=409)
        if kind == "expired_credentials" or self._identities.is_expired(asked.access_key):
            raise expired()
        if asked.service not in _GLOBAL and not self._is_enabled(caller.account, asked.region):
            message = "The security token included in the request is invalid"
            raise ApiError("UnrecognizedClientException", message)
        now = self._timeline.now()
        if self._faults.is_over_rate(asked.service, asked.operation, now):
            raise throttled(asked.service)
        protocol = asked.model.service_model.protocol if asked.model is not None else ""
        self._authorization.check(caller, asked.service, asked.operation, asked.params, protocol)

    def _answer(self, asked: _Addressed, caller: Caller) -> Message:
        handler = self._handlers.get((asked.service, asked.operation))
        if handler is None or asked.model is None:
            return self._forward(asked, caller)
        result = handler(caller, asked.params)
        if isinstance(result, Message):
            return result
        if result is FORWARD:
            return self._forward(asked, caller)
        return _success(asked, result)

    def _forward(self, asked: _Addressed, caller: Caller) -> Message:
        self._prepare(asked.service if asked.service == "organizations" else caller.account)
        request = asked.request
        return moto_bridge.forward(
            caller.account, request.method, request.url, request.headers, request.body
        )

    def _record(self, asked: _Addressed, caller: Caller, error: str | None) -> None:
        self.calls.append(
            Call(
                service=asked.service,
                operation=asked.operation,
                params=asked.params,
                account=caller.account,
                region=asked.region,
                caller=caller.principal.arn,
                time=self._timeline.now(),
                error=error,
                role=caller.principal.role_name,
                stack=self._authorization.stack_named(asked.service, asked.params),
                change_set=_last(asked.params.get("ChangeSetName")),
            )
        )


def _last(identifier: Any) -> str | None:
    """Return the name in ``arn:...:changeSet/NAME/ID``, or what is a name already."""
    if not isinstance(identifier, str):
        return None
    return identifier.split("/")[1] if "/" in identifier else identifier


FORWARD: dict[str, Any] = {"moto": True}
"""What a handler returns to leave a call to moto after all."""


def _address(request: Request) -> _Addressed:
    key, region, service = credential(request)
    operation = request.operation or _operation(request, service)
    model = _model(service, operation)
    return _Addressed(
        request=request,
        service=service,
        operation=operation,
        region=region,
        access_key=key,
        params=_params(request, model),
        model=model,
    )


def credential(request: Request) -> tuple[str, str, str]:
    """Return access key, Region and service; from the signature or, unsigned, the host."""
    signature = request.headers.get("Authorization") or request.url
    found = _CREDENTIAL.search(signature.replace("%2F", "/"))
    if found:
        return found[1], found[3], found[4]
    host = (urlparse(request.url).hostname or "").split(".")
    region = host[1] if len(host) > 3 else "us-east-1"  # noqa: PLR2004
    return "", region, host[0]


def _operation(request: Request, service: str) -> str:
    target = request.headers.get("X-Amz-Target") or request.headers.get("x-amz-target")
    if target:
        return target.rsplit(".", 1)[-1]
    action = _form(request).get("Action")
    if action:
        return action
    return moto_bridge.operation_of(service, request.method, request.url, request.headers)


def _form(request: Request) -> dict[str, str]:
    query = urlparse(request.url).query
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        text = ""
    fields = dict(parse_qsl(query, keep_blank_values=True))
    if "=" in text and not text.startswith(("{", "<")):
        fields.update(parse_qsl(text, keep_blank_values=True))
    return fields


def _model(service: str, operation: str) -> OperationModel | None:
    try:
        return wire.service_model(service).operation_model(operation)
    except (UnknownServiceError, OperationNotFoundError):
        return None


def _params(request: Request, model: OperationModel | None) -> dict[str, Any]:
    if model is not None and model.service_model.protocol in ("query", "ec2"):
        form = _form(request)
        if model.service_model.protocol == "query":
            return wire.parse_query(model, form)
        return {k: v for k, v in form.items() if k not in ("Action", "Version")}
    if request.body[:1] == b"{":
        try:
            return dict(json.loads(request.body))
        except ValueError:
            return {}
    return {"path": urlparse(request.url).path} if model is not None else {}


def _request_id(asked: _Addressed) -> str:
    return derive(32, asked.operation, str(id(asked)), alphabet="0123456789abcdef")


def _success(asked: _Addressed, result: Mapping[str, Any]) -> Message:
    assert asked.model is not None  # noqa: S101
    if asked.model.service_model.protocol == "query":
        return Message(200, wire.XML, wire.render(asked.model, result, _request_id(asked)))
    body = json.dumps({k: v for k, v in result.items() if v is not None}, default=_seconds)
    return Message(200, JSON, body.encode())


def _seconds(value: Any) -> float:
    return float(value.timestamp())


def _error(asked: _Addressed, error: ApiError) -> Message:
    protocol = asked.model.service_model.protocol if asked.model is not None else "rest-xml"
    if protocol in ("json", "rest-json"):
        body = json.dumps(
            {"__type": error.code, "message": error.message, "Message": error.message}
        )
        return Message(error.status, {**JSON, "x-amzn-errortype": error.code}, body.encode())
    if protocol == "ec2":
        text = wire.render_ec2_error(error.code, error.message, _request_id(asked))
    elif protocol == "query":
        text = wire.render_error(error.code, error.message, _request_id(asked))
    else:
        text = wire.render_rest_error(error.code, error.message, _request_id(asked))
    return Message(error.status, wire.XML, text)


def _error_code(answer: Message) -> str | None:
    if answer.status < 400:  # noqa: PLR2004
        return None
    text = answer.body.decode(errors="replace")
    found = re.search(r"<Code>([^<]+)</Code>|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]+)\"", text)
    return (found[1] or found[2]) if found else str(answer.status)
