"""The ``userIdentity`` of an event, in the shapes of the CloudTrail user guide.

Who makes a change by hand is written as a text: ``role/Admin/alice``, ``user/bob``, ``root``,
``sso/Admin/alice@example.com``, ``federated/bob``, ``service/config.amazonaws.com``,
``account/123456789012``, or ``stack/NAME`` for CloudFormation on behalf of a stack.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.organization.model import derive
from orgrollout.sandbox.principals import Principal

Identity = dict[str, Any]
BY_HAND = "role/Admin/by-hand"
CLOUDFORMATION = "cloudformation.amazonaws.com"
STACK_SETS_ROLE = "stacksets-exec-00000000000000000000000000000000"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_AT = "2030-01-01T00:00:00Z"  # when sessions began


def identity_of(principal: Principal) -> Identity:
    """Return the identity of a caller of the sandbox."""
    partition, account = principal.arn.split(":")[1], principal.account
    kind, _, rest = principal.arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        return role_identity(partition, account, role, session)
    return identity_by(partition, account, "root" if kind == "root" else f"user/{rest}")


def identity_by(partition: str, account: str, by: str) -> Identity:
    """Return the identity that a text stands for.

    Raises:
        SandboxError: It stands for none.
    """
    kind, _, rest = by.partition("/")
    make = _KINDS.get(kind)
    if make is None or (not rest and kind != "root"):
        raise SandboxError(f"by: {by!r} is none of {', '.join(sorted(_KINDS))}, with a name")
    return make(partition, account, rest)


def check_by(by: str) -> None:
    """Return if a text stands for an identity.

    Raises:
        SandboxError: It does not.
    """
    identity_by("aws", "000000000000", by)


def through_cloudformation(identity: Identity) -> Identity:
    """Return the identity of a request that CloudFormation makes for its caller."""
    return {**identity, "invokedBy": CLOUDFORMATION}


def role_identity(partition: str, account: str, role: str, session: str) -> Identity:
    """Return the identity of a session of a role."""
    path = "aws-reserved/sso.amazonaws.com/" if role.startswith("AWSReservedSSO_") else ""
    unique = _id("AROA", account, role)
    return {
        "type": "AssumedRole",
        "principalId": f"{unique}:{session}",
        "arn": f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": _id("ASIA", account, role, session, length=16),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": unique,
                "arn": f"arn:{partition}:iam::{account}:role/{path}{role}",
                "accountId": account,
                "userName": role,
            },
            "attributes": {"creationDate": _AT, "mfaAuthenticated": "false"},
        },
    }


def _role(partition: str, account: str, rest: str) -> Identity:
    role, _, session = rest.partition("/")
    return role_identity(partition, account, role, session or "session")


def _sso(partition: str, account: str, rest: str) -> Identity:
    permission_set, _, user = rest.partition("/")
    unique = derive(16, account, permission_set, alphabet="0123456789abcdef")
    role = f"AWSReservedSSO_{permission_set}_{unique}"
    return role_identity(partition, account, role, user or "user@example.com")


def _user(partition: str, account: str, rest: str) -> Identity:
    return {
        "type": "IAMUser",
        "principalId": _id("AIDA", account, rest),
        "arn": f"arn:{partition}:iam::{account}:user/{rest}",
        "accountId": account,
        "accessKeyId": _id("AKIA", account, rest, length=16),
        "userName": rest,
    }


def _root(partition: str, account: str, _: str) -> Identity:
    return {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:{partition}:iam::{account}:root",
        "accountId": account,
        "accessKeyId": "",
    }


def _federated(partition: str, account: str, rest: str) -> Identity:
    return {
        "type": "FederatedUser",
        "principalId": f"{account}:{rest}",
        "arn": f"arn:{partition}:sts::{account}:federated-user/{rest}",
        "accountId": account,
        "accessKeyId": _id("ASIA", account, rest, length=16),
    }


def _service(_: str, __: str, rest: str) -> Identity:
    return {"type": "AWSService", "invokedBy": rest}


def _other_account(_: str, __: str, rest: str) -> Identity:
    return {"type": "AWSAccount", "principalId": _id("AIDA", rest), "accountId": rest}


def _stack(partition: str, account: str, rest: str) -> Identity:
    who = f"AWSCloudFormation-{rest}"[:64]
    return through_cloudformation(role_identity(partition, account, "Deployer", who))


def _id(prefix: str, *seeds: str, length: int = 17) -> str:
    return prefix + derive(length, "trail", *seeds, alphabet=_ALPHABET)


_KINDS: Mapping[str, Callable[[str, str, str], Identity]] = {
    "account": _other_account,
    "federated": _federated,
    "role": _role,
    "root": _root,
    "service": _service,
    "sso": _sso,
    "stack": _stack,
    "user": _user,
}
