"""Is there a place for what the templates make: Regions, recorders, quotas, live accounts?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from orgrollout.inventory.inventory import Inventory, StackSetInventory
from orgrollout.manifest.regions import is_opt_in
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import Desired
from orgrollout.organization.snapshot import AccountState, Organization
from orgrollout.plan.refusals import MAX_INSTANCES
from orgrollout.preflight.facts import Facts, Needs, RecorderFound
from orgrollout.preflight.finding import Check, Finding, Unknown

MAX_STACK_SETS = 1_000  # per administrator account (CloudFormation quotas)
_RECORDING = ("AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel")
_PARAMETER, _EXISTING = "Recorder", "existing"
_SHOWN = 5


def opt_in_regions(facts: Facts) -> Check:
    """A Region that is not enabled, in the target or in the administrator's account, fails."""
    wanted = wanted_opt_in_regions(facts.desired, facts.organization, facts.caller)
    if not wanted:
        return Check(name="opt-in Regions", looked_at="all Regions are enabled by default")
    findings: list[Finding] = []
    gaps: dict[str, None] = {}
    for account, regions in sorted(wanted.items()):
        enabled = facts.regions.get(account)
        if enabled is None:
            gaps[_not_looked(facts)] = None
        elif isinstance(enabled, Unknown):
            gaps[enabled.reason] = None
        else:
            findings += (_not_enabled(account, region) for region in sorted(regions - enabled))
    return Check(
        name="opt-in Regions",
        findings=tuple(findings),
        not_checked=tuple(gaps),
        looked_at="every account has its Regions enabled",
    )


def wanted_opt_in_regions(
    desired: Mapping[StackSetKey, Desired], organization: Organization, caller: AccountId
) -> Mapping[AccountId, frozenset[Region]]:
    """Return the opt-in Regions that have to be enabled, by account.

    The administrator's account needs them too: the management account for service-managed stack
    sets (prerequisites of StackSets, CloudFormation user guide).
    """
    wanted: dict[AccountId, set[Region]] = defaultdict(set)
    for each in desired.values():
        managed = each.definition.permission_model is PermissionModel.SERVICE_MANAGED
        administrator = organization.management_account if managed else caller
        for pair in each.pairs:
            if is_opt_in(pair.region):
                wanted[pair.account].add(pair.region)
                wanted[administrator].add(pair.region)
    return {account: frozenset(regions) for account, regions in wanted.items()}


def places_for_recorders(
    desired: Mapping[StackSetKey, Desired], needs: Needs, inventory: Inventory
) -> frozenset[Pair]:
    """Return where the stack sets would make a recorder or a channel."""
    return frozenset(
        pair
        for key, each in desired.items()
        if any(kind in needs.get(key, {}) for kind in _RECORDING)
        for pair in _making(each, inventory)
    )


def quotas(facts: Facts) -> Check:
    """Stack sets per administrator, stack instances per stack set."""
    if isinstance(facts.stack_sets, Unknown):
        return Check(name="quotas", not_checked=(facts.stack_sets.reason,))
    new = [d for d in facts.desired.values() if d.name not in facts.inventory.stack_sets]
    total = facts.stack_sets + sum(not d.absent for d in new)
    findings = []
    if total > MAX_STACK_SETS:
        findings.append(
            Finding(
                where=f"account {facts.caller}, {facts.home_region}",
                why=f"there would be {total:,} stack sets, and the quota is {MAX_STACK_SETS:,} "
                "unless it was raised.",
                mend="aws service-quotas list-service-quotas --service-code cloudformation",
            )
        )
    findings += (
        Finding(
            where=f"stack set {d.name}",
            why=f"it would have {len(d.pairs):,} stack instances, and the quota is "
            f"{MAX_INSTANCES:,}.",
            mend=f"# split stack_sets.{d.key} into several, each with some of its regions",
        )
        for d in facts.desired.values()
        if len(d.pairs) > MAX_INSTANCES
    )
    most = max((len(d.pairs) for d in facts.desired.values()), default=0)
    looked_at = f"{total:,} of {MAX_STACK_SETS:,} stack sets, {most:,} stack instances at most"
    return Check(name="quotas", findings=tuple(findings), looked_at=looked_at)


def recorders(facts: Facts) -> Check:
    """An account and Region takes one recorder and one channel (AWS Config quotas)."""
    wanted = {
        desired.key: sorted(_making(desired, facts.inventory))
        for desired in facts.desired.values()
        if any(kind in facts.needs.get(desired.key, {}) for kind in _RECORDING)
    }
    if not any(wanted.values()):
        return Check(name="AWS Config recorders", looked_at="no new recorder is to be made")
    findings: list[Finding] = []
    gaps: dict[str, None] = {}
    for key, pairs in wanted.items():
        taken: dict[Pair, RecorderFound] = {}
        for pair in pairs:
            found = facts.recorders.get(pair)
            if found is None:
                gaps[_not_looked(facts)] = None
            elif isinstance(found, Unknown):
                gaps[found.reason] = None
            elif found.recorder or found.channel:
                taken[pair] = found
        if taken:
            findings.append(_taken(facts, facts.desired[key], taken))
    return Check(
        name="AWS Config recorders",
        findings=tuple(findings),
        not_checked=tuple(gaps),
        looked_at="no recorder or channel is in the way",
    )


