"""Puts a sandbox in the place of AWS for every boto3 client of this process.

botocore asks its ``before-send`` handlers for an answer before it opens a connection. The
handler below belongs to every client created after this module was imported, in any
thread, and is silent unless a sandbox is active. Endpoints outside of AWS's domains (a
sandbox server on loopback, say) are left alone.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlparse

from botocore import handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse

from orgrollout.sandbox.api.addressing import Request
from orgrollout.sandbox.api.gateway import Gateway
from orgrollout.sandbox.errors import LostResponseError, SandboxError
from orgrollout.sandbox.partitions import domains

_DOMAINS = (*domains(), "api.aws")


class Hook:
    """The handler; at most one gateway is behind it."""

    def __init__(self) -> None:
        self._gateway: Gateway | None = None

    def activate(self, gateway: Gateway) -> None:
        """Answer requests with ``gateway`` from now on.

        Raises:
            SandboxError: Another sandbox is active in this process.
        """
        if self._gateway is not None:
            raise SandboxError("another sandbox is active in this process; leave it first")
        self._gateway = gateway

    def deactivate(self) -> None:
        """Leave requests to botocore."""
        self._gateway = None

    def __call__(
        self, event_name: str, request: AWSPreparedRequest, **_: Any
    ) -> AWSResponse | None:
        """Answer a request of a client, if a sandbox is active."""
        host = urlparse(request.url).hostname or ""
        if self._gateway is None or not host.endswith(_DOMAINS):
            return None
        operation = event_name.rsplit(".", 1)[-1]
        try:
            answer = self._gateway.handle(
                Request(
                    request.method,
                    request.url,
                    _text(request.headers),
                    _bytes(request.body),
                    operation,
                )
            )
        except LostResponseError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        raw = MockRawResponse(answer.body)
        return AWSResponse(request.url, answer.status, _headers(answer.headers), raw)


def _headers(headers: Mapping[str, str]) -> HTTPHeaders:
    made = HTTPHeaders()
    for key, value in headers.items():
        made[key] = value
    return made


def _text(headers: Any) -> dict[str, str]:
    return {
        str(key): value.decode() if isinstance(value, bytes) else str(value)
        for key, value in headers.items()
    }


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return bytes(body.read())


HOOK = Hook()
handlers.BUILTIN_HANDLERS.append(("before-send", HOOK))
