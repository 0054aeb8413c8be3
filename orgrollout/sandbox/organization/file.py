"""The organization file: YAML (or a mapping) to an ``Organization``, faults and settings.

Ids may be given or left to be derived from names, so that manifests can name them. The
format is shown, with comments, by ``starter.STARTER`` and ``manifests/sandbox-organization.yaml``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from orgrollout.sandbox.clock import START
from orgrollout.sandbox.errors import SandboxFileError
from orgrollout.sandbox.kinds import unknown_region
from orgrollout.sandbox.organization.model import (
    LEGACY_PRINCIPAL,
    OPT_IN_REGIONS,
    STACK_SETS_PRINCIPAL,
    Account,
    Organization,
    Unit,
    derive,
    new_unit_id,
)
from orgrollout.sandbox.organization.shape import problems_of, unknown_regions
from orgrollout.sandbox.organization.text import read_document
from orgrollout.sandbox.partitions import DEFAULT as DEFAULT_PARTITION

STATES = ("ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED", "PENDING_ACTIVATION")
DEFAULT_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
_TOP = {
    "organization",
    "management_account",
    "home_region",
    "regions",
    "delegated_administrators",
    "feature_set",
    "trusted_access",
    "opt_in_regions",
    "root_id",
    "root",
    "faults",
    "settings",
    "stack_sets",
}
_MANIFEST = {"version", "name", "stack_sets"}
_IS_A_MANIFEST = (
    "it is a manifest, and an organization file is expected: accounts and units to simulate, as in "
    "`organization` and `root`. Leave the file out for the organization that comes along"
)
_UNIT = {"id", "accounts", "organizational_units", "tags"}
_ACCOUNT = {"id", "name", "email", "state", "tags", "opt_in_regions", "joined"}


@dataclass(kw_only=True)
class OrganizationFile:
    """The contents of an organization file."""

    organization: Organization
    faults: list[Mapping[str, Any]] = field(default_factory=list)
    settings: Mapping[str, Any] = field(default_factory=dict)


def load_organization(
    source: Path | str | Mapping[str, Any], now: datetime = START
) -> OrganizationFile:
    """Return the organization that ``source`` describes; accounts joined ``now`` if not earlier.

    Raises:
        SandboxFileError: The file cannot be read, is no YAML, or something in it is wrong.
    """
    if isinstance(source, Mapping):
        return _Reader("organization", source, now).read()
    document = read_document(Path(source))
    if not isinstance(document, Mapping):
        raise SandboxFileError(str(source), ["expected a mapping with `organization` and `root`"])
    try:
        return _Reader(str(source), document, now).read()
    except RecursionError as error:
        raise SandboxFileError(str(source), ["a unit in it contains itself"]) from error


def _regions_beside(organization: Organization) -> tuple[str, ...]:
    """Return the Regions of a file that names none; other partitions have few Regions."""
    own = (organization.home_region,)
    return DEFAULT_REGIONS if organization.partition == DEFAULT_PARTITION else own


class _Reader:
    """Walks one document and collects every problem before it complains."""

    def __init__(self, source: str, document: Mapping[str, Any], now: datetime) -> None:
        self._source = source
        self._document = document
        self._problems: list[str] = []
        self._seen: dict[str, str] = {}
        self._joined = now

    def read(self) -> OrganizationFile:
        document = self._document
        if document.keys() >= _MANIFEST:
            raise SandboxFileError(self._source, [_IS_A_MANIFEST])
        self._keys("", document, _TOP)
        if wrong := problems_of(document):  # no more of it can be read
            raise SandboxFileError(self._source, [*self._problems, *wrong])
        self._problems += unknown_regions(document)
        organization = self._empty_organization()
        self._unit(organization, organization.root_id, "", document.get("root") or {})
        self._administrators(organization)
        for region, accounts in (document.get("opt_in_regions") or {}).items():
            self._opt_in(organization, region, accounts)
        if self._problems:
            raise SandboxFileError(self._source, self._problems)
        return OrganizationFile(
            organization=organization,
            faults=list(document.get("faults") or []),
            settings=dict(document.get("settings") or {}),
        )

    def _empty_organization(self) -> Organization:
        document = self._document
        organization_id = str(document.get("organization", ""))
        if not re.fullmatch(r"o-[a-z0-9]{10,32}", organization_id):
            self._problems.append("organization must be an id like o-a1b2c3d4e5")
        root_id = document.get("root_id") or "r-" + derive(4, organization_id)
        given = document.get("management_account", "999999999999")
        entry = dict(given) if isinstance(given, Mapping) else {"id": given}
        management = self._account(root_id, {"name": "management", **entry}, "management_account")
        organization = Organization(organization_id, management, root_id)
        home = document.get("home_region", "us-east-1")
        regions = document.get("regions") or []
        organization.home_region = home
        organization.feature_set = document.get("feature_set", "ALL")
        organization.regions = list(regions or _regions_beside(organization))
        enabled = OPT_IN_REGIONS.intersection(organization.regions)
        management.opt_in_regions |= enabled
        return organization

    def _unit(
        self, organization: Organization, unit_id: str, path: str, entry: Mapping[str, Any]
    ) -> None:
        where = f"root{path.replace('/', '.')}"
        self._keys(where, entry, _UNIT)
        for number, account in enumerate(entry.get("accounts") or []):
            made = self._account(unit_id, account, f"{where}.accounts[{number}]")
            made.opt_in_regions |= OPT_IN_REGIONS.intersection(organization.regions)
            organization.add_account(made)
        for name, below in (entry.get("organizational_units") or {}).items():
            below_path = f"{path}/{name}"
            below_id = (below or {}).get("id") or new_unit_id(
                organization.root_id, organization.id, below_path
            )
            self._unique(below_id, f"{where}.{name}")
            tags = dict((below or {}).get("tags") or {})
            organization.add_unit(Unit(id=below_id, name=name, parent_id=unit_id, tags=tags))
            self._unit(organization, below_id, below_path, below or {})

    def _account(self, parent_id: str, entry: Any, where: str) -> Account:
        given: Any = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(given, Mapping) or not given.get("name"):
            self._problems.append(f"{where} must be a name or a mapping with a name")
            given = {"name": where}
        self._keys(where, given, _ACCOUNT)
        name = str(given["name"])
        account_id = given.get("id", "1" + derive(11, "account", name, alphabet="0123456789"))
        if not isinstance(account_id, str) or not re.fullmatch(r"\d{12}", account_id):
            self._problems.append(f"{where}.id must be twelve digits in quotes, not {account_id!r}")
        self._unique(str(account_id), where)
        for region in given.get("opt_in_regions") or ():
            self._problems += unknown_region(region, f"{where}.opt_in_regions")
        state = given.get("state", "ACTIVE")
        if state not in STATES:
            self._problems.append(f"{where}.state must be one of {', '.join(STATES)}")
        return Account(
            id=str(account_id),
            name=name,
            email=given.get("email", f"{re.sub(r'[^a-zA-Z0-9]+', '.', name)}@example.com".lower()),
            parent_id=parent_id,
            joined=self._joined_at(given.get("joined"), where),
            state=state,
            tags={str(key): str(value) for key, value in (given.get("tags") or {}).items()},
            opt_in_regions=set(given.get("opt_in_regions") or ()),
        )

    def _joined_at(self, given: Any, where: str) -> datetime:
        """Return when an account joined: a date of the file, or when the sandbox began."""
        if given is None:
            return self._joined
        if isinstance(given, date) and not isinstance(given, datetime):
            return datetime.combine(given, datetime.min.time(), UTC)
        self._problems.append(f"{where}.joined must be a date (YYYY-MM-DD), not {given!r}")
        return self._joined

    def _administrators(self, organization: Organization) -> None:
        if self._document.get("trusted_access", True):
            organization.trusted_services[STACK_SETS_PRINCIPAL] = self._joined
            organization.trusted_services[LEGACY_PRINCIPAL] = self._joined
        for name in self._document.get("delegated_administrators") or []:
            account_id = self._find(organization, name, "delegated_administrators")
            if account_id:
                organization.delegates[account_id] = {STACK_SETS_PRINCIPAL: self._joined}

    def _opt_in(self, organization: Organization, region: str, accounts: Any) -> None:
        where = f"opt_in_regions.{region}"
        named = organization.accounts if accounts == "all" else accounts or []
        for name in named:
            account_id = self._find(organization, name, where)
            if account_id in organization.accounts:
                organization.accounts[account_id].opt_in_regions.add(region)

    def _find(self, organization: Organization, name: Any, where: str) -> str:
        try:
            return organization.find(str(name))
        except KeyError as error:
            self._problems.append(f"{where}: {error.args[0]}")
            return ""

    def _keys(self, where: str, entry: Mapping[str, Any], known: set[str]) -> None:
        prefix = f"{where}." if where else ""
        self._problems += [f"{prefix}{key} is not known" for key in entry if key not in known]

    def _unique(self, identifier: str, where: str) -> None:
        if identifier in self._seen:
            self._problems.append(f"{where}: id {identifier} is taken by {self._seen[identifier]}")
        self._seen[identifier] = where
