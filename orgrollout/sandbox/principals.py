"""Callers: access keys, the roles behind them, and STS.

A key the sandbox did not issue stands for the operator, so that any fake credentials
work. Roles of other accounts can be assumed where they exist and trust the caller.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orgrollout.sandbox.errors import ApiError, access_denied, validation
from orgrollout.sandbox.organization.model import Organization, derive
from orgrollout.sandbox.organization.service_control_policies import Asked, decide, statements_in

_KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ACCESS_ROLE = "OrganizationAccountAccessRole"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: its account and the ARN that GetCallerIdentity answers."""

    account: str
    arn: str

    @property
    def role_name(self) -> str:
        """The name of the role; empty for a user."""
        return self.arn.split("/")[1] if "assumed-role" in self.arn else ""

    @property
    def role_arn(self) -> str:
        """The ARN of the role itself, and not of its session."""
        partition = self.arn.split(":")[1]
        return f"arn:{partition}:iam::{self.account}:role/{self.role_name}"

    @property
    def names(self) -> frozenset[str]:
        """The names that a trust policy may call the caller by."""
        root = self.role_arn.replace(f"role/{self.role_name}", "root")
        return frozenset({self.account, root, self.role_arn, self.arn})


@dataclass(frozen=True, slots=True)
class TrustedRole:
    """A role that may be assumed: its trust policy, and its longest session in seconds."""

    trust: str
    longest: int = 3600


class Identities:
    """Access keys and what they stand for."""

    def __init__(
        self,
        organization: Organization,
        operator: str,
        session_time: Callable[[], datetime],
    ) -> None:
        """Keep the callers of an organization; the time of sessions is ``session_time``."""
        self._organization = organization
        self._session_time = session_time
        self._keys: dict[str, tuple[Principal, datetime | None]] = {}
        # Sessions are made in any thread, and a counter is safe there.
        self._issued = itertools.count(1)
        self.operator = self.role_in(operator, "Rollout", "operator")

    def role_in(self, account: str, role: str, session: str) -> Principal:
        """Return the session of a role in ``account``."""
        partition = self._organization.partition
        return Principal(account, f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}")

    def user_in(self, account: str, user: str) -> Principal:
        """Return an IAM user of ``account``, or its root user."""
        name = user if user == "root" else f"user/{user}"
        return Principal(account, f"arn:{self._organization.partition}:iam::{account}:{name}")

    def caller(self, access_key: str) -> Principal:
        """Return who uses ``access_key``."""
        return self._keys.get(access_key, (self.operator, None))[0]

    def is_expired(self, access_key: str) -> bool:
        """Return whether the time of credentials is over."""
        until = self._keys.get(access_key, (self.operator, None))[1]
        return until is not None and until <= self._session_time()

    def issue(self, principal: Principal, until: datetime | None = None) -> dict[str, str]:
        """Return new credentials for ``principal``, valid ``until`` then or for good."""
        number = str(next(self._issued))
        key = "ASIA" + derive(16, "key", principal.arn, number, alphabet=_KEY_ALPHABET)
        self._keys[key] = (principal, until)
        return {
            "AccessKeyId": key,
            "SecretAccessKey": derive(40, "secret", key),
            "SessionToken": derive(44, "token", key),
        }

    def get_caller_identity(self, caller: Principal) -> dict[str, Any]:
        """Answer sts:GetCallerIdentity."""
        user = "AROA" + derive(17, caller.arn, alphabet=_KEY_ALPHABET)
        session = caller.arn.rsplit("/", 1)[-1]
        return {"UserId": f"{user}:{session}", "Account": caller.account, "Arn": caller.arn}

    def assume_role(
        self,
        caller: Principal,
        params: Mapping[str, Any],
        roles: Mapping[str, TrustedRole],
        context: Mapping[str, str],
    ) -> dict[str, Any]:
        """Answer sts:AssumeRole; ``roles`` are those of the account, by name.

        ``context`` is what IAM knows of the caller, for the conditions of the trust policy.

        Raises:
            ApiError: AccessDenied, because the role does not exist, does not trust the
                caller, or its account is suspended or unknown; ValidationError, for a session
                that is too long.
        """
        arn, session = params.get("RoleArn", ""), params.get("RoleSessionName", "")
        parts = arn.split(":")
        if len(parts) < 6 or not session:  # noqa: PLR2004
            raise validation(f"{arn} is invalid")
        account, name = parts[4], parts[5].rsplit("/", 1)[-1]
        if params.get("Policy") or params.get("PolicyArns"):
            raise ApiError("NotImplemented", "The sandbox knows no policies of sessions.")
        role = roles.get(name)
        asked = Asked(
            action="sts:AssumeRole",
            resource=arn,
            principals=caller.names,
            context={**context, "sts:RoleSessionName": session, **_external_id(params)},
        )
        if role is None or not self._usable(account) or not _trusts(role, asked):
            raise access_denied(caller.arn, "sts:AssumeRole", arn)
        principal = self.role_in(account, name, session)
        seconds = int(params.get("DurationSeconds") or 3600)
        if seconds > role.longest:
            message = (
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
            raise validation(message)
        expiration = self._session_time() + timedelta(seconds=seconds)
        user = self.get_caller_identity(principal)["UserId"]
        return {
            "Credentials": {**self.issue(principal, expiration), "Expiration": expiration},
            "AssumedRoleUser": {"AssumedRoleId": user, "Arn": principal.arn},
        }

    def _usable(self, account: str) -> bool:
        known = self._organization.accounts.get(account)
        return known is not None and known.state == "ACTIVE"


def _trusts(role: TrustedRole, asked: Asked) -> bool:
    return decide(statements_in(json.loads(role.trust)), asked) == "Allow"


def _external_id(params: Mapping[str, Any]) -> dict[str, str]:
    return {"sts:ExternalId": params["ExternalId"]} if params.get("ExternalId") else {}


def expired() -> ApiError:
    """Return the answer to credentials whose time is over."""
    return ApiError(
        "ExpiredToken", "The security token included in the request is expired", status=403
    )
