"""What is wrong in a record, told with the request that it is in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from orgrollout.exchange_record import Mark
from orgrollout.sandbox.errors import SandboxError

_DEEPEST = 100
_OF_OTHER_VALUES = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


def damaged(request: int, reason: str) -> SandboxError:
    """Return the error for a request, or for its answer, that no command has written so."""
    return SandboxError(f"damaged record, request {request}: {reason}")


@contextmanager
def reading(request: int) -> Iterator[None]:
    """Tell what a request or its answer lacks as damage of the record.

    Raises:
        SandboxError: A value that is read is missing, or of another kind.
    """
    try:
        yield
    except _OF_OTHER_VALUES as error:
        reason = f"a value is missing, or of another kind ({type(error).__name__}: {error})"
        raise damaged(request, reason) from error


def refuse_malformed(request: int, value: Any) -> None:
    """Refuse values that cannot be sent, or that stand for none: a moment, a number of bytes.

    Raises:
        SandboxError: There is one.
    """
    left = [(value, 0)]
    while left:
        each, depth = left.pop()
        if depth > _DEEPEST:
            raise damaged(request, f"values are nested more than {_DEEPEST} deep")
        if isinstance(each, str) and not _is_unicode(each):
            raise damaged(request, "a text is no Unicode")
        if isinstance(each, Mapping):
            _refuse_mark(request, each)
            left += ((part, depth + 1) for part in (*each, *each.values()))
        elif isinstance(each, list):
            left += ((part, depth + 1) for part in each)


def _refuse_mark(request: int, value: Mapping[str, Any]) -> None:
    for mark, is_one in ((Mark.TIME, is_moment), (Mark.BYTES, _is_size), (Mark.TEXT, _is_text)):
        if mark in value and not is_one(value[mark]):
            raise damaged(request, f"{mark} has another value than a record may have")


def is_moment(value: Any) -> bool:
    """Return whether a value is a moment with its offset from UTC, and near enough to count."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return moment.tzinfo is not None and 1970 <= moment.year < 3000  # noqa: PLR2004


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
