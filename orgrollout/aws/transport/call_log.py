"""What is logged of a call: each attempt, each repetition, a broken response.

Never a parameter or a body: only what a call is (service, operation, account, Region), how long it
took, the id that AWS gave it, and the error's code.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import tenacity
from botocore.exceptions import ClientError

from orgrollout.model.ids import AccountId
from orgrollout.model.logs import log_of

_LOG = log_of(__name__)
# What of a request may be logged: the names of what it is about, and nothing else of it.
_NAMED = {"StackSetName": "stack_set", "OperationId": "operation_id"}


class CallLog:
    """The log of one call, with all its attempts."""

    def __init__(
        self,
        api: str,
        parameters: Mapping[str, Any],
        *,
        account: AccountId | None,
        region: str,
    ) -> None:
        """``account``: the one that answers, if it is known by now."""
        self._api = api
        service, _, operation = api.partition(":")
        named = {field: parameters[key] for key, field in _NAMED.items() if key in parameters}
        where = {"account": account, "region": region}
        self._fields = {"service": service, "operation": operation, **where, **named}

    def attempt(self, number: int, took: timedelta, request_id: str, error: str) -> None:
        """Log one attempt that is over; ``error`` is empty where it was answered well."""
        milliseconds = round(took.total_seconds() * 1000)
        _LOG.debug(
            "call %s %s ms%s%s",
            self._api,
            f"{milliseconds:,}",
            f", attempt {number}" if number > 1 else "",
            f", {error}" if error else "",
            extra={
                **self._fields,
                "attempt": number,
                "duration_ms": milliseconds,
                "request_id": request_id,
                "error": error,
            },
        )

    def broken(self, what: Exception) -> None:
        """Log a response that is none. ``what`` quotes nothing of it."""
        _LOG.warning("the response of %s is of no use: %s", self._api, what, extra=self._fields)

    def repetition(self, state: tenacity.RetryCallState) -> None:
        """Log that a call is about to be repeated, and after which error."""
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        code = error_code(error) if error else ""
        _LOG.info(
            "repeating %s in %.1f s, after %s",
            self._api,
            pause,
            code,
            extra={**self._fields, "attempt": state.attempt_number, "error": code},
        )


def error_code(error: BaseException) -> str:
    """Return what an error is called: AWS's code, or the kind of broken connection."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__
