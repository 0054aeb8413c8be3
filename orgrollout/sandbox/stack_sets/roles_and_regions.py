"""Obstacles to a deployment: Regions that are off, roles that are missing.

Self-managed stack sets need an administration role that CloudFormation may assume, and in
each target account an execution role that trusts it. Both are looked up in IAM, so a
role that is deleted or changed there shows at once.
"""

from collections.abc import Callable

from orgrollout.sandbox.moto.iam_roles import IamRoles
from orgrollout.sandbox.organization.model import OPT_IN_REGIONS, Organization
from orgrollout.sandbox.records import Pair, StackSet

ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"
_SERVICE = "cloudformation.amazonaws.com"


class Obstacles:
    """Tells why CloudFormation cannot work in an account and Region."""

    def __init__(self, organization: Organization, prepare: Callable[[str], None]) -> None:
        self._organization = organization
        self._prepare = prepare
        self._roles = IamRoles(organization.partition)
        self.disabled: set[Pair] = set()

    def reason(self, stack_set: StackSet, pair: Pair) -> str | None:
        """Return the status reason, or None if nothing stands in the way."""
        account, region = pair
        if not self.is_enabled(account, region) or not self.is_enabled(stack_set.owner, region):
            return (
                f"STS is not activated in this region for account:{account}. Your account "
                "administrator can activate STS in this region using the IAM Console."
            )
        if stack_set.permission_model == "SELF_MANAGED":
            return self._missing_role(stack_set, pair)
        return None

    def is_enabled(self, account: str, region: str) -> bool:
        """Return whether a Region can be used in an account."""
        return (account, region) not in self.disabled and self._organization.is_enabled(
            account, region
        )

    def _missing_role(self, stack_set: StackSet, pair: Pair) -> str | None:
        account, region = pair
        owner = stack_set.owner
        for each in (owner, account):
            self._prepare(each)
        arn = stack_set.administration_role_arn or ""
        name = arn.rsplit("/", 1)[-1]
        trust = self._trust(owner, name)
        regional = f"cloudformation.{region}.amazonaws.com"
        if _SERVICE not in trust or (region in OPT_IN_REGIONS and regional not in trust):
            return (
                f"Account {owner} should have '{name}' role with trust relationship to "
                "CloudFormation service."
            )
        execution = stack_set.execution_role_name or EXECUTION_ROLE
        trust = self._trust(account, execution)
        if owner not in trust and arn not in trust:
            return (
                f"Account {account} should have '{execution}' role with trust relationship to "
                f"Role '{name}'."
            )
        return None

    def _trust(self, account: str, name: str) -> str:
        """Return the trust policy of a role; empty if there is no such role."""
        found = self._roles.of(account).get(name)
        return found.trust if found is not None else ""
