"""The roles of an account as IAM has them."""

from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from orgrollout.sandbox.principals import TrustedRole


class IamRoles:
    """The roles of all accounts of one partition; IAM keeps accounts by partition."""

    def __init__(self, partition: str) -> None:
        self._partition = partition

    def of(self, account: str) -> dict[str, TrustedRole]:
        """Return the roles of an account that may be assumed, by name."""
        return {
            role.name: TrustedRole(
                role.assume_role_policy_document, int(role.max_session_duration or 3600)
            )
            for role in self._backend(account).roles.values()
        }

    def ensure(self, account: str, name: str, trust_policy: str) -> None:
        """Create a role that comes with an account, unless it exists."""
        if name not in self.of(account):
            self._backend(account).create_role(
                role_name=name,
                assume_role_policy_document=trust_policy,
                path="/",
                permissions_boundary=None,
                description="",
                tags=[],
                max_session_duration="3600",
            )

    def remove(self, account: str, name: str) -> None:
        """Remove a role that came with an account."""
        roles = self._backend(account).roles
        for identifier in [key for key, role in roles.items() if role.name == name]:
            del roles[identifier]

    def _backend(self, account: str) -> IAMBackend:
        backend: Any = iam_backends[account][self._partition]
        found: IAMBackend = backend
        return found
