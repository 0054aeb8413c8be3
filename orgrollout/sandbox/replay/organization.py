"""The organization that a record was made in, as far as its answers tell of it.

The first answer about a thing counts: it is what was there when the command began. Where accounts
were never listed, those that are named (as targets, by stack instances, in ARNs) are put into the
unit that is named with them, else below the root.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.organization.model import OPT_IN_REGIONS
from orgrollout.sandbox.replay.damage import reading
from orgrollout.sandbox.replay.record import Exchange, Record

_ORGANIZATION, _ROOT = "o-0000000000", "r-0000"
_MANAGEMENT = "999999999999"
_ACCOUNT = re.compile(r"[0-9]{12}")
_SESSION = re.compile(r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/([^/]+)/([^/]+)")
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12}):")
_DEEPEST = 20  # units in each other; AWS allows five
_ENABLED = frozenset({"ENABLED", "ENABLED_BY_DEFAULT"})


@dataclass(slots=True)
class _Known:
    """What answers told so far."""

    organization: Mapping[str, Any] = field(default_factory=dict)
    root: str = ""
    caller: str = ""
    units: dict[str, tuple[str, str]] = field(default_factory=dict)  # name and parent, by id
    accounts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)  # of accounts
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    delegates: dict[str, None] = field(default_factory=dict)
    opted_in: dict[str, set[str]] = field(default_factory=dict)
    regions: dict[str, None] = field(default_factory=dict)
    trusted: bool = True


def operator_of(record: Record) -> str:
    """Return the account that the first caller is in."""
    return _known(record).caller or organization_of(record)["management_account"]["id"]


def role_of_operator(record: Record) -> tuple[str, str] | None:
    """Return the role and the session of the first caller, if it is a role and the record tells."""
    for each in record.answered("GetCallerIdentity"):
        result = each.answer.result if each.answer is not None else None
        if each.request.caller == record.exchanges[0].request.caller:
            found = _SESSION.fullmatch(str((result or {}).get("Arn", "")))
            return (found[1], found[2]) if found else None
    return None


def organization_of(record: Record) -> dict[str, Any]:
    """Return an organization file for a record, as a mapping."""
    known = _known(record)
    management = str(known.organization.get("MasterAccountId") or known.caller or _MANAGEMENT)
    root = known.root or _ROOT
    accounts = [each for each in known.accounts if each != management]
    return {
        "organization": known.organization.get("Id", _ORGANIZATION),
        "management_account": _account(known, management),
        "home_region": record.header.home_region,
        "regions": [each for each in known.regions if each not in OPT_IN_REGIONS],
        "feature_set": known.organization.get("FeatureSet", "ALL"),
        "trusted_access": known.trusted,
        "root_id": root,
        "delegated_administrators": [each for each in known.delegates if each in known.accounts],
        "root": _unit(known, root, _below(known, root, accounts)),
    }


def order_of_accounts(record: Record) -> list[str]:
    """Return the accounts in the order in which AWS listed them."""
    return list(_known(record).accounts)


def _known(record: Record) -> _Known:
    known = _Known()
    first = record.exchanges[0].request.caller if record.exchanges else ""
    for each in record.exchanges:
        if each.answer is not None and each.answer.result is not None:
            with reading(each.request.number):
                _learn(known, each, each.answer.result, first)
    listed = any(record.answered("ListAccounts", "ListAccountsForParent"))
    for each in record.exchanges:
        result = each.answer.result if each.answer is not None else None
        for value in (each.request.parameters, result):
            with reading(each.request.number):
                _learn_names(known, value, accounts=not listed)
        if each.request.region in OPT_IN_REGIONS or each.request.region.count("-") > 1:
            known.regions.setdefault(each.request.region)
    known.regions.setdefault(record.header.home_region)
    return known


def _learn(known: _Known, exchange: Exchange, result: Mapping[str, Any], first: str) -> None:
    asked = exchange.request.parameters
    match exchange.request.operation:
        case "GetCallerIdentity":
            if exchange.request.caller == first:
                known.caller = known.caller or str(result.get("Account", ""))
        case "DescribeOrganization":
            known.organization = known.organization or dict(result.get("Organization", {}))
        case "DescribeOrganizationsAccess":
            known.trusted = result.get("Status") != "DISABLED"
        case "ListRegions":
            _learn_regions(known, str(asked.get("AccountId") or known.caller), result)
        case _:
            _learn_tree(known, exchange.request.operation, asked, result)


def _learn_tree(
    known: _Known, operation: str, asked: Mapping[str, Any], result: Mapping[str, Any]
) -> None:
    match operation:
        case "ListRoots":
            known.root = known.root or str(next((r["Id"] for r in result.get("Roots", ())), ""))
        case "ListOrganizationalUnitsForParent":
            for unit in result.get("OrganizationalUnits", ()):
                _add_unit(known, str(unit["Id"]), str(unit["Name"]), str(asked["ParentId"]))
        case "ListParents":
            for parent in result.get("Parents", ()):
                known.parents.setdefault(str(asked["ChildId"]), str(parent["Id"]))
        case "ListTagsForResource":
            tags = {str(t["Key"]): str(t["Value"]) for t in result.get("Tags", ())}
            known.tags.setdefault(str(asked["ResourceId"]), tags)
        case _:
            _learn_accounts(known, asked, result)


def _learn_accounts(known: _Known, asked: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    for account in [*result.get("Accounts", ()), result.get("Account")]:
        if isinstance(account, Mapping) and "Id" in account:
            known.accounts.setdefault(str(account["Id"]), account)
            above = asked.get("ParentId") or _unit_in(account.get("Paths", ()))
            if above:
                known.parents.setdefault(str(account["Id"]), str(above))
    for delegate in result.get("DelegatedAdministrators", ()):
        known.accounts.setdefault(str(delegate["Id"]), delegate)
        if "stacksets" in str(asked.get("ServicePrincipal", "")):
            known.delegates.setdefault(str(delegate["Id"]))


def _add_unit(known: _Known, unit: str, name: str, parent: str) -> None:
    above, depth = parent, 0
    while above != unit and above in known.units and depth < _DEEPEST:
        above, depth = known.units[above][1], depth + 1
    if above == unit or depth == _DEEPEST:
        raise ValueError(f"unit {unit} contains itself, or is more than {_DEEPEST} units deep")
    known.units.setdefault(unit, (name, parent))


def _unit_in(paths: Any) -> str:
    """Return the unit in a path: ``o-.../r-.../ou-.../ACCOUNT/``."""
    return str(paths[0]).rstrip("/").split("/")[-2] if paths else ""


def _learn_regions(known: _Known, account: str, result: Mapping[str, Any]) -> None:
    enabled = known.opted_in.setdefault(account, set())
    for region in result.get("Regions", ()):
        if region.get("RegionOptStatus") in _ENABLED:
            enabled.add(str(region["RegionName"]))


def _learn_names(known: _Known, value: Any, *, accounts: bool) -> None:
    """Learn Regions that are named, and ``accounts`` and their units."""
    for found in _mappings(value):
        for region in _strings(found.get("Regions")):
            known.regions.setdefault(region)
        for account in _accounts_in(found) if accounts else ():
            known.accounts.setdefault(account, {"Id": account, **_state_in(found)})
            if "OrganizationalUnitId" in found:
                _learn_unit(known, account, str(found["OrganizationalUnitId"]))


def _state_in(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the state of the account of a stack instance that was skipped for it."""
    status = found.get("StackInstanceStatus")
    detail = status.get("DetailedStatus") if isinstance(status, Mapping) else None
    return {"State": "SUSPENDED"} if detail == "SKIPPED_SUSPENDED_ACCOUNT" else {}


