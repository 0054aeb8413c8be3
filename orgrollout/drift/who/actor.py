"""Who made a request, from the ``userIdentity`` of an event of CloudTrail.

The kinds and their members are those of "CloudTrail userIdentity element" (CloudTrail user guide).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LONGEST = 200  # characters of a name; IAM's own limits are lower
_SERVICE_ROLE = re.compile(r":role/aws-service-role/([^/]+)/")
_SSO_ROLE = re.compile(r"AWSReservedSSO_(.+)_[0-9a-f]{16}")
# Only IAM Identity Center makes roles below this path; a name like theirs anyone may choose.
_SSO_PATH = ":role/aws-reserved/sso.amazonaws.com/"
_SESSION = re.compile(r":assumed-role/([^/]+)/(.+)$")
_FEDERATED = re.compile(r":federated-user/(.+)$")


class ActorKind(StrEnum):
    """What kind of identity made a request."""

    ROLE = "role"
    SSO_USER = "sso user"  # of IAM Identity Center
    IAM_USER = "iam user"
    ROOT = "root"
    SERVICE = "service"  # AWS itself, or the service-linked role of a service
    FEDERATED = "federated user"
    ACCOUNT = "another account"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An identity that made a request."""

    kind: ActorKind
    name: str = ""  # of the role, permission set, user, service or account
    session: str = ""  # of a role; of an SSO user: the user
    account: str = ""
    arn: str = ""


Named = tuple[ActorKind, str, str]  # kind, name, session


def actor_of(identity: Any) -> Actor:
    """Return who a ``userIdentity`` stands for; what cannot be told is UNKNOWN."""
    if not isinstance(identity, Mapping):
        return Actor(kind=ActorKind.UNKNOWN)
    named = _NAMED.get(str(identity.get("type")))
    kind, name, session = named(identity) if named else (ActorKind.UNKNOWN, "", "")
    return Actor(
        kind=kind,
        name=name,
        session=session,
        account=text_of(identity.get("accountId")),
        arn=text_of(identity.get("arn")),
    )


def _root(identity: Mapping[str, Any]) -> Named:
    return ActorKind.ROOT, text_of(identity.get("accountId")), ""


def _iam_user(identity: Mapping[str, Any]) -> Named:
    arn = text_of(identity.get("arn"))
    return ActorKind.IAM_USER, text_of(identity.get("userName")) or arn.rpartition("/")[2], ""


def _service(identity: Mapping[str, Any]) -> Named:
    return ActorKind.SERVICE, text_of(identity.get("invokedBy")), ""


def _federated(identity: Mapping[str, Any]) -> Named:
    found = _FEDERATED.search(text_of(identity.get("arn")))
    return ActorKind.FEDERATED, found[1] if found else text_of(identity.get("userName")), ""


def _identity_center_user(identity: Mapping[str, Any]) -> Named:
    return ActorKind.SSO_USER, "", text_of(_part(identity, "onBehalfOf").get("userId"))


def _account(identity: Mapping[str, Any]) -> Named:
    return ActorKind.ACCOUNT, text_of(identity.get("accountId")), ""


def _role(identity: Mapping[str, Any]) -> Named:
    """Return which role it was; the session's name is in its ARN alone."""
    found = _SESSION.search(text_of(identity.get("arn")))
    name, session = (found[1], found[2]) if found else ("", "")
    issuer = _part(_part(identity, "sessionContext"), "sessionIssuer")
    name = name or text_of(issuer.get("userName"))
    if service := _SERVICE_ROLE.search(text_of(issuer.get("arn"))):
        return ActorKind.SERVICE, service[1], session
    sso = _SSO_ROLE.fullmatch(name)
    if sso and _SSO_PATH in text_of(issuer.get("arn")):
        return ActorKind.SSO_USER, sso[1], session
    return (ActorKind.ROLE if name else ActorKind.UNKNOWN), name, session


_NAMED: Mapping[str, Callable[[Mapping[str, Any]], Named]] = {
    "Root": _root,
    "IAMUser": _iam_user,
    "AssumedRole": _role,
    "Role": _role,
    "AWSService": _service,
    "FederatedUser": _federated,
    "SAMLUser": _federated,
    "WebIdentityUser": _federated,
    "IdentityCenterUser": _identity_center_user,
    "AWSAccount": _account,
}


def text_of(value: Any) -> str:
    """Return a text that is fit to be shown: who makes a request chooses some of these."""
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value if c.isprintable())[:_LONGEST]


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}
