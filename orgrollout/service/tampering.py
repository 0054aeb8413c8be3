"""Tamper events: which are believed, who called what, and where it has to be looked at.

An event only says where to look, and who called. What is there is read, as at every other look.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from orgrollout.api import Client
from orgrollout.aws.organizations import has_left
from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.logs import log_of
from orgrollout.reconcile.documents.tampering import Tampering, note_look, note_tampering
from orgrollout.service.messages import Event, bodies_of

_LOG = log_of(__name__)
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")
_IAM = "aws.iam"  # its calls are told in one Region of the partition, wherever the role was made
_LONGEST = 200  # of a text that is kept


class RefusedEventError(OrgRolloutError):
    """A tamper event is not believed. Nothing was looked at for it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"tamper event refused: {why}. Nothing was looked at for it.")


def places_due(event: Event, client: Client) -> dict[Pair, int]:
    """Note the events of messages, and return where a look is due, after how many events.

    Raises:
        OrgRolloutError: It could not be noted, or whose account it is could not be asked.
    """
    told: dict[Pair, list[Tampering]] = {}
    for body in bodies_of(event):
        try:
            pair, tampering = read_tampering(body, client.context.connection.home_region)
            told.setdefault(pair, []).append(tampering)
        except RefusedEventError as error:
            _LOG.warning("%s", error)
    due: dict[Pair, int] = {}
    for pair, events in sorted(told.items()):
        if has_left(client.context.connection, pair.account):
            why = f"account {pair.account} is not in the organization"
            _LOG.warning("%s", RefusedEventError(why))
            continue
        noted = note_tampering(client.context.journal, pair, events)
        if noted.is_due:
            due[pair] = noted.asked
            for each in events:
                _LOG.warning("tampering: %s by %s", each.call, each.by, extra=_fields(pair))
    return due


def note_looks(looked: Mapping[Pair, int], client: Client) -> None:
    """Note that places were looked at, after so many events each."""
    for pair, after in looked.items():
        note_look(client.context.journal, pair, after)


def read_tampering(body: Mapping[str, Any], home: Region) -> tuple[Pair, Tampering]:
    """Return where an event tells of a call, and the call.

    The envelope is EventBridge's own: it names the account and Region that the event arose in.

    Raises:
        RefusedEventError: It is not whole, or says two things about where it arose.
    """
    detail = body.get("detail")
    if not isinstance(detail, dict):
        raise RefusedEventError("it has no detail")
    account, region = _text(body, "account"), _text(body, "region")
    if not _ACCOUNT.fullmatch(account) or not _REGION.fullmatch(region):
        raise RefusedEventError("it names no account and Region")
    if _text(detail, "recipientAccountId") != account:
        raise RefusedEventError("it arose in another account than it tells of")
    if _text(detail, "awsRegion") != region:
        raise RefusedEventError("it arose in another Region than it tells of")
    looked = home if body.get("source") == _IAM else Region(region)
    return Pair(AccountId(account), looked), _tampering(detail)


def _tampering(detail: Mapping[str, Any]) -> Tampering:
    try:
        at = datetime.fromisoformat(_text(detail, "eventTime"))
    except ValueError:
        raise RefusedEventError("it does not say when") from None
    if at.tzinfo is None:
        raise RefusedEventError("it does not say when")
    service = _text(detail, "eventSource").removesuffix(".amazonaws.com")
    return Tampering(
        event=_text(detail, "eventID"),
        call=f"{service}:{_text(detail, 'eventName')}",
        by=next(_callers(detail.get("userIdentity")), "unknown"),
        at=at,
        error=str(detail.get("errorCode") or "")[:_LONGEST],
    )


def _callers(identity: Any) -> Iterator[str]:
    """Yield what tells who called, the best first (CloudTrail user guide, userIdentity element)."""
    if isinstance(identity, dict):
        for key in ("arn", "invokedBy", "principalId", "type"):
            if identity.get(key):
                yield str(identity[key])[:_LONGEST]


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise RefusedEventError(f"it has no {key}")
    return value[:_LONGEST]


def _fields(pair: Pair) -> dict[str, str]:
    return {"account": pair.account, "region": pair.region}
