"""A small organization, templates, and manifests over them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, UnitId
from orgrollout.organization.desired import DesiredStackSet, DesiredState
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit

HOME = Region("us-east-1")
IRELAND = Region("eu-west-1")
TOKYO = Region("ap-northeast-1")
TODAY = date(2026, 7, 1)
ONLY = StackSetKey("only")

MANAGEMENT = AccountId("999999999999")
ARCHIVE = AccountId("111122223333")  # /Security
SHOP = AccountId("200000000001")  # /Workloads/Prod
LEDGER = AccountId("200000000002")  # /Workloads/Prod/Regulated
TRIAL = AccountId("200000000003")  # /Workloads/Test
CLOSED = AccountId("200000000004")  # /Workloads/Test, suspended
PLAY = AccountId("200000000005")  # /Sandbox/Prod
MEMBERS = frozenset({ARCHIVE, SHOP, LEDGER, TRIAL, PLAY})  # those that can be deployed to

_UNITS = {
    "/": "r-root",
    "/Security": "ou-root-security",
    "/Workloads": "ou-root-workloads",
    "/Workloads/Prod": "ou-root-prod",
    "/Workloads/Prod/Regulated": "ou-root-regulated",
    "/Workloads/Test": "ou-root-test",
    "/Sandbox": "ou-root-sandbox",
    "/Sandbox/Prod": "ou-root-sandboxprod",
    "/Empty": "ou-root-empty",
}
_ACCOUNTS: dict[AccountId, tuple[str, dict[str, str]]] = {
    MANAGEMENT: ("/", {}),
    ARCHIVE: ("/Security", {"baseline": "strict", "owner": "security"}),
    SHOP: ("/Workloads/Prod", {"baseline": "core", "owner": "shop"}),
    LEDGER: ("/Workloads/Prod/Regulated", {"baseline": "strict", "owner": "finance"}),
    TRIAL: ("/Workloads/Test", {"baseline": "core", "owner": "shop"}),
    CLOSED: ("/Workloads/Test", {"baseline": "core"}),
    PLAY: ("/Sandbox/Prod", {}),
}

_TEMPLATE = """
    Parameters:
      Mode: {Type: String, Default: full}
      Bucket: {Type: String, Default: ""}
      Secret: {Type: String, Default: "{{resolve:ssm:/none}}", NoEcho: true}
    Resources:
      Topic: {Type: "AWS::SNS::Topic"}
"""
_TEMPLATES = {
    "plain": _TEMPLATE,
    "roles": "Metadata: {orgrollout: {version: 1, once_per_account: true}}" + _TEMPLATE,
    "gaps": """
    Metadata:
      orgrollout:
        version: 1
        regions: {exclude: [{regions: [ap-northeast-1], reason: "no such type there"}]}
        costs: "{pairs} rules in {accounts} accounts and {regions} Regions"
        leaves_behind: "the logs"
    """
    + _TEMPLATE,
    "defaults": """
    Metadata:
      orgrollout:
        version: 1
        parameter_defaults: {Mode: "from ${home_region}", Bucket: "logs-${accounts.archive}"}
    """
    + _TEMPLATE,
}

Load = Callable[[str], LoadedManifest]


def organization(**changes: Any) -> Organization:
    """Return the small organization, with some of its fields changed."""
    return replace(
        Organization(
            id="o-a1b2c3d4e5",
            management_account=MANAGEMENT,
            root=UnitId("r-root"),
            units={UnitId(id_): _unit(path) for path, id_ in _UNITS.items()},
            accounts={id_: _account(id_) for id_ in _ACCOUNTS},
        ),
        **changes,
    )


def with_account(before: Organization, account: AccountId, **changes: Any) -> Organization:
    """Return the organization with one account changed."""
    changed = replace(before.accounts[account], **changes)
    return replace(before, accounts={**before.accounts, account: changed})


def unit(path: str) -> UnitId:
    """Return the id of a unit."""
    return UnitId(_UNITS[path])


def loader(folder: Path) -> Load:
    """Return what loads a manifest from its text; its templates are beside it."""
    for name, text in _TEMPLATES.items():
        lines = ["    AWSTemplateFormatVersion: '2010-09-09'", *_aligned(text)]
        (folder / f"{name}.yaml").write_text(dedent("\n".join(lines)), encoding="utf-8")

    def load(text: str) -> LoadedManifest:
        path = folder / "manifest.yaml"
        head = "version: 1\nname: baseline\norganization: o-a1b2c3d4e5\n"
        path.write_text(head + dedent(text), encoding="utf-8")
        return load_manifest(path, environ={})

    return load


def resolve(
    loaded: LoadedManifest, here: Organization | None = None, *, today: date = TODAY
) -> DesiredState:
    """Return what a manifest wants of the small organization."""
    return desired_stack_sets(loaded, here or organization(), home_region=HOME, now=at(today))


def at(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def only(loaded: LoadedManifest, here: Organization | None = None) -> DesiredStackSet:
    """Return the stack set called `only`."""
    return resolve(loaded, here).stack_sets[ONLY]


def targeting(targets: str, regions: str = "[us-east-1]", more: str = "") -> str:
    """Return a manifest with one stack set."""
    return (
        f'accounts: {{archive: "{ARCHIVE}"}}\n'
        f"stack_sets:\n  only: {{template: plain.yaml, targets: {targets}, regions: {regions}}}\n"
        f"{more}"
    )


def pairs(accounts: Iterable[AccountId], *regions: Region) -> frozenset[Pair]:
    """Return every combination."""
    return frozenset(Pair(account, region) for account in accounts for region in regions)


def reasons(desired: DesiredStackSet) -> Mapping[AccountId, str]:
    """Return why accounts are left out, as `state: reason`."""
    return {account: f"{why.state}: {why.reason}" for account, why in desired.left_out.items()}


def _aligned(text: str) -> list[str]:
    return [line if line.startswith("    ") else f"    {line}" for line in text.splitlines()]


def _unit(path: str) -> Unit:
    parent, _, name = path.rpartition("/")
    above = None if path == "/" else UnitId(_UNITS[parent or "/"])
    return Unit(id=UnitId(_UNITS[path]), name=name or "Root", parent=above, path=path)


def _account(id_: AccountId) -> Account:
    path, tags = _ACCOUNTS[id_]
    state = AccountState.SUSPENDED if id_ == CLOSED else AccountState.ACTIVE
    return Account(id=id_, name=f"account-{id_}", state=state, parent=unit(path), tags=tags)
