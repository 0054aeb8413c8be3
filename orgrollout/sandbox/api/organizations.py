"""AWS Organizations over the tree, as it is read: ids exactly as in the file."""

from collections.abc import Mapping
from typing import Any

from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization.model import Account, Organization, Unit
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline

LARGEST_PAGE = 20
EMPTY_PAGE = "empty"
Answer = dict[str, Any]


class OrganizationsApi:
    """The calls that read the organization."""

    def __init__(self, organization: Organization, timeline: Timeline, settings: Settings) -> None:
        self._organization = organization
        self._timeline = timeline
        self._settings = settings

    def describe_organization(self, _caller: Caller, _params: Mapping[str, Any]) -> Answer:
        """Describe the organization."""
        own = self._organization
        management = own.accounts[own.management_account_id]
        return {
            "Organization": {
                "Id": own.id,
                "Arn": self._arn("organization"),
                "FeatureSet": own.feature_set,
                "MasterAccountArn": self._account_arn(management),
                "MasterAccountId": management.id,
                "MasterAccountEmail": management.email,
                "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
            }
        }

    def list_roots(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the root."""
        self._check_reader(caller)
        own = self._organization
        root = {
            "Id": own.root_id,
            "Arn": self._arn("root", own.root_id),
            "Name": "Root",
            "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
        }
        return self._page("Roots", [root], params)

    def list_accounts(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List all accounts."""
        self._check_reader(caller)
        return self._accounts(list(self._organization.accounts.values()), params)

    def list_accounts_for_parent(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the accounts directly below a root or unit."""
        self._check_reader(caller)
        parent = self._parent(params["ParentId"])
        return self._accounts(self._organization.accounts_in(parent), params)

    def list_organizational_units_for_parent(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """List the units directly below a root or unit."""
        self._check_reader(caller)
        units = self._organization.units_in(self._parent(params["ParentId"]))
        return self._page("OrganizationalUnits", [self._unit(each) for each in units], params)

    def list_children(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the ids directly below a root or unit, accounts or units."""
        self._check_reader(caller)
        parent, kind = self._parent(params["ParentId"]), params["ChildType"]
        below: list[Account] | list[Unit] = self._organization.units_in(parent)
        if kind == "ACCOUNT":
            below = self._organization.accounts_in(parent)
        children = [{"Id": each.id, "Type": kind} for each in below]
        return self._page("Children", children, params)

    def list_parents(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the one parent of an account or unit."""
        self._check_reader(caller)
        child = params["ChildId"]
        own = self._organization
        found = own.accounts.get(child) or own.units.get(child)
        if found is None:
            raise ApiError("ChildNotFoundException", "You specified a child that doesn't exist.")
        kind = "ROOT" if found.parent_id == own.root_id else "ORGANIZATIONAL_UNIT"
        return self._page("Parents", [{"Id": found.parent_id, "Type": kind}], params)

    def describe_account(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe an account."""
        self._check_reader(caller)
        return {"Account": self._account(self._known(params["AccountId"]))}

    def describe_organizational_unit(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe a unit."""
        self._check_reader(caller)
        return {"OrganizationalUnit": self._unit(self._known_unit(params["OrganizationalUnitId"]))}

    def list_tags_for_resource(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the tags of an account, unit or root."""
        self._check_reader(caller)
        tags = responses.key_values(self._tags(params["ResourceId"]), "Key", "Value")
        return self._page("Tags", tags, params)

    def list_delegated_administrators(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the delegated administrators, for one service or all."""
        self._check_reader(caller)
        principal = params.get("ServicePrincipal")
        found = [
            {**self._delegate(self._known(account)), "DelegationEnabledDate": max(dates.values())}
            for account, dates in self._organization.delegates.items()
            if dates and (principal is None or principal in dates)
        ]
        return self._page("DelegatedAdministrators", found, params)

    def list_delegated_services_for_account(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """List what an account administers."""
        self._check_reader(caller)
        dates = self._organization.delegates.get(params["AccountId"], {})
        found = [{"ServicePrincipal": k, "DelegationEnabledDate": v} for k, v in dates.items()]
        return self._page("DelegatedServices", found, params)

    def list_aws_service_access_for_organization(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """List the services with trusted access."""
        self._check_reader(caller)
        enabled = self._organization.trusted_services.items()
        found = [{"ServicePrincipal": name, "DateEnabled": date} for name, date in enabled]
        return self._page("EnabledServicePrincipals", found, params)

    def _check_management(self, caller: Caller) -> None:
        if caller.account != self._organization.management_account_id:
            raise ApiError("AccessDeniedException", "You don't have permissions to access this.")

    def _check_reader(self, caller: Caller) -> None:
        if caller.account not in self._organization.delegates:
            self._check_management(caller)

    def _page(self, name: str, items: list[Any], params: Mapping[str, Any]) -> Answer:
        token = params.get("NextToken")
        if self._settings.empty_pages and token is None:
            return {name: [], "NextToken": EMPTY_PAGE}
        asked = {**params, "NextToken": None} if token == EMPTY_PAGE else params
        try:
            found, following = responses.page(items, asked, largest=LARGEST_PAGE)
        except ApiError as error:
            raise ApiError("InvalidInputException", error.message) from error
        return {name: found, "NextToken": following}

    def _accounts(self, accounts: list[Account], params: Mapping[str, Any]) -> Answer:
        answer = self._page("Accounts", accounts, params)
        return {**answer, "Accounts": [self._account(each) for each in answer["Accounts"]]}

    def _known(self, account_id: str) -> Account:
        if account_id not in self._organization.accounts:
            raise ApiError(
                "AccountNotFoundException", "You specified an account that doesn't exist."
            )
        return self._organization.accounts[account_id]

    def _known_unit(self, unit_id: str) -> Unit:
        if unit_id not in self._organization.units or unit_id == self._organization.root_id:
            raise ApiError(
                "OrganizationalUnitNotFoundException",
                "You specified an organizational unit that doesn't exist.",
            )
        return self._organization.units[unit_id]

    def _parent(self, parent_id: str) -> str:
        if parent_id not in self._organization.units:
            raise ApiError("ParentNotFoundException", "You specified parent that doesn't exist.")
        return parent_id

    def _tags(self, resource_id: str) -> dict[str, str]:
        own = self._organization
        found = own.accounts.get(resource_id) or own.units.get(resource_id)
        if found is None:
            raise ApiError("TargetNotFoundException", "You specified a target that doesn't exist.")
        return found.tags

    def _arn(self, kind: str, *identifier: str) -> str:
        own = self._organization
        owner = f"arn:{own.partition}:organizations::{own.management_account_id}"
        return f"{owner}:{'/'.join((kind, own.id, *identifier))}"

    def _account_arn(self, account: Account) -> str:
        return self._arn("account", account.id)

    def _account(self, account: Account) -> Answer:
        return {
            "Id": account.id,
            "Arn": self._account_arn(account),
            "Email": account.email,
            "Name": account.name,
            "Status": account.status,
            "State": account.state,
            "Paths": [f"{self._organization.path_of(account.parent_id)}{account.id}/"],
            "JoinedMethod": account.joined_method,
            "JoinedTimestamp": account.joined,
        }

    def _delegate(self, account: Account) -> Answer:
        """Return what DelegatedAdministrator has; other than Account, it has no Paths."""
        return {key: each for key, each in self._account(account).items() if key != "Paths"}

    def _unit(self, unit: Unit) -> Answer:
        return {
            "Id": unit.id,
            "Arn": self._arn("ou", unit.id),
            "Name": unit.name,
            "Path": self._organization.path_of(unit.id),
        }
