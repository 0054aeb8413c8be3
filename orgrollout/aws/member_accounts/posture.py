"""Looks at posture checks in one account and Region, and repairs one by one call.

The connection is one into the account. What several checks need is read once; what cannot be read
is unknown, with the reason. What a check reads and how it is judged is in its own module.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from orgrollout.aws.member_accounts.remediation import with_exceptions
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import (
    AwsError,
    InvalidCredentialsError,
    MissingCredentialsError,
    NotStartedError,
    PassingError,
    ReadOnlyError,
)
from orgrollout.model.ids import AccountId
from orgrollout.posture.aws_config import EVALUATE
from orgrollout.posture.check import PostureCheck, repaired_by
from orgrollout.posture.definition import Call
from orgrollout.posture.registry import CHECKS
from orgrollout.posture.remediation import START
from orgrollout.posture.seen import PostureSeen, PostureState, unknown, unseen

MOST_SUBJECTS = 100  # resource keys of one StartRemediationExecution (AWS Config API reference)
_NO_CALLER = (MissingCredentialsError, ReadOnlyError)
_JUST_NOW = (InvalidCredentialsError, PassingError)
# Of StartConfigRulesEvaluation: "if an evaluation is in progress or if you call it more than once
# per minute", and another one that is in progress.
_AT_IT = {"LimitExceededException", "ResourceInUseException"}


def look(connection: Connection, check: PostureCheck) -> PostureSeen:
    """Return how a check stands where the connection leads to.

    Raises:
        MissingCredentialsError, InvalidCredentialsError: The caller has no credentials to look.
        PassingError: It cannot be read just now.
    """
    return Looking(connection, raises=(*_NO_CALLER, *_JUST_NOW)).look(check)


def repair(connection: Connection, check: PostureCheck, seen: PostureSeen) -> str:
    """Send the one call that repairs a broken check, and return its name, service:Operation.

    What it starts ends later: look again. At most 100 resources are handed over at a time. What
    runs already need not be started; that AWS Config then says so is documented, its words are not
    (StartRemediationExecution, FailureMessage).

    Raises:
        ValueError: Nothing is broken that a call repairs.
        NotStartedError: AWS Config took it and did not start everything, as where it is at it.
        AwsError: One of its other kinds.
    """
    api = repaired_by(check, seen.subjects) if seen.state is PostureState.BROKEN else None
    how = CHECKS[check.name].repair if api else None
    if how is None:
        raise ValueError(f"no call repairs {check.label}: {seen.reason}")
    subjects = seen.subjects[:MOST_SUBJECTS]
    asked = how.request(_arguments(check), subjects)
    answer = connection.call(how.call.service, how.call.operation, asked)
    if failed := [each["resourceId"] for each in answer.get("FailedItems") or ()]:
        said = answer.get("FailureMessage") or "no reason given"
        error = NotStartedError(how.call.api, f"not started for {', '.join(failed)}: {said}")
        error.resources = tuple(failed)
        raise error
    return how.call.api


def evaluate(connection: Connection, rule: str) -> None:
    """Let a rule be evaluated, unless that is under way, or was asked for within a minute.

    Raises:
        AwsError: One of its other kinds.
    """
    try:
        connection.call(EVALUATE.service, EVALUATE.operation, {"ConfigRuleNames": [rule]})
    except AwsError as error:
        if error.code not in _AT_IT:
            raise


class Looking:
    """Looks at several checks of one account and Region, and reads nothing twice."""

    def __init__(
        self, connection: Connection, *, raises: tuple[type[AwsError], ...] = _NO_CALLER
    ) -> None:
        """Look through ``connection``; errors that ``raises`` leaves out make it unknown."""
        self._connection = connection
        self._raises = raises

    def look(self, check: PostureCheck, *, exceptions: bool = True) -> PostureSeen:
        """Return how a check stands.

        Without ``exceptions``, what AWS Config is told not to remediate is not read.
        """
        for name, value in check.arguments.items():
            if "{{resolve:" in value:
                return unknown(f"the value of {name} is known to CloudFormation alone")
        known = CHECKS[check.name]
        try:
            seen = known.look(_Reader(self._connection, known.reads), _arguments(check))
            return self._with_exceptions(check, seen) if exceptions else seen
        except self._raises:
            raise
        except AwsError as error:
            return unseen(str(error))

    def _with_exceptions(self, check: PostureCheck, seen: PostureSeen) -> PostureSeen:
        """Return how a check stands, with what AWS Config is told not to remediate."""
        if not seen.parts or repaired_by(check, seen.subjects) != START.api:
            return seen
        now = self._connection.clock.now()
        checked = with_exceptions(self._connection, check, seen, now)
        return replace(checked, evaluated=seen.evaluated, counts=seen.counts)


class _Reader:
    """Sends the reads that a check has declared, and no others: policies are made from those."""

    def __init__(self, connection: Connection, declared: Collection[Call]) -> None:
        self._connection = connection
        self._declared = declared

    @property
    def account(self) -> AccountId:
        """Return the account that is read."""
        return self._connection.account

    def one(self, call: Call, **parameters: Any) -> dict[str, Any]:
        """Return the response to a request, which is sent once for all checks."""
        self._refuse_undeclared(call)
        found: dict[str, Any] = self._connection.once(
            _key(call, parameters),
            lambda: self._connection.call(call.service, call.operation, parameters),
        )
        return found

    def all(self, call: Call, **parameters: Any) -> list[dict[str, Any]]:
        """Return the items of all pages, which are read once for all checks."""
        self._refuse_undeclared(call)

        def ask() -> list[dict[str, Any]]:
            pages = self._connection.pages(call.service, call.operation, parameters, call.items)
            return list(pages)

        found: list[dict[str, Any]] = self._connection.once(_key(call, parameters), ask)
        return found

    def _refuse_undeclared(self, call: Call) -> None:
        if call not in self._declared:
            raise ValueError(f"the check does not declare that it reads {call.api}")


def _key(call: Call, parameters: dict[str, Any]) -> str:
    return f"{call.api} {json.dumps(parameters)}"


def _arguments(check: PostureCheck) -> Any:
    return CHECKS[check.name].arguments.model_validate(dict(check.arguments))
