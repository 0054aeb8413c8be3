"""The codes in a reason: of the handler of the resource type, and of the service behind it."""

import re
from collections.abc import Iterator

# HandlerErrorCode: X; Error Code: X; An error occurred (X) when calling; XException: ...
_CODES = re.compile(
    r"HandlerErrorCode: ?(\w{1,80})"
    r"|\bError Code: ?([\w.]{1,80})"
    r"|An error occurred \(([\w.]{1,80})\)"
    r"|\bapi error ([\w.]{1,80}):"
    r"|\b(\w{1,80}Exception)\b"
    r"|(?:^|ResourceStatusReason:|: )([A-Z]\w{1,80}): "
)
# What a handler, or CloudFormation, says when it does not know: it tells nothing of the cause.
SAY_NOTHING = frozenset(
    {"GeneralServiceException", "ValidationError", "ValidationException", "ClientException"}
)


def codes_in(reason: str) -> frozenset[str]:
    """Return the codes that a reason carries, without those that tell nothing."""
    return frozenset(_found(reason)) - SAY_NOTHING


def _found(reason: str) -> Iterator[str]:
    for match in _CODES.finditer(reason):
        code = next(group for group in match.groups() if group)
        yield code.rstrip(".")
        yield code.rstrip(".").rpartition(".")[2]  # Client.UnauthorizedOperation
