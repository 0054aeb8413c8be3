"""The roles that accounts come with, and who may assume what in an account."""

import json

from orgrollout.sandbox.moto.iam_roles import IamRoles
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.principals import ACCESS_ROLE, TrustedRole
from orgrollout.sandbox.stack_sets.roles_and_regions import ADMINISTRATION_ROLE, EXECUTION_ROLE


class AccountRoles:
    """Creates the roles of an account when it is first looked at."""

    def __init__(self, organization: Organization, *, records_only: bool) -> None:
        self._organization = organization
        self._records_only = records_only
        self._iam = IamRoles(organization.partition)
        self._prepared: set[str] = set()
        self.given: dict[str, str] = {}
        """Roles that every account comes with besides: name and trust policy."""

    def of(self, account: str) -> dict[str, TrustedRole]:
        """Return the roles of an account that may be assumed, by name.

        Where only records matter and no caller has looked into the account, moto stays out of it:
        ten thousand accounts would take more memory than everything else.
        """
        if not self._records_only or account in self._prepared:
            self.prepare(account)
            return self._iam.of(account)
        management = self._organization.management_account_id
        own = {ACCESS_ROLE: self.trust_of(management)} if account != management else {}
        return {name: TrustedRole(trust) for name, trust in (own | self.given).items()}

    def give(self, name: str, trust: str) -> None:
        """Give every account a role."""
        self.given[name] = trust
        for account in self._prepared:
            self._iam.ensure(account, name, trust)

    def take(self, name: str) -> None:
        """Take a role that was given from every account."""
        if self.given.pop(name, None) is not None:
            for account in self._prepared:
                self._iam.remove(account, name)

    def prepare(self, account: str) -> None:
        """Create what an account comes with, unless that has been done."""
        own = self._organization
        if account not in own.accounts or account in self._prepared:
            return
        self._prepared.add(account)
        management = own.management_account_id
        delegates = (each for each in own.delegates if each != account)
        roles = {
            ACCESS_ROLE: self.trust_of(management),
            ADMINISTRATION_ROLE: service_trust(*sorted(own.optional_regions)),
            EXECUTION_ROLE: self.trust_of(management, *delegates),
        }
        if account == management:
            del roles[ACCESS_ROLE]
        for name, trust in (roles | self.given).items():
            self._iam.ensure(account, name, trust)

    def trust_of(self, *accounts: str) -> str:
        """Return a trust policy for accounts."""
        return account_trust(self._organization.partition, *accounts)


def account_trust(partition: str, *accounts: str) -> str:
    """Return a trust policy for accounts of a partition."""
    return _policy({"AWS": [f"arn:{partition}:iam::{account}:root" for account in accounts]})


def service_trust(*opt_in_regions: str) -> str:
    """Return a trust policy for CloudFormation, in opt-in Regions too."""
    regional = [f"cloudformation.{region}.amazonaws.com" for region in opt_in_regions]
    return _policy({"Service": ["cloudformation.amazonaws.com", *regional]})


def _policy(principal: dict[str, list[str]]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
