"""AWS Organizations over the tree, as the management account changes it."""

from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox.api.organizations import Answer, OrganizationsApi
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.organization.model import Account, Organization, Unit, derive, new_unit_id
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets.service import Caller
from orgrollout.sandbox.timeline import Timeline

MAX_DELEGATES = 5
MAX_DEPTH = 5


class OrganizationsAdminApi(OrganizationsApi):
    """All calls on the organization, those included that change it."""

    def __init__(
        self,
        organization: Organization,
        timeline: Timeline,
        settings: Settings,
        changed: Callable[[str, Account, str | None], None],
    ) -> None:
        super().__init__(organization, timeline, settings)
        self._changed = changed
        self._created: dict[str, Answer] = {}

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
        if len(own.ancestors(parent)) > MAX_DEPTH:
            raise ApiError("ConstraintViolationException", "Units can be nested 5 deep at most.")
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

    def register_delegated_administrator(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Make an account a delegated administrator; five at most for StackSets."""
        self._check_management(caller)
        account, principal = self._known(params["AccountId"]), params["ServicePrincipal"]
        delegates = self._organization.delegates
        if account.id == self._organization.management_account_id:
            raise ApiError("ConstraintViolationException", "The management account cannot be one.")
        if principal in delegates.get(account.id, {}):
            raise ApiError("AccountAlreadyRegisteredException", "It is registered already.")
        if sum(principal in services for services in delegates.values()) >= MAX_DELEGATES:
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

    def enable_aws_service_access(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Grant trusted access; by itself this does not activate StackSets."""
        self._check_management(caller)
        now = self._timeline.now()
        self._organization.trusted_services.setdefault(params["ServicePrincipal"], now)
        return {}

    def disable_aws_service_access(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Take trusted access back."""
        self._check_management(caller)
        self._organization.trusted_services.pop(params["ServicePrincipal"], None)
        return {}