def suspended_accounts(facts: Facts) -> Check:
    """Operations pass over a suspended account; its stack instances stay OUTDATED for good."""
    name = "suspended accounts"
    findings = [
        finding
        for desired in facts.desired.values()
        if (inventory := facts.inventory.stack_sets.get(desired.name)) is not None
        for finding in _in_suspended(facts, desired, inventory)
    ]
    looked_at = "none has stack instances"
    return Check(name=name, findings=tuple(findings), looked_at=looked_at)


def _not_enabled(account: AccountId, region: Region) -> Finding:
    return Finding(
        where=f"account {account}, {region}",
        why="the Region is not enabled there: stack instances fail with `STS is not activated`.",
        mend=f"aws account enable-region --account-id {account} --region-name {region}",
    )


def _making(desired: Desired, inventory: Inventory) -> Iterator[Pair]:
    """Yield where a recorder would be made: not deployed yet, and not told to use what is there."""
    deployed = inventory.stack_sets.get(desired.name)
    there = deployed.instances if deployed else {}
    for pair, chosen in desired.pairs.items():
        values = {**desired.definition.parameters, **desired.parameter_sets[chosen]}
        if pair not in there and values.get(_PARAMETER) != _EXISTING:
            yield pair


def _taken(facts: Facts, desired: Desired, taken: Mapping[Pair, RecorderFound]) -> Finding:
    first, found = next(iter(taken.items()))
    what = " and ".join(
        f"{kind} {name}"
        for kind, name in (("recorder", found.recorder), ("channel", found.channel))
        if name
    )
    places = ", ".join(map(str, list(taken)[:_SHOWN]))
    more = f" and {len(taken) - _SHOWN:,} more" if len(taken) > _SHOWN else ""
    template = facts.loaded.templates[desired.key]
    parameter = template.parameters.get(_PARAMETER)
    usable = parameter is not None and _EXISTING in parameter.allowed_values
    return Finding(
        where=f"stack set {desired.key}: {places}{more}",
        why=f"AWS Config has {what} in {first} already, and there can be only one.",
        mend=_override(desired, taken) if usable else _exclusion(desired, taken),
    )


def _override(desired: Desired, places: Iterable[Pair]) -> str:
    """Return the override that leaves what exists as it is, to be pasted into the manifest."""
    lines = ["stack_sets:", f"  {desired.key}:", "    parameter_overrides:"]
    for regions, accounts in _grouped(places).items():
        listed = ", ".join(f'"{account}"' for account in accounts)
        lines += [
            f"      - targets: {{accounts: [{listed}]}}",
            f"        regions: [{', '.join(regions)}]",
            f"        parameters: {{{_PARAMETER}: {_EXISTING}}}",
        ]
    return "\n".join(lines)


def _exclusion(desired: Desired, places: Iterable[Pair]) -> str:
    lines = ["stack_sets:", f"  {desired.key}:", "    targets:", "      exclude:"]
    for regions, accounts in _grouped(places).items():
        listed = ", ".join(f'"{account}"' for account in accounts)
        lines += [
            f"        - accounts: [{listed}]",
            f"          regions: [{', '.join(regions)}]",
            '          reason: "AWS Config records there already"',
        ]
    return "\n".join(lines)


def _grouped(places: Iterable[Pair]) -> Mapping[tuple[Region, ...], list[AccountId]]:
    by_account: dict[AccountId, list[Region]] = defaultdict(list)
    for pair in sorted(places):
        by_account[pair.account].append(pair.region)
    found: dict[tuple[Region, ...], list[AccountId]] = defaultdict(list)
    for account, regions in by_account.items():
        found[tuple(regions)].append(account)
    return found


def _in_suspended(
    facts: Facts, desired: Desired, inventory: StackSetInventory
) -> Iterator[Finding]:
    where: dict[AccountId, list[Pair]] = defaultdict(list)
    for pair in sorted(inventory.instances):
        account = facts.organization.accounts.get(pair.account)
        if account is not None and account.state is not AccountState.ACTIVE:
            where[pair.account].append(pair)
    for number, pairs in where.items():
        regions = " ".join(pair.region for pair in pairs)
        unit = inventory.instances[pairs[0]].unit
        service_managed = desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
        targets = (
            f"--deployment-targets OrganizationalUnitIds={unit},Accounts={number},"
            "AccountFilterType=INTERSECTION"
            if service_managed
            else f"--accounts {number}"
        )
        state = facts.organization.accounts[number].state
        yield Finding(
            where=f"account {number}, stack set {desired.name}",
            why=f"it is {state} and has {len(pairs)} stack instances, which no operation reaches "
            "any more. They can only be let go, with their stacks kept.",
            mend=f"aws cloudformation delete-stack-instances --stack-set-name {desired.name} "
            f"{targets} --regions {regions} --retain-stacks",
        )


def _not_looked(facts: Facts) -> str:
    if facts.not_looked_into:
        return f"{facts.not_looked_into:,} accounts were not looked into; --all-accounts does"
    return "no account was looked into; name a role that may with --probe-role"