def _learn_unit(known: _Known, account: str, unit: str) -> None:
    """Learn in which unit, or in which root, an account is; the unit's id tells its root."""
    root = unit if unit.startswith("r-") else f"r-{unit.split('-')[1]}"
    known.root = known.root or root
    known.parents.setdefault(account, unit)
    if unit != root:
        known.units.setdefault(unit, (unit, known.root))


def _accounts_in(found: Mapping[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if name in {"Account", "Accounts"}:
            yield from filter(_ACCOUNT.fullmatch, _strings(value))
        elif isinstance(value, str) and (arn := _ARN.match(value)):
            yield arn[1]


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from _mappings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _mappings(each)


def _strings(value: Any) -> list[str]:
    value = [value] if isinstance(value, str) else value
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


class _Below(NamedTuple):
    """What is directly in each unit."""

    units: dict[str, list[str]]
    accounts: dict[str, list[str]]


def _below(known: _Known, root: str, accounts: list[str]) -> _Below:
    found = _Below({}, {})
    for unit, (_, parent) in known.units.items():
        found.units.setdefault(parent, []).append(unit)
    for account in accounts:
        found.accounts.setdefault(_parent(known, account, root), []).append(account)
    return found


def _unit(known: _Known, unit: str, below: _Below, depth: int = 0) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise SandboxError(f"damaged record: unit {unit} is more than {_DEEPEST} units deep")
    return {
        "accounts": [_account(known, each) for each in below.accounts.get(unit, ())],
        "organizational_units": {
            known.units[id_][0]: {"id": id_, **_unit(known, id_, below, depth + 1)}
            for id_ in below.units.get(unit, ())
        },
    }


def _parent(known: _Known, account: str, root: str) -> str:
    parent = known.parents.get(account, root)
    return parent if parent in known.units else root


def _account(known: _Known, account: str) -> dict[str, Any]:
    told = known.accounts.get(account, {})
    opted_in = known.opted_in.get(account, known.regions.keys()) & OPT_IN_REGIONS
    found = {
        "id": account,
        "name": told.get("Name", f"account-{account}"),
        "state": told.get("State") or told.get("Status") or "ACTIVE",
        "tags": known.tags.get(account, {}),
        "opt_in_regions": sorted(opted_in),
    }
    email = told.get("Email") or (
        known.organization.get("MasterAccountEmail")
        if account == known.organization.get("MasterAccountId")
        else None
    )
    return {**found, "email": email} if email else found
