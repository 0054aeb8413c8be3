"""Who made a request, for each kind of identity that AWS documents."""

from typing import Any

import pytest

from orgrollout.drift.who.actor import Actor, ActorKind, actor_of
from orgrollout.drift.who.event import event_of
from tests.drift.who.events import ACCOUNT, ROLE, event

SSO_ROLE = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
SSO_PATH = f"role/aws-reserved/sso.amazonaws.com/eu-west-1/{SSO_ROLE}"
SERVICE_ROLE = "role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


def assumed(role: str, session: str, path: str = "") -> dict[str, Any]:
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:{path or 'role/' + role}"}
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "sessionContext": {"sessionIssuer": {**issuer, "userName": role}},
    }


@pytest.mark.parametrize(
    ("identity", "kind", "name", "session"),
    [
        (ROLE, ActorKind.ROLE, "Admin", "bob"),
        (
            assumed(SSO_ROLE, "a@b.example", SSO_PATH),
            ActorKind.SSO_USER,
            "AdministratorAccess",
            "a@b.example",
        ),
        # A role of IAM that only has such a name: its session may be called like anyone.
        (assumed(SSO_ROLE, "a@b.example"), ActorKind.ROLE, SSO_ROLE, "a@b.example"),
        (
            assumed("AWSServiceRoleForConfig", "s", SERVICE_ROLE),
            *(ActorKind.SERVICE, "config.amazonaws.com", "s"),
        ),
        (
            {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "544894e8"}},
            *(ActorKind.SSO_USER, "", "544894e8"),
        ),
        ({"type": "Root", "accountId": ACCOUNT}, ActorKind.ROOT, ACCOUNT, ""),
        ({"type": "IAMUser", "userName": "Alice"}, ActorKind.IAM_USER, "Alice", ""),
        (
            {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/team/Alice"},
            *(ActorKind.IAM_USER, "Alice", ""),
        ),
        (
            {"type": "AWSService", "invokedBy": "config.amazonaws.com"},
            *(ActorKind.SERVICE, "config.amazonaws.com", ""),
        ),
        (
            {"type": "FederatedUser", "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/Bob"},
            *(ActorKind.FEDERATED, "Bob", ""),
        ),
        ({"type": "SAMLUser", "userName": "Bob"}, ActorKind.FEDERATED, "Bob", ""),
        ({"type": "WebIdentityUser", "userName": "Bob"}, ActorKind.FEDERATED, "Bob", ""),
        ({"type": "AWSAccount", "accountId": ACCOUNT}, ActorKind.ACCOUNT, ACCOUNT, ""),
        ({"type": "Tomorrow", "userName": "x"}, ActorKind.UNKNOWN, "", ""),
        ({"type": "AssumedRole"}, ActorKind.UNKNOWN, "", ""),
        (None, ActorKind.UNKNOWN, "", ""),
        ("root", ActorKind.UNKNOWN, "", ""),
        ({"type": ["Root"]}, ActorKind.UNKNOWN, "", ""),
    ],
)
def test_kinds(identity: Any, kind: ActorKind, name: str, session: str) -> None:
    found = actor_of(identity)

    assert (found.kind, found.name, found.session) == (kind, name, session)


def test_what_the_requester_chose_is_shown_without_control_characters() -> None:
    """A session's name comes from outside, and ends on a terminal."""
    found = actor_of({"type": "IAMUser", "userName": "\x1b[2J" + "a" * 1_000})

    assert found.name.startswith("[2Ja")
    assert len(found.name) == 200


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"eventID": 1}', event(at="yesterday"), None, 7, "[" * 100_000]
)
def test_an_event_that_cannot_be_read_is_none(text: Any) -> None:
    assert event_of(text) is None


def test_an_event_says_through_which_service_it_was_made() -> None:
    by_stack = event_of(event(identity={**ROLE, "invokedBy": "cloudformation.amazonaws.com"}))
    by_service = event_of(event(identity={"type": "AWSService", "invokedBy": "x.amazonaws.com"}))

    assert by_stack is not None
    assert by_stack.is_by_cloudformation
    assert by_service is not None
    assert by_service.through == ""
    assert by_service.actor == Actor(kind=ActorKind.SERVICE, name="x.amazonaws.com")


@pytest.mark.parametrize("more", [{"readOnly": True}, {"errorCode": "AccessDenied"}])
def test_a_read_and_a_failure_change_nothing(more: dict[str, Any]) -> None:
    found = event_of(event(**more))

    assert found is not None
    assert not found.changes
