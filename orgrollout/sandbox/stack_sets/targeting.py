"""Which accounts a call means: deployment targets to accounts, each with its unit.

Returns account id to the unit that was targeted (None for self-managed stack sets).
"""

from collections.abc import Callable, Mapping
from typing import Any

from orgrollout.sandbox.errors import stack_instance_not_found, validation
from orgrollout.sandbox.organization.model import Organization
from orgrollout.sandbox.records import Pair, StackSet

MAX_UNITS = 50
Targets = dict[str, str | None]


class Targeting:
    """Resolves the targets of calls on one organization."""

    def __init__(self, organization: Organization, read_url: Callable[[str], str]) -> None:
        self._organization = organization
        self._read_url = read_url

    def for_create(self, stack_set: StackSet, params: Mapping[str, Any]) -> Targets:
        """Return the accounts that CreateStackInstances means.

        A unit stands for every account below it; the management account never gets a
        service-managed stack instance; UNION is refused.
        """
        targets = self._checked(stack_set, params)
        if stack_set.permission_model == "SELF_MANAGED":
            return dict.fromkeys(self._named(params, targets))
        kind = targets.get("AccountFilterType")
        named = self._accounts(targets)
        if kind == "UNION":
            raise validation("AccountFilterType UNION is not supported for CreateStackInstances")
        if named and kind is None:
            raise validation("AccountFilterType must be specified when targeting accounts and OUs")
        chosen = self._filtered(self._under(targets), named, kind or "NONE")
        chosen.pop(self._organization.management_account_id, None)
        return chosen

    def existing(
        self, stack_set: StackSet, params: Mapping[str, Any], *, must_exist: bool
    ) -> list[Pair]:
        """Return the stack instances that an update or a deletion means.

        Raises:
            ApiError: StackInstanceNotFoundException, if ``must_exist`` and an account that
                was named has no stack instance in one of the Regions.
        """
        targets = self._checked(stack_set, params)
        regions = dict.fromkeys(params.get("Regions") or ())
        if stack_set.permission_model == "SELF_MANAGED":
            chosen: Targets = dict.fromkeys(self._named(params, targets))
            named = list(chosen)
        else:
            chosen = self._deployed_under(stack_set, targets)
            named = self._accounts(targets)
            kind = targets.get("AccountFilterType") or ("UNION" if named else "NONE")
            chosen = self._filtered(chosen, named, kind)
            named = named if kind in ("INTERSECTION", "UNION") else []
        missing = [
            (account, region)
            for account in named
            for region in regions
            if (account, region) not in stack_set.instances or account not in chosen
        ]
        if missing and must_exist:
            raise stack_instance_not_found(stack_set.id, *missing[0])
        pairs = ((account, region) for region in regions for account in chosen)
        return [pair for pair in pairs if pair in stack_set.instances]

    def _checked(self, stack_set: StackSet, params: Mapping[str, Any]) -> dict[str, Any]:
        targets: dict[str, Any] = params.get("DeploymentTargets") or {}
        if params.get("Accounts") and targets:
            raise validation("You must specify either Accounts or DeploymentTargets, not both")
        units = targets.get("OrganizationalUnitIds") or []
        if stack_set.permission_model == "SELF_MANAGED":
            if units:
                raise validation(
                    "StackSets with SELF_MANAGED permission model can only have accounts as target"
                )
            return targets
        if params.get("Accounts"):
            raise validation(
                "StackSets with SERVICE_MANAGED permission model can only have "
                "OrganizationalUnit as target"
            )
        if not units:
            raise validation("OrganizationalUnitIds are required")
        if len(units) > MAX_UNITS:
            raise validation(f"You can specify at most {MAX_UNITS} OrganizationalUnitIds")
        unknown = [unit for unit in units if unit not in self._organization.units]
        if unknown:
            raise validation(f"OrganizationalUnitIds {unknown} not found in the organization")
        return targets

    def _named(self, params: Mapping[str, Any], targets: Mapping[str, Any]) -> list[str]:
        accounts = list(params.get("Accounts") or ()) or self._accounts(targets)
        if not accounts:
            raise validation("Accounts must be specified")
        return accounts

    def _accounts(self, targets: Mapping[str, Any]) -> list[str]:
        accounts = list(targets.get("Accounts") or ())
        if targets.get("AccountsUrl"):
            accounts += self.listed_at(targets["AccountsUrl"])
        return list(dict.fromkeys(accounts))

    def listed_at(self, url: str) -> list[str]:
        """Return what a file in S3 lists, separated by commas or lines."""
        return self._read_url(url).replace(",", " ").split()

    def _under(self, targets: Mapping[str, Any]) -> Targets:
        found: Targets = {}
        for unit_id in targets["OrganizationalUnitIds"]:
            for account in self._organization.accounts_under(unit_id):
                found.setdefault(account, unit_id)
        return found

    def _deployed_under(self, stack_set: StackSet, targets: Mapping[str, Any]) -> Targets:
        units = set(targets["OrganizationalUnitIds"])
        under = self._under(targets)
        return {
            instance.account: instance.unit_id
            for instance in stack_set.instances.values()
            if instance.unit_id in units or instance.account in under
        }

    def _filtered(self, under: Targets, named: list[str], kind: str) -> Targets:
        wanted = set(named)
        match kind:
            case "INTERSECTION":
                return {account: unit for account, unit in under.items() if account in wanted}
            case "DIFFERENCE":
                return {account: unit for account, unit in under.items() if account not in wanted}
            case "UNION":
                known = self._organization.accounts
                extra = {each: known[each].parent_id for each in named if each in known}
                return {**extra, **under}
            case _:
                return under
