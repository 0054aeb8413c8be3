"""The service and operation of a request: from its signature, its headers, its path and its body.

Header names are read without regard to case: HTTP says so, and the SDK for JavaScript v3 sends them
in lower case. A request from which no service can be told is an error, never a call of S3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from botocore.awsrequest import HeadersDict
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel

from orgrollout.sandbox.api.formats import inputs, query_protocol
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.moto import bridge
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.partitions import domains

_CREDENTIAL = re.compile(r"Credential=([^/,&\s]+)/(\d+)/(?:([^/,&\s]+)/)?([^/,&\s]+)/aws4_request")
_AWS_HOSTS = (*(f".{each}" for each in domains()), ".api.aws")
_HOME = "us-east-1"
QUERY = ("query", "ec2")
_NUMBERS = count(1)
"""Answers are numbered, so that no two bear the same id."""


class Request:
    """An HTTP request; ``operation`` is known where botocore says it."""

    def __init__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, operation: str = ""
    ) -> None:
        self.method = method
        self.url = url
        self.headers: Mapping[str, str] = HeadersDict(headers)
        self.body = body
        self.operation = operation


@dataclass(frozen=True, slots=True)
class Addressed:
    """A request, once it is known what it asks of whom.

    ``problem`` is what is wrong with it, if it cannot be carried out as it stands.
    """

    request: Request
    service: str
    operation: str
    region: str
    access_key: str
    params: Mapping[str, Any]
    model: OperationModel | None
    problem: ApiError | None = None

    @property
    def protocol(self) -> str:
        """The protocol that the answer has to be in."""
        if self.model is not None:
            return str(self.model.service_model.protocol)
        known = _service_model(self.service)
        return str(known.protocol) if known is not None else _spoken(self.request)


def address(request: Request) -> Addressed:
    """Return what ``request`` asks of whom; what is wrong with it is its ``problem``."""
    key, region, service = credential(request)
    if not service:
        nameless = _nameless(request)
        return Addressed(request, "", _shown(request), region, key, {}, None, nameless)
    try:
        operation = request.operation or _operation(request, service)
        model = _model(service, operation)
        params = inputs.read(model, request) if model is not None else {}
    except Exception as cause:  # noqa: BLE001 - what cannot be read is a problem, and is answered
        error = cause if isinstance(cause, ApiError) else _unreadable(cause)
        asked = request.operation or _shown(request)
        return Addressed(request, service, asked, region, key, {}, _model(service, asked), error)
    problem = None if model is not None else _unknown_operation(service, operation)
    return Addressed(request, service, operation, region, key, params, model, problem)


def credential(request: Request) -> tuple[str, str, str]:
    """Return access key, Region and service; from the signature or, unsigned, the host.

    The service is empty where nothing tells it.
    """
    signature = request.headers.get("Authorization") or unquote(request.url)
    found = _CREDENTIAL.search(signature)
    if found:
        return found[1], found[3] or _HOME, found[4]
    if signature.startswith("AWS ") and ":" in signature:  # signature version 2, S3 alone
        return signature[4:].split(":", 1)[0], _HOME, "s3"
    if key := parse_qs(urlparse(request.url).query).get("AWSAccessKeyId"):
        return key[0], _HOME, "s3"
    return _from_host(urlparse(request.url).hostname or "")


def _from_host(host: str) -> tuple[str, str, str]:
    suffix = next((each for each in _AWS_HOSTS if host.endswith(each)), None)
    if suffix is None:
        return "", _HOME, ""
    labels = host.removesuffix(suffix).split(".")
    if "s3" in labels:
        return "", (labels[labels.index("s3") + 1 :] or [_HOME])[0], "s3"
    return "", labels[1] if len(labels) > 1 else _HOME, labels[0]


def _nameless(request: Request) -> ApiError:
    if request.headers.get("Authorization"):
        return ApiError(
            "IncompleteSignature",
            "The sandbox cannot tell the service: Authorization has no "
            "Credential=KEY/DATE/REGION/SERVICE/aws4_request.",
        )
    return ApiError(
        "MissingAuthenticationToken",
        "Request is missing Authentication Token. The sandbox tells the service by it: sign the "
        "request with any credentials.",
        403,
    )


def _unreadable(cause: Exception) -> ApiError:
    return ApiError("BadRequest", f"The request cannot be read ({type(cause).__name__}).")


def _shown(request: Request) -> str:
    return f"{request.method} {urlparse(request.url).path}"


def _operation(request: Request, service: str) -> str:
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rsplit(".", 1)[-1]
    known = _service_model(service)
    form = known is None or known.protocol in QUERY
    action = inputs.fields_of(request).get("Action") if form else None
    if action:
        return action
    if known is not None and known.protocol in QUERY:
        raise ApiError("MissingAction", "The request must contain the parameter Action.")
    return bridge.operation_of(service, request.method, request.url, request.headers)


@lru_cache
def _service_model(service: str) -> ServiceModel | None:
    try:
        return query_protocol.service_model(service)
    except UnknownServiceError:
        return None


def _model(service: str, operation: str) -> OperationModel | None:
    known = _service_model(service)
    if known is None:
        return None
    try:
        return known.operation_model(operation)
    except OperationNotFoundError:
        return None


def _unknown_operation(service: str, operation: str) -> ApiError | None:
    """Return the error for an operation that the service does not have.

    A service that botocore does not know, and a path of a REST service, are left to moto.
    """
    known = _service_model(service)
    if known is None or known.protocol.startswith("rest"):
        return None
    if known.protocol in QUERY:
        version = known.api_version
        message = f"Could not find operation {operation} for version {version}"
        return ApiError("InvalidAction", message)
    return ApiError("UnknownOperationException", f"{service} has no operation {operation}")


def _spoken(request: Request) -> str:
    """Return the protocol that a request to an unknown service seems to be in."""
    content = request.headers.get("Content-Type") or ""
    if request.headers.get("X-Amz-Target") or "json" in content:
        return "json"
    return "query" if b"Action=" in request.body[:4096] else "rest-xml"


def request_id(asked: Addressed) -> str:
    """Return the id that the answer to a request bears."""
    number = str(next(_NUMBERS))
    text = derive(32, asked.operation, number, alphabet="0123456789abcdef")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
