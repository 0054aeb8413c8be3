"""Who is calling: access keys, the roles behind them, and STS.

A key the sandbox did not issue stands for the operator, so that any fake credentials
work. Roles of other accounts can be assumed where they exist and trust the caller.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orgrollout.sandbox.errors import ApiError, access_denied, validation
from orgrollout.sandbox.organization import Organization, derive
from orgrollout.sandbox.timeline import Timeline

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


class Identities:
    """Access keys and what they stand for."""

    def __init__(self, organization: Organization, timeline: Timeline, operator: str) -> None:
        self._organization = organization
        self._timeline = timeline
        self._keys: dict[str, Principal] = {}
        # Sessions are made in any thread, and a counter is safe there.
        self._issued = itertools.count(1)
        self.operator = self.role_in(operator, "Rollout", "operator")

    @staticmethod
    def role_in(account: str, role: str, session: str) -> Principal:
        """Return the session of a role in ``account``."""
        return Principal(account, f"arn:aws:sts::{account}:assumed-role/{role}/{session}")

    def caller(self, access_key: str) -> Principal:
        """Return who uses ``access_key``."""
        return self._keys.get(access_key, self.operator)

    def issue(self, principal: Principal) -> dict[str, str]:
        """Return new credentials for ``principal``."""
        number = str(next(self._issued))
        key = "ASIA" + derive(16, "key", principal.arn, number, alphabet=_KEY_ALPHABET)
        self._keys[key] = principal
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
        self, caller: Principal, params: Mapping[str, Any], roles: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """Answer sts:AssumeRole; ``roles`` maps the account's role names to trust policies.

        Raises:
            ApiError: AccessDenied, because the role does not exist, does not trust the
                caller, or its account is suspended or unknown.
        """
        arn, session = params.get("RoleArn", ""), params.get("RoleSessionName", "")
        parts = arn.split(":")
        if len(parts) < 6 or not session:  # noqa: PLR2004
            raise validation(f"{arn} is invalid")
        account, name = parts[4], parts[5].rsplit("/", 1)[-1]
        trust = (roles or {}).get(name)
        if trust is None or not self._usable(account) or not _trusts(trust, caller):
            raise access_denied(caller.arn, "sts:AssumeRole", arn)
        principal = self.role_in(account, name, session)
        seconds = int(params.get("DurationSeconds") or 3600)
        expiration = self._timeline.now() + timedelta(seconds=seconds)
        user = self.get_caller_identity(principal)["UserId"]
        return {
            "Credentials": {**self.issue(principal), "Expiration": expiration},
            "AssumedRoleUser": {"AssumedRoleId": user, "Arn": principal.arn},
        }

    def _usable(self, account: str) -> bool:
        known = self._organization.accounts.get(account)
        return known is not None and known.state == "ACTIVE"


def _trusts(policy: str, caller: Principal) -> bool:
    statements = json.loads(policy).get("Statement", [])
    role = f"arn:aws:iam::{caller.account}:role/{caller.role_name}"
    accepted = {"*", caller.account, f"arn:aws:iam::{caller.account}:root", role, caller.arn}
    for statement in [statements] if isinstance(statements, dict) else statements:
        principal = statement.get("Principal", {})
        named = principal if isinstance(principal, str) else principal.get("AWS", [])
        names = {named} if isinstance(named, str) else set(named)
        if statement.get("Effect") == "Allow" and names & accepted:
            return True
    return False


def expired() -> ApiError:
    """Return the answer to credentials whose time is over."""
    return ApiError(
        "ExpiredToken", "The security token included in the request is expired", status=403
    )
