"""What an error of AWS means: translated into our own, in AWS's words, without parameter values."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore import exceptions as boto

from orgrollout import errors
from orgrollout.aws.transport.response_checks import BrokenResponse

THROTTLES = frozenset(
    {
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
# Another operation came in between; the tools that meet it just send the request again.
_STALE = "StaleRequestException"
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501

_BY_CODE: Mapping[str, type[errors.AwsError]] = {
    "AWSOrganizationsNotInUseException": errors.NotInOrganizationError,
    "AlreadyExistsException": errors.StackSetExistsError,
    "CreatedButModifiedException": errors.StackSetExistsError,
    "InsufficientCapabilitiesException": errors.RejectedError,
    "InvalidOperationException": errors.InvalidOperationError,
    "LimitExceededException": errors.QuotaError,
    "NameAlreadyExistsException": errors.StackSetExistsError,
    "OperationIdAlreadyExistsException": errors.OperationExistsError,
    "OperationInProgressException": errors.OperationInProgressError,
    "OperationNotFoundException": errors.OperationNotFoundError,
    "StackInstanceNotFoundException": errors.StackInstanceNotFoundError,
    "StackSetNotEmptyException": errors.StackSetNotEmptyError,
    "StackSetNotFoundException": errors.StackSetNotFoundError,
    "ValidationError": errors.RejectedError,
    **dict.fromkeys(
        (
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        errors.InvalidCredentialsError,
    ),
    **dict.fromkeys(THROTTLES, errors.ThrottledError),
}
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# Some refusals have no code of their own: InvalidOperation or ValidationError, told by the words.
_BY_WORDS: tuple[tuple[str, type[errors.AwsError]], ...] = (
    ("must enable organizations access", errors.OrganizationsAccessError),
    ("not a delegated administrator", errors.NotDelegatedAdminError),
    ("delegated admin account", errors.NotDelegatedAdminError),
    ("another operation on stackset", errors.OperationInProgressError),
    ("rate exceeded", errors.ThrottledError),
)
_NO_CONTACT = (boto.HTTPClientError, boto.ConnectionError)
# Their texts name the endpoint. Those of the other kinds quote what came over the wire.
_TOLD = (
    boto.ConnectTimeoutError,
    boto.ConnectionClosedError,
    boto.EndpointConnectionError,
    boto.ProxyConnectionError,
    boto.ReadTimeoutError,
    boto.SSLError,
)
_BY_KIND: tuple[tuple[tuple[type[Exception], ...], type[errors.AwsError]], ...] = (
    ((boto.NoCredentialsError, boto.PartialCredentialsError), errors.MissingCredentialsError),
    (
        (
            boto.CredentialRetrievalError,
            boto.LoginError,
            boto.NoAuthTokenError,
            boto.SSOError,
            boto.TokenRetrievalError,
        ),
        errors.InvalidCredentialsError,
    ),
    ((boto.NoRegionError,), errors.MissingRegionError),
    (_NO_CONTACT, errors.UnreachableError),
    ((BrokenResponse,), errors.BrokenResponseError),
)
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")
_MAY_QUOTE_VALUES = (errors.RejectedError, errors.InvalidOperationError, errors.QuotaError)


def is_transient(error: BaseException) -> bool:
    """Return whether the same request, sent again, may well be answered."""
    if isinstance(error, boto.ClientError):
        status, code = _status(error), _code(error)
        failed = status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED
        return is_throttled(error) or code == _STALE or failed
    if isinstance(error, BrokenResponse):
        return True
    return isinstance(error, _NO_CONTACT) and not isinstance(error, boto.SSLError)


def is_throttled(error: boto.ClientError) -> bool:
    """Return whether AWS refused a request because there were too many.

    CloudFormation throttles with HTTP 400, and at times with a code that does not tell.
    """
    return _code(error) in THROTTLES or "rate exceeded" in _said(error).lower()


def is_unanswered(error: BaseException) -> bool:
    """Return whether nothing came back: no connection, or a connection and then silence."""
    return isinstance(
        error,
        boto.EndpointConnectionError
        | boto.ConnectTimeoutError
        | boto.ProxyConnectionError
        | boto.ReadTimeoutError,
    )


def translate(
    error: Exception, service: str, operation: str, parameters: Mapping[str, Any]
) -> errors.AwsError:
    """Return our own error for what botocore raised."""
    api = f"{service}:{operation}"
    subject = str(parameters.get("StackSetName", ""))
    if isinstance(error, boto.ClientError):
        return _of_client_error(error, api, subject, parameters)
    if isinstance(error, boto.ParamValidationError):
        # botocore quotes the value it does not like; the field is enough.
        fields = re.sub(r",? value: .*?(?=, type:|, valid|$)", "", str(error), flags=re.M)
        return errors.InvalidRequestError(api, fields, subject=subject)
    for kinds, ours in _BY_KIND:
        if isinstance(error, kinds):
            return ours(api, told(error), subject=subject)
    return errors.AwsError(api, f"{type(error).__name__}: {told(error)}", subject=subject)


def told(error: BaseException) -> str:
    """Return what may be told of a broken connection: nothing that came over the wire."""
    if isinstance(error, boto.MetadataRetrievalError):
        return "the endpoint that gives credentials answered with something else"
    if not isinstance(error, _NO_CONTACT) or isinstance(error, _TOLD):
        return str(error)
    cause = error.kwargs.get("error", error)
    return f"the connection broke ({type(cause).__name__})"


def may_quote(error: BaseException, ours: errors.AwsError) -> bool:
    """Return whether an error, or what caused it, quotes what ``ours`` keeps to itself."""
    if isinstance(error, boto.ClientError):
        return _said(error) not in ours.said
    quoting = (boto.ParamValidationError, boto.MetadataRetrievalError, BrokenResponse)
    return isinstance(error, (*_NO_CONTACT, *quoting))


def _of_client_error(
    error: boto.ClientError, api: str, subject: str, parameters: Mapping[str, Any]
) -> errors.AwsError:
    code, said = _code(error), _said(error)
    if code in _DENIALS:
        found = _ACTION.search(said)
        denied = (
            errors.OrganizationDeniedError
            if api.startswith("organizations:")
            else errors.AccessDeniedError
        )
        return denied(api, said, subject=subject, action=found.group(1) if found else api)
    kind = next((kind for words, kind in _BY_WORDS if words in said.lower()), None)
    kind = kind or _BY_CODE.get(code.removesuffix("Fault"), errors.AwsError)
    if kind is errors.AwsError:
        said = f"{code}: {withhold(said, parameters)}"
        status = _status(error)
        if status >= _SERVER_ERROR:
            kind = errors.NotOfferedError if status == _NOT_IMPLEMENTED else errors.UnavailableError
    elif issubclass(kind, _MAY_QUOTE_VALUES):
        said = withhold(said, parameters)
    return kind(api, said, subject=subject, code=code)


def withhold(said: str, parameters: Mapping[str, Any]) -> str:
    """Return what AWS said, without the parameter values it quotes."""
    for value in sorted(_values(parameters), key=len, reverse=True):
        said = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "(value withheld)", said)
    return said


def _values(parameters: Mapping[str, Any]) -> Iterator[str]:
    for field in ("Parameters", "ParameterOverrides"):
        for parameter in parameters.get(field, ()):
            if value := parameter.get("ParameterValue"):
                yield value


def _status(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: boto.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _said(error: boto.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))
