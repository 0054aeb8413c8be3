"""One request in, one answer out: the same way in process and over HTTP.

Finds caller and operation, carries out scripted faults, answers CloudFormation StackSets,
Organizations and STS itself and leaves everything else to moto.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox.api.addressing import Addressed, Request, address, request_id
from orgrollout.sandbox.api.authorization import Authorization
from orgrollout.sandbox.api.formats import (
    companions,
    json_answers,
    json_types,
    query_protocol,
    shapes,
)
from orgrollout.sandbox.call_log import Call
from orgrollout.sandbox.clock import Clock
from orgrollout.sandbox.errors import ApiError, LostResponseError, throttled
from orgrollout.sandbox.faults.rules import CallFault, Faults
from orgrollout.sandbox.moto import bridge
from orgrollout.sandbox.moto.bridge import Message, MotoState
from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.principals import Identities, expired
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Failure, Timeline
from orgrollout.sandbox.trail.recorder import Recorder

_GLOBAL = frozenset({"iam", "organizations", "account", "sts", "s3"})
JSON = {"Content-Type": "application/x-amz-json-1.1"}
Handler = Callable[[Caller, Mapping[str, Any]], dict[str, Any] | Message]


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
        partition: str,
        recorder: Recorder,
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
        self._partition = partition
        self._recorder = recorder

    @property
    def failures(self) -> list[Failure]:
        """Exceptions of calls, each answered with an error, and of actions that were due."""
        return self._timeline.failures

    def handle(self, request: Request) -> Message:
        """Return the answer to ``request``.

        Raises:
            LostResponseError: The answer is to be lost on its way.
        """
        asked = address(request)
        with self._state.in_place():
            self._timeline.settle()
            account = self._identities.caller(asked.access_key).account
            fault = self._faults.for_call(asked.service, asked.operation, account)
        if fault is not None and fault.delay:
            # Outside of the lock: only this caller waits.
            self._clock.sleep(fault.delay)
        with self._state.in_place():
            try:
                return self._handle(asked, fault)
            except LostResponseError:
                raise
            except Exception as error:  # noqa: BLE001 - the caller gets an answer in every case
                return self._broken(asked, error)

    def _handle(self, asked: Addressed, fault: CallFault | None) -> Message:
        self._timeline.settle()
        principal = self._identities.caller(asked.access_key)
        caller = Caller(principal, asked.region)
        try:
            self._refuse(asked, caller, fault.kind if fault is not None else "")
            self._begin(asked, caller)
            answer = self._answer(asked, caller)
        except ApiError as error:
            self._record(asked, caller, error.code)
            return error_answer(asked, error)
        self._record(asked, caller, _error_code(answer), answer.body)
        if fault is not None and fault.kind == "lost_response":
            raise LostResponseError(f"{asked.service}:{asked.operation}")
        return answer

    def _broken(self, asked: Addressed, error: Exception) -> Message:
        """Answer a call that met an exception; a caller never sees a traceback."""
        call = f"{asked.service}:{asked.operation}"
        self._timeline.record(call, error)
        caller = Caller(self._identities.caller(asked.access_key), asked.region)
        self._record(asked, caller, "InternalFailure")
        message = (
            f"The sandbox could not answer {call}: {type(error).__name__}. Its state is as it was "
            "left; GET /_sandbox/failures says where."
        )
        return error_answer(asked, ApiError("InternalFailure", message, 500))

    def _refuse(self, asked: Addressed, caller: Caller, kind: str) -> None:
        if kind == "throttle":
            raise throttled(asked.service)
        if kind == "server_error":
            raise ApiError("InternalFailure", "Internal Failure", status=500)
        if kind == "stale_request":
            message = "Another operation has been performed on this StackSet since"
            raise ApiError("StaleRequestException", message, status=409)
        if kind == "expired_credentials" or self._identities.is_expired(asked.access_key):
            raise expired()
        if not self._accepts(asked, caller):
            message = "The security token included in the request is invalid"
            raise ApiError("UnrecognizedClientException", message)
        now = self._timeline.now()
        if self._faults.is_over_rate(asked.service, asked.operation, now):
            raise throttled(asked.service)
        _validate(asked)
        protocol = asked.model.service_model.protocol if asked.model is not None else ""
        self._authorization.check(caller, asked.service, asked.operation, asked.params, protocol)

    def _accepts(self, asked: Addressed, caller: Caller) -> bool:
        """Return whether credentials count in a Region: each partition has its own."""
        if asked.service in _GLOBAL:
            return partition_of(asked.region) == self._partition
        return self._is_enabled(caller.account, asked.region)

    def _answer(self, asked: Addressed, caller: Caller) -> Message:
        handler = self._handlers.get((asked.service, asked.operation))
        if handler is None or asked.model is None:
            return self._forward(asked, caller)
        result = handler(caller, asked.params)
        if isinstance(result, Message):
            return result
        if result is FORWARD:
            return self._forward(asked, caller)
        return _success(asked, result)

    def _forward(self, asked: Addressed, caller: Caller) -> Message:
        self._prepare(asked.service if asked.service == "organizations" else caller.account)
        request = asked.request
        try:
            answer = bridge.forward(
                caller.account, request.method, request.url, request.headers, request.body
            )
        except Exception as error:
            raise _lacking(asked, error) from error
        if answer.status == _NOT_FOUND and answer.body == b"Not yet implemented":
            raise _lacking(asked, None)
        return answer if asked.model is None else json_answers.as_modelled(asked.model, answer)

    def _begin(self, asked: Addressed, caller: Caller) -> None:
        stack = self._authorization.stack_named(asked.service, asked.params)
        place = (caller.account, asked.region)
        self._recorder.begins(place, caller.principal, asked.operation, stack)

    def _record(
        self, asked: Addressed, caller: Caller, error: str | None, answer: bytes = b""
    ) -> None:
        call = Call(
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
        self.calls.append(call)
        self._recorder.call(call, caller.principal, answer)


def _last(identifier: Any) -> str | None:
    """Return the name in ``arn:...:changeSet/NAME/ID``, or what is a name already."""
    if not isinstance(identifier, str):
        return None
    return identifier.split("/")[1] if "/" in identifier else identifier


FORWARD: dict[str, Any] = {"moto": True}
"""A handler returns this to leave a call to moto."""


_NOT_FOUND = 404


def _validate(asked: Addressed) -> None:
    """Refuse a request that cannot be read, or whose input does not fit its shape."""
    if asked.problem is not None:
        raise asked.problem
    if asked.model is None:
        return
    if asked.protocol in ("json", "rest-json"):
        json_types.check(asked.model, asked.params)
    if asked.protocol in ("json", "rest-json", "query"):
        shapes.check(asked.model, asked.params)
    if asked.service == "cloudformation":
        companions.check(asked.operation, asked.params)


def _lacking(asked: Addressed, error: Exception | None) -> ApiError:
    """Return the error for what moto does not have, or breaks on."""
    call = f"{asked.service}:{asked.operation}"
    if error is None or isinstance(error, NotImplementedError):
        message = f"Not yet implemented: the sandbox has no {call}."
    else:
        message = (
            f"Not implemented: {call} is answered by moto, which broke on this request "
            f"({type(error).__name__})."
        )
    return ApiError("NotImplemented", message, 501)


def _success(asked: Addressed, result: Mapping[str, Any]) -> Message:
    assert asked.model is not None  # noqa: S101
    if asked.model.service_model.protocol == "query":
        return Message(
            200, query_protocol.XML, query_protocol.render(asked.model, result, request_id(asked))
        )
    body = json.dumps({k: v for k, v in result.items() if v is not None}, default=_seconds)
    return Message(200, JSON, body.encode())


def _seconds(value: Any) -> float:
    return float(value.timestamp())


def error_answer(asked: Addressed, error: ApiError) -> Message:
    """Return an error in the form of the protocol that the request is in."""
    if asked.protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        body = json.dumps(
            {"__type": error.code, "message": error.message, "Message": error.message}
        )
        return Message(error.status, {**JSON, "x-amzn-errortype": error.code}, body.encode())
    render = _ERRORS.get(asked.protocol, query_protocol.render_rest_error)
    return Message(
        error.status, query_protocol.XML, render(error.code, error.message, request_id(asked))
    )


_ERRORS = {"ec2": query_protocol.render_ec2_error, "query": query_protocol.render_error}


def _error_code(answer: Message) -> str | None:
    if answer.status < 400:  # noqa: PLR2004
        return None
    text = answer.body.decode(errors="replace")
    found = re.search(r"<Code>([^<]+)</Code>|\"__type\":\s*\"(?:[^\"#]*#)?([^\"]+)\"", text)
    return (found[1] or found[2]) if found else str(answer.status)
