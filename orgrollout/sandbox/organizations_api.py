"""AWS Organizations over the tree: ids exactly as in the file, state changes included."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from orgrollout.sandbox import views
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization import Account, Organization, Unit, derive, new_unit_id
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import Caller
from orgrollout.sandbox.timeline import Timeline

LARGEST_PAGE = 20
EMPTY_PAGE = "empty"
Answer = dict[str, Any]


class OrganizationsApi:
    """The calls on the organization that rollouts and administrators make."""

    def __init__(
        self,
        organization: Organization,
        timeline: Timeline,
        settings: Settings,
        changed: Callable[[str, Account, str | None], None],
    ) -> None:
        self._organization = organization
        self._timeline = timeline
        self._settings = settings
        self._changed = changed
        self._created: dict[str, Answer] = {}

    def describe_organization(self, _caller: Caller, _params: Mapping[str, Any]) -> Answer:
        """Describe the organization."""
        own = self._organization
        management = own.accounts[own.management_account_id]
        prefix = f"arn:aws:organizations::{management.id}"
        return {
            "Organization": {
                "Id": own.id,
                "Arn": f"{prefix}:organization/{own.id}",
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
        tags = views.key_values(self._tags(params["ResourceId"]), "Key", "Value")
        return self._page("Tags", tags, params)

    def tag_resource(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Tag an account, unit or root."""
        self._check_management(caller)
        self._tags(params["ResourceId"]).update({t["Key"]: t["Value"] for t in params["Tags"]})
        return {}

    def untag_resource(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Take tags away."""
        self._check_management(caller)
        tags = self._tags(params["ResourceId"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def move_account(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Move an account to another parent."""
        self._check_management(caller)
        account = self._known(params["AccountId"])
        if account.parent_id != params["SourceParentId"]:
            raise ApiError("SourceParentNotFoundException", "The account is not in that parent.")
        target = params["DestinationParentId"]
        if target not in self._organization.units:
            raise ApiError("DestinationParentNotFoundException", f"{target} doesn't exist.")
        before = account.parent_id
        self._organization.move_account(account.id, target)
        self._changed("move", account, before)
        return {}

    def create_account(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Create an account in the root."""
        self._check_management(caller)
        own, count = self._organization, str(len(self._created))
        now = self._timeline.now()
        account = Account(
            id="2" + derive(11, params["AccountName"], count, alphabet="0123456789"),
            name=params["AccountName"],
            email=params["Email"],
            parent_id=own.root_id,
            joined=now,
            tags={tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()},
        )
        own.add_account(account)
        self._changed("join", account, None)
        status = {
            "Id": "car-" + derive(32, account.id, alphabet="0123456789abcdef"),
            "AccountName": account.name,
            "State": "SUCCEEDED",
            "RequestedTimestamp": now,
            "CompletedTimestamp": now,
            "AccountId": account.id,
        }
        self._created[status["Id"]] = status  # type: ignore[index]
        return {"CreateAccountStatus": status}

    def describe_create_account_status(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Describe a request for an account."""
        self._check_reader(caller)
        request = params["CreateAccountRequestId"]
        if request not in self._created:
            raise ApiError("CreateAccountStatusNotFoundException", f"{request} doesn't exist.")
        return {"CreateAccountStatus": self._created[request]}

    def close_account(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Begin to close an account: it is PENDING_CLOSURE at first."""
        self._check_management(caller)
        account = self._known(params["AccountId"])
        if account.state in ("SUSPENDED", "CLOSED"):
            raise ApiError("AccountAlreadyClosedException", "The account is already closed.")
        account.state = "PENDING_CLOSURE"
        return {}

    def remove_account_from_organization(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Take an account out of the organization."""
        self._check_management(caller)
        account = self._known(params["AccountId"])
        if account.id == self._organization.management_account_id:
            raise ApiError(
                "MasterCannotLeaveOrganizationException", "The management account stays."
            )
        before = account.parent_id
        self._organization.remove_account(account.id)
        self._changed("leave", account, before)
        return {}

    def create_organizational_unit(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Create a unit."""
        self._check_management(caller)
        parent, name = self._parent(params["ParentId"]), params["Name"]
        own = self._organization
        if any(each.name == name for each in own.units_in(parent)):
            raise ApiError("DuplicateOrganizationalUnitException", f"{name} exists already.")
        path = "/".join((own.name_path(parent).rstrip("/"), name))
        unit = Unit(id=new_unit_id(own.root_id, own.id, path), name=name, parent_id=parent)
        own.add_unit(unit)
        return {"OrganizationalUnit": self._unit(unit)}

    def delete_organizational_unit(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Delete an empty unit."""
        self._check_management(caller)
        unit = self._known_unit(params["OrganizationalUnitId"])
        own = self._organization
        if own.units_in(unit.id) or own.accounts_in(unit.id):
            raise ApiError("OrganizationalUnitNotEmptyException", "The unit is not empty.")
        own.remove_unit(unit.id)
        return {}

    def list_delegated_administrators(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List the delegated administrators, for one service or all."""
        self._check_reader(caller)
        principal = params.get("ServicePrincipal")
        found = [
            {**self._account(self._known(account)), "DelegationEnabledDate": max(dates.values())}
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

    def register_delegated_administrator(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Make an account a delegated administrator; five at most for StackSets."""
        self._check_management(caller)
        account, principal = self._known(params["AccountId"]), params["ServicePrincipal"]
        delegates = self._organization.delegates
        if account.id == self._organization.management_account_id:
            raise ApiError("ConstraintViolationException", "The management account cannot be one.")
        if principal in delegates.get(account.id, {}):
            raise ApiError("AccountAlreadyRegisteredException", "It is registered already.")
        if sum(principal in services for services in delegates.values()) >= 5:  # noqa: PLR2004
            raise ApiError("ConstraintViolationException", "At most 5 delegated administrators.")
        delegates.setdefault(account.id, {})[principal] = self._timeline.now()
        return {}

    def deregister_delegated_administrator(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """Take the delegation back."""
        self._check_management(caller)
        services = self._organization.delegates.get(params["AccountId"], {})
        if services.pop(params["ServicePrincipal"], None) is None:
            raise ApiError("AccountNotRegisteredException", "The account is not registered.")
        return {}

    def list_aws_service_access_for_organization(
        self, caller: Caller, params: Mapping[str, Any]
    ) -> Answer:
        """List the services with trusted access."""
        self._check_reader(caller)
        enabled = self._organization.trusted_services.items()
        found = [{"ServicePrincipal": name, "DateEnabled": date} for name, date in enabled]
        return self._page("EnabledServicePrincipals", found, params)

    def enable_aws_service_access(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Grant trusted access; by itself this does not activate StackSets."""
        self._check_management(caller)
        now: datetime = self._timeline.now()
        self._organization.trusted_services.setdefault(params["ServicePrincipal"], now)
        return {}

    def disable_aws_service_access(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Take trusted access back."""
        self._check_management(caller)
        self._organization.trusted_services.pop(params["ServicePrincipal"], None)
        return {}

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
            found, following = views.page(items, asked, largest=LARGEST_PAGE)
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

    def _arn(self, kind: str, identifier: str) -> str:
        own = self._organization
        return f"arn:aws:organizations::{own.management_account_id}:{kind}/{own.id}/{identifier}"

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

    def _unit(self, unit: Unit) -> Answer:
        return {
            "Id": unit.id,
            "Arn": self._arn("ou", unit.id),
            "Name": unit.name,
            "Path": self._organization.path_of(unit.id),
        }
