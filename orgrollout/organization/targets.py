"""Which accounts and Regions one stack set reaches, and for all others the reason why not.

For every account of the organization and every Region of the stack set there is one answer: the
pair is desired, or it is left out for a reason. An exclusion wins over everything; then come the
management account, accounts that nothing selects, those that cannot be deployed to, and Regions. A
waiver comes last: it covers only what would be desired without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orgrollout.manifest.schema import Targets
from orgrollout.manifest.template.template import RegionGap
from orgrollout.manifest.text.document import FieldPath
from orgrollout.model.ids import AccountId, Region, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import LeftOut, LeftOutState
from orgrollout.organization.regions import StackSetRegions
from orgrollout.organization.selection import Selected, Selector
from orgrollout.organization.snapshot import AccountState, Organization

_NOT_TARGETED = LeftOut(state=LeftOutState.OUT_OF_SCOPE, reason="no target selects it")
_NOT_IN_BLOCK = LeftOut(
    state=LeftOutState.OUT_OF_SCOPE, reason="the blocks that select the account name other Regions"
)
_NOT_ENABLED = LeftOut(state=LeftOutState.SKIPPED, reason="the account has not enabled the Region")
_NOT_KNOWN = LeftOut(
    state=LeftOutState.SKIPPED, reason="which Regions the account has enabled was not read"
)
_MANAGEMENT = {
    PermissionModel.SERVICE_MANAGED: LeftOut(
        state=LeftOutState.OUT_OF_SCOPE,
        reason="management account: service-managed stack sets never deploy to it",
    ),
    PermissionModel.SELF_MANAGED: LeftOut(
        state=LeftOutState.OUT_OF_SCOPE,
        reason="management account: reached only where `accounts` names it",
    ),
}
_NOT_ACTIVE = {
    state: LeftOut(state=LeftOutState.SKIPPED, reason=f"account is {state}")
    for state in AccountState
    if state is not AccountState.ACTIVE
}

Reasons = tuple[tuple[Region, LeftOut], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one account gets: its Regions in the stack set's order, and why not the others."""

    regions: tuple[Region, ...]
    left_out: Reasons = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The accounts a stack set reaches, and the reason for each it does not."""

    rows: Mapping[AccountId, Row]
    rules: Mapping[AccountId, str]
    left_out: Mapping[AccountId, LeftOut]
    named_management: FieldPath | None = None  # the block that names the management account


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """Everything that decides where one stack set goes, apart from the accounts themselves."""

    key: StackSetKey
    targets: Targets
    path: FieldPath  # of the targets, which may be the manifest's
    regions: StackSetRegions
    permission_model: PermissionModel
    gaps: tuple[RegionGap, ...] = ()


@dataclass(slots=True)
class _Chosen:
    regions: dict[AccountId, frozenset[Region]] = field(default_factory=dict)
    rules: dict[AccountId, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Excluded:
    accounts: dict[AccountId, LeftOut] = field(default_factory=dict)
    regions: dict[AccountId, dict[Region, LeftOut]] = field(default_factory=dict)


def reach(targeting: Targeting, selector: Selector, organization: Organization) -> Reach:
    """Return which accounts a stack set reaches, in which Regions, and why not the others.

    The management account is reached by a self-managed stack set alone, and only if a block lists
    it under `accounts`: neither a unit nor `targets: all` stands for it.
    """
    blocks = list(selector.included(targeting.targets, targeting.path))
    management = organization.management_account
    chosen = _choose(blocks, targeting, management)
    excluded = _by_place(
        selector.excluded(targeting.targets, targeting.path), LeftOutState.EXCLUDED
    )
    waived = _by_place(selector.waived(targeting.key), LeftOutState.WAIVED)
    left_out = _left_out(chosen, excluded, waived, organization, targeting.permission_model)
    rows = _Rows(targeting, excluded, waived, organization)
    reached = sorted(chosen.regions.keys() - left_out.keys())
    return Reach(
        rows={account: rows.of(account, chosen.regions[account]) for account in reached},
        rules={account: chosen.rules[account] for account in reached},
        left_out=left_out,
        named_management=next((b.path for b in blocks if management in b.named), None),
    )


def _choose(blocks: Iterable[Selected], targeting: Targeting, management: AccountId) -> _Chosen:
    service_managed = targeting.permission_model is PermissionModel.SERVICE_MANAGED
    everywhere = frozenset(targeting.regions.regions)
    chosen = _Chosen()
    for block in blocks:
        rule = block.rule
        # Where once per account is enough, a block's Regions say where the others go, and must not
        # take away the one instance that they rely on.
        whole = block.regions is None or targeting.regions.once_per_account
        regions = everywhere if whole else everywhere.intersection(block.regions or ())
        beyond = {management} if service_managed else {management} - block.named
        for account in block.accounts - beyond:
            known = chosen.regions.get(account)
            chosen.regions[account] = regions if known is None else known | regions
            chosen.rules.setdefault(account, rule)
    return chosen


def _by_place(blocks: Iterable[Selected], state: LeftOutState) -> _Excluded:
    excluded = _Excluded()
    for block in blocks:
        why = LeftOut(state=state, reason=f"{block.rule}: {block.reason}", rule=block.rule)
        for account in block.accounts:
            if block.regions is None:
                excluded.accounts.setdefault(account, why)
                continue
            regions = excluded.regions.setdefault(account, {})
            for region in block.regions:
                regions.setdefault(region, why)
    return excluded


def _left_out(
    chosen: _Chosen,
    excluded: _Excluded,
    waived: _Excluded,
    organization: Organization,
    model: PermissionModel,
) -> dict[AccountId, LeftOut]:
    left_out: dict[AccountId, LeftOut] = {}
    for account in organization.accounts.values():
        if account.id in excluded.accounts:
            left_out[account.id] = excluded.accounts[account.id]
        elif account.id not in chosen.regions:
            management = account.id == organization.management_account
            left_out[account.id] = _MANAGEMENT[model] if management else _NOT_TARGETED
        elif account.state is not AccountState.ACTIVE:
            left_out[account.id] = _NOT_ACTIVE[account.state]
        elif account.id in waived.accounts:
            left_out[account.id] = waived.accounts[account.id]
    return left_out


class _Rows:
    """Makes rows. Accounts with the same answer share one."""

    def __init__(
        self,
        targeting: Targeting,
        excluded: _Excluded,
        waived: _Excluded,
        organization: Organization,
    ) -> None:
        self._regions = targeting.regions
        self._gaps = {
            region: LeftOut(state=LeftOutState.SKIPPED, reason=gap.reason)
            for gap in targeting.gaps
            for region in gap.regions
            if region not in targeting.regions.own  # the manifest wins over its template
        }
        self._excluded = excluded.regions
        self._waived = waived.regions
        self._enabled = organization.enabled_regions
        self._rows: dict[object, Row] = {}

    def of(self, account: AccountId, chosen: frozenset[Region]) -> Row:
        excluded = self._excluded.get(account, {})
        waived = self._waived.get(account, {})
        enabled = self._enabled.get(account)
        key = (chosen, enabled, tuple(excluded.items()), tuple(waived.items()))
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._make(chosen, enabled, excluded, waived)
        return row

    def _make(
        self,
        chosen: frozenset[Region],
        enabled: frozenset[Region] | None,
        excluded: Mapping[Region, LeftOut],
        waived: Mapping[Region, LeftOut],
    ) -> Row:
        regions: list[Region] = []
        left_out: list[tuple[Region, LeftOut]] = []
        for region in self._regions.regions:
            why = excluded.get(region) or self._why_not(region, chosen, enabled)
            why = why or waived.get(region)
            if why is None:
                regions.append(region)
            else:
                left_out.append((region, why))
        return Row(regions=tuple(regions), left_out=tuple(left_out))

    def _why_not(
        self, region: Region, chosen: frozenset[Region], enabled: frozenset[Region] | None
    ) -> LeftOut | None:
        if region not in chosen:
            return _NOT_IN_BLOCK
        if region in self._gaps:
            return self._gaps[region]
        if enabled is None:
            return _NOT_KNOWN if region in self._regions.only_if_enabled else None
        return None if region in enabled else _NOT_ENABLED
