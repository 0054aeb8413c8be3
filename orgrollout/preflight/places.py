"""Is there a place for what the templates make: Regions, quotas, live accounts?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.regions import is_opt_in
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import AccountState, Organization
from orgrollout.plan.checks.refusals import MAX_INSTANCES
from orgrollout.plan.commands import aws, for_stack_set
from orgrollout.preflight.facts import Facts, unasked
from orgrollout.preflight.finding import Check, Finding, Unknown

MAX_STACK_SETS = 1_000  # per administrator account (CloudFormation quotas)


def opt_in_regions(facts: Facts) -> Check:
    """A Region that is not enabled, in the target or in the administrator's account, fails."""
    wanted = wanted_opt_in_regions(facts.desired, facts.organization, facts.caller)
    if not wanted:
        return Check(name="opt-in Regions", looked_at="all Regions are enabled by default")
    findings: list[Finding] = []
    gaps: dict[str, None] = {}
    left_out = 0
    for account, regions in sorted(wanted.items()):
        enabled = facts.regions.get(account)
        if enabled is None:
            left_out += 1
        elif isinstance(enabled, Unknown):
            gaps[enabled.reason] = None
        else:
            findings += (_not_enabled(account, region) for region in sorted(regions - enabled))
    if left_out:  # asked from outside of the account, through no role
        gaps[unasked(left_out, "asked for")] = None
    return Check(
        name="opt-in Regions",
        findings=tuple(findings),
        not_checked=tuple(gaps),
        looked_at="every account has its Regions enabled",
    )


def wanted_opt_in_regions(
    desired: Mapping[StackSetKey, DesiredStackSet], organization: Organization, caller: AccountId
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


def quotas(facts: Facts) -> Check:
    """Stack sets per administrator, stack instances per stack set."""
    if isinstance(facts.stack_sets, Unknown):
        return Check(name="quotas", not_checked=(facts.stack_sets.reason,), blind=True)
    new = [d for d in facts.desired.values() if d.name not in facts.inventory.stack_sets]
    total = facts.stack_sets + sum(not d.absent for d in new)
    findings = []
    if total > MAX_STACK_SETS:
        findings.append(
            Finding(
                where=f"account {facts.caller}, {facts.home_region}",
                why=f"there would be {total:,} stack sets, and the quota is {MAX_STACK_SETS:,} "
                "unless it was raised.",
                mend=aws(
                    "service-quotas", "list-service-quotas", "--service-code", "cloudformation"
                ),
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
        mend=aws("account", "enable-region", "--account-id", account, "--region-name", region),
    )


def _in_suspended(
    facts: Facts, desired: DesiredStackSet, inventory: StackSetInventory
) -> Iterator[Finding]:
    where: dict[AccountId, list[Pair]] = defaultdict(list)
    for pair in sorted(inventory.instances):
        account = facts.organization.accounts.get(pair.account)
        if account is not None and account.state is not AccountState.ACTIVE:
            where[pair.account].append(pair)
    for number, pairs in where.items():
        state = facts.organization.accounts[number].state
        yield Finding(
            where=f"account {number}, stack set {desired.name}",
            why=f"it is {state} and has {len(pairs)} stack instances, which no operation reaches "
            "any more. They can only be detached, with their stacks kept.",
            mend=_letting_go(facts, desired, inventory, pairs),
        )


def _letting_go(
    facts: Facts, desired: DesiredStackSet, inventory: StackSetInventory, pairs: list[Pair]
) -> str:
    account, unit = pairs[0].account, inventory.instances[pairs[0]].unit
    model = desired.definition.permission_model
    filtered = f"{unit},Accounts={account},AccountFilterType=INTERSECTION"
    targets = (
        ("--deployment-targets", f"OrganizationalUnitIds={filtered}")
        if model is PermissionModel.SERVICE_MANAGED
        else ("--accounts", account)
    )
    return for_stack_set(
        "delete-stack-instances",
        desired.name,
        *targets,
        "--regions",
        *(pair.region for pair in pairs),
        "--retain-stacks",
        home_region=facts.home_region,
        model=model,
        call_as=facts.call_as,
    )
