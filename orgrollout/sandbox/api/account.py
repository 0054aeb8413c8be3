"""Which Regions an account can use: the Account API and EC2's DescribeRegions."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from orgrollout.sandbox.api.formats import query_protocol
from orgrollout.sandbox.errors import ApiError
from orgrollout.sandbox.moto.bridge import Message
from orgrollout.sandbox.organization.model import OPT_IN_REGIONS, Organization
from orgrollout.sandbox.partitions import domain_of
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.roles_and_regions import Obstacles
from orgrollout.sandbox.stack_sets.service import Caller

Answer = dict[str, Any]


class AccountApi:
    """The Account API's calls on Regions."""

    def __init__(
        self, organization: Organization, obstacles: Obstacles, regions: frozenset[str]
    ) -> None:
        self._organization = organization
        self._obstacles = obstacles
        self._regions = sorted(regions)

    def list_regions(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """List all Regions with their status in an account."""
        account = self._account(caller, params)
        wanted = params.get("RegionOptStatusContains") or ()
        found = [
            {"RegionName": region, "RegionOptStatus": self._status(account, region)}
            for region in self._regions
        ]
        shown = [each for each in found if not wanted or each["RegionOptStatus"] in wanted]
        items, token = responses.page(shown, params, largest=50)
        return {"Regions": items, "NextToken": token}

    def get_region_opt_status(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Return the status of one Region in an account."""
        account, region = self._account(caller, params), params["RegionName"]
        return {"RegionName": region, "RegionOptStatus": self._status(account, region)}

    def enable_region(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Enable an opt-in Region."""
        account = self._organization.accounts[self._account(caller, params)]
        account.opt_in_regions.add(params["RegionName"])
        return {}

    def disable_region(self, caller: Caller, params: Mapping[str, Any]) -> Answer:
        """Disable an opt-in Region."""
        account = self._organization.accounts[self._account(caller, params)]
        account.opt_in_regions.discard(params["RegionName"])
        return {}

    def _account(self, caller: Caller, params: Mapping[str, Any]) -> str:
        wanted = str(params.get("AccountId") or caller.account)
        own = self._organization
        allowed = caller.account in {wanted, own.management_account_id}
        if not allowed or wanted not in own.accounts:
            raise ApiError("AccessDeniedException", "You are not authorized.", 403)
        return wanted

    def _status(self, account: str, region: str) -> str:
        if region not in OPT_IN_REGIONS:
            return "ENABLED_BY_DEFAULT"
        return "ENABLED" if self._obstacles.is_enabled(account, region) else "DISABLED"


class RegionsApi:
    """EC2's DescribeRegions, in its own form of XML."""

    def __init__(self, obstacles: Obstacles, regions: frozenset[str]) -> None:
        self._obstacles = obstacles
        self._regions = sorted(regions)

    def describe_regions(self, caller: Caller, params: Mapping[str, Any]) -> Message:
        """List the Regions that are enabled, or all."""
        everything = str(params.get("AllRegions", "")).lower() == "true"
        items = [
            f"<item><regionName>{region}</regionName>"
            f"<regionEndpoint>ec2.{region}.{domain_of(region)}</regionEndpoint>"
            f"<optInStatus>{self._status(caller.account, region)}</optInStatus></item>"
            for region in self._named(params)
            if everything or self._obstacles.is_enabled(caller.account, region)
        ]
        body = (
            '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<requestId>{escape('0' * 32)}</requestId>"
            f"<regionInfo>{''.join(items)}</regionInfo></DescribeRegionsResponse>"
        )
        return Message(200, query_protocol.XML, body.encode())

    def _named(self, params: Mapping[str, Any]) -> list[str]:
        named = [value for key, value in params.items() if key.startswith("RegionName.")]
        return [region for region in self._regions if not named or region in named]

    def _status(self, account: str, region: str) -> str:
        if region not in OPT_IN_REGIONS:
            return "opt-in-not-required"
        return "opted-in" if self._obstacles.is_enabled(account, region) else "not-opted-in"
