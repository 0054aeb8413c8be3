"""STS: who the caller is, and sessions of roles."""

from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox.api.authorization import principal_context
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.principals import Identities, TrustedRole
from orgrollout.sandbox.stack_sets.service import Caller

Answer = dict[str, Any]


class StsApi:
    """The calls of STS that the sandbox answers itself."""

    def __init__(
        self,
        organization: Organization,
        identities: Identities,
        roles_in: Callable[[str], Mapping[str, TrustedRole]],
    ) -> None:
        self._organization = organization
        self._identities = identities
        self._roles_in = roles_in

    def get_caller_identity(self, caller: Caller, _params: Mapping[str, Any]) -> Answer:
        """Return the account and the ARN of the caller."""
        return self._identities.get_caller_identity(caller.principal)

    def assume_role(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Return a session of a role that exists and trusts the caller."""
        account = (params.get("RoleArn", "").split(":") + [""] * 5)[4]
        known = account in self._organization.accounts
        roles = self._roles_in(account) if known else {}
        context = principal_context(self._organization, caller)
        return self._identities.assume_role(caller.principal, params, roles, context)
