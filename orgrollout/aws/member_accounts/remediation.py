"""Reads how remediations of AWS Config went, and what they are to leave alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, CredentialsError, PassingError
from orgrollout.model.remediation import Execution, RemediationException
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.registry import CHECKS
from orgrollout.posture.remediation import EXCEPTIONS, EXECUTIONS
from orgrollout.posture.seen import PostureSeen, Subject, broken_for

MOST_KEYS = 100  # resource keys of one request (AWS Config API reference)
_NO_REMEDIATION = "NoSuchRemediationConfigurationException"
MAY_BE_ITS_OWN = (
    "AWS Config has a remediation exception for it, and its last remediation failed, after which "
    "AWS Config makes such an exception itself"
)


def executions(
    connection: Connection, check: PostureCheck, subjects: Sequence[str]
) -> tuple[Execution, ...]:
    """Return the newest remediation of each resource that ever had one.

    Raises:
        AwsError: It cannot be read.
    """
    known = CHECKS[check.name]
    if known.repair is None:
        return ()
    arguments = known.arguments.model_validate(dict(check.arguments))
    found: list[Execution] = []
    for start in range(0, len(subjects), MOST_KEYS):
        some = tuple(subjects[start : start + MOST_KEYS])
        found += _executions(connection, known.repair.request(arguments, some))
    return tuple(found)


def _executions(connection: Connection, asked: Mapping[str, Any]) -> Iterator[Execution]:
    try:
        for each in connection.pages(
            EXECUTIONS.service, EXECUTIONS.operation, asked, EXECUTIONS.items
        ):
            yield _execution(each)
    except AwsError as error:
        if error.code != _NO_REMEDIATION:
            raise


def _execution(found: Mapping[str, Any]) -> Execution:
    state = str(found.get("State", "UNKNOWN"))
    failed = [each for each in found.get("StepDetails") or () if each.get("ErrorMessage")]
    return Execution(
        resource=str((found.get("ResourceKey") or {}).get("resourceId", "")),
        state=state,
        invoked=found.get("InvocationTime"),
        error="; ".join(" ".join(each["ErrorMessage"].split()) for each in failed),
    )


def exceptions(connection: Connection, rule: str) -> tuple[RemediationException, ...]:
    """Return what the remediation of a rule is to leave alone.

    Raises:
        AwsError: It cannot be read.
    """
    asked = {"ConfigRuleName": rule, "Limit": MOST_KEYS}
    return tuple(
        RemediationException(
            resource=each["ResourceId"],
            message=each.get("Message", ""),
            expires=each.get("ExpirationTime"),
        )
        for each in connection.pages(
            EXCEPTIONS.service, EXCEPTIONS.operation, asked, EXCEPTIONS.items
        )
    )


def with_exceptions(
    connection: Connection, check: PostureCheck, seen: PostureSeen, now: datetime
) -> PostureSeen:
    """Return how a check stands, with what AWS Config is told not to remediate.

    AWS Config makes an exception by itself where a remediation has failed (API reference of
    PutRemediationExceptions). So one that may be its own accepts nothing: it only keeps us from
    remediating. What cannot be read keeps us, too.

    Raises:
        CredentialsError, PassingError: No one can look, or not just now.
    """
    try:
        rule = check.arguments["rule"]
        there = connection.once(f"exceptions {rule}", lambda: exceptions(connection, rule))
        holding = {each.resource: each for each in there if each.holds(now)}
        meant = [part.id for part in seen.parts if part.id in holding]
        went = executions(connection, check, meant) if meant else ()
    except (CredentialsError, PassingError):
        raise
    except AwsError as error:
        why = f"not remediated: whether AWS Config has an exception for it cannot be read: {error}"
        return broken_for(_hindered(part, why) for part in seen.parts)
    failed = {each.resource for each in went if each.has_failed}
    return broken_for(
        _excepted(part, holding[part.id], may_be_its_own=part.id in failed)
        if part.id in holding
        else part
        for part in seen.parts
    )


def _excepted(part: Subject, found: RemediationException, *, may_be_its_own: bool) -> Subject:
    said = f": {found.message}" if found.message else ""
    until = f" (until {found.expires:%Y-%m-%d %H:%M})" if found.expires else ""
    if may_be_its_own:
        why = f"{MAY_BE_ITS_OWN}{said}; delete it there, or accept it under `drift.ignore`"
        return _hindered(part, why)
    accepted = f"remediation exception of AWS Config{said}{until}"
    return Subject(id=part.id, reason=part.reason, by_call=part.by_call, accepted=accepted)


def _hindered(part: Subject, why: str) -> Subject:
    return Subject(id=part.id, reason=part.reason, by_call=part.by_call, hindrance=why)
