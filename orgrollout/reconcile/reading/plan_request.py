"""From a manifest and an organization to a plan. Reads, and never writes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from orgrollout.aws.organizations import describe_organization
from orgrollout.errors import OrgRolloutError
from orgrollout.inventory.inventory import Inventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.organization.adoption import as_adopted
from orgrollout.organization.desired import AccountSummary, DesiredState, LeftOutState
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks.recent import recent_accounts
from orgrollout.plan.make_plan import make_plan
from orgrollout.plan.model.plan import Plan, Skipped
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.retained_stacks import retained_stacks
from orgrollout.reconcile.process.garbage_collection import rarely_collected
from orgrollout.reconcile.reading.departures import unknown_departures
from orgrollout.reconcile.reading.home_region import HomeRegionError, refuse_second_home
from orgrollout.reconcile.reading.inoperable_stacks import with_their_stacks
from orgrollout.reconcile.reading.inventory import Progress, Refresh, Remembered, read_inventory
from orgrollout.reconcile.reading.inventory_cache import Memories, own_operations
from orgrollout.reconcile.reading.organization import read_for
from orgrollout.reconcile.reading.organization_cache import remember
from orgrollout.reconcile.reading.other_manifests import names_taken
from orgrollout.rollout.ledger_then import ledger_then

Narrowing = Callable[[Organization], Callable[[StackSetKey, Pair], bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is wanted and what is there: a plan or a ledger is made from it."""

    organization: Organization
    desired: DesiredState
    inventory: Inventory
    taken: datetime  # when reading began
    unknown: Mapping[AccountId, str] = field(default_factory=dict)  # not listed; why not gone


class WrongPlaceError(OrgRolloutError):
    """What was to be done is for another organization or home Region. Nothing was sent."""

    def __init__(self, what: str, organization: str, called: str = "another organization") -> None:
        super().__init__(
            f"{what} is for {organization}, and {called} is called. Nothing was sent. Connect with "
            "the credentials and the home Region of the place that is meant."
        )


def check_place(plan: Plan, context: Context) -> None:
    """Return if the plan is for the organization and the home Region that are called.

    Raises:
        WrongPlaceError: It is for another one.
    """
    organization, _ = describe_organization(context.connection)
    home = context.connection.home_region
    if (plan.organization, plan.home_region) != (organization, home):
        meant = f"{plan.organization} in {plan.home_region}"
        raise WrongPlaceError("the plan", meant, f"{organization} in {home}")


def check_home_region(loaded: LoadedManifest, context: Context) -> Region:
    """Return the Region that the stack sets live in.

    Raises:
        HomeRegionError: The manifest says another than the one that is called.
    """
    home = context.connection.home_region
    if loaded.home_region not in {None, home}:
        raise HomeRegionError(
            f"{loaded.path} has home_region {loaded.home_region}, but {home} is called. "
            "Leave out --home-region, or change home_region."
        )
    return home


@rarely_collected()
def look(
    loaded: LoadedManifest,
    context: Context,
    progress: Progress,
    *,
    refresh: Refresh = Refresh.INCREMENTAL,
    drift: bool = False,
) -> Picture:
    """Return what the manifest wants and what is deployed.

    With ``drift``, what the last drift detection found is up to date too.

    Raises:
        ManifestError: It does not fit this organization.
        AwsError: Something could not be read.
    """
    manifest = loaded.manifest
    taken = context.clock.now()
    home = check_home_region(loaded, context)
    organization = read_for(manifest, context, progress)
    remember(context.journal, organization, context.clock.now())
    desired = desired_stack_sets(loaded, organization, home_region=home, now=context.clock.now())
    memories = Memories(context.journal, progress)
    known = memories.recall(each.name for each in desired.stack_sets.values())
    now = context.clock.now()
    observed = read_inventory(
        context.stack_sets,
        manifest.name,
        desired.stack_sets.values(),
        Remembered(
            memories=known if refresh is Refresh.INCREMENTAL else {},
            own=own_operations(context.journal, now),
        ),
        drift=drift,
        now=now,
        progress=progress,
    )
    memories.keep(observed.memories)
    unread = refuse_second_home(loaded, desired, observed.inventory, context, progress)
    desired = replace(desired, warnings=(*desired.warnings, *unread))
    adopted = _adopting(desired, observed.inventory)
    return Picture(
        organization=organization,
        desired=adopted,
        inventory=observed.inventory,
        taken=taken,
        unknown=unknown_departures(organization, adopted, observed.inventory, context, progress),
    )


def _adopting(desired: DesiredState, inventory: Inventory) -> DesiredState:
    """Return what is wanted, as far as stack sets that others made allow it without a touch."""
    stack_sets = {
        key: as_adopted(each, inventory.stack_sets[each.name].deployed)
        if each.name in inventory.stack_sets
        else each
        for key, each in desired.stack_sets.items()
    }
    return replace(desired, stack_sets=stack_sets)


@rarely_collected()
def plan_from(
    loaded: LoadedManifest,
    picture: Picture,
    context: Context,
    *,
    narrowing: Narrowing | None = None,
    allow_removals: int | None = None,
    allow_departed: int | None = None,
    recover_inoperable: bool = False,
) -> Plan:
    """Return what has to be done.

    Raises:
        PlanRefusedError: It would do harm; all reasons at once.
    """
    return make_plan(
        request_from(
            loaded,
            picture,
            context,
            narrowing=narrowing,
            allow_removals=allow_removals,
            allow_departed=allow_departed,
            recover_inoperable=recover_inoperable,
        )
    )


def request_from(
    loaded: LoadedManifest,
    picture: Picture,
    context: Context,
    *,
    narrowing: Narrowing | None = None,
    allow_removals: int | None = None,
    allow_departed: int | None = None,
    recover_inoperable: bool = False,
) -> Request:
    """Return what a plan is made from, or a saved plan is checked against."""
    retained = retained_stacks(context.journal)
    inventory = picture.inventory
    if recover_inoperable:
        inventory = with_their_stacks(inventory, context)
    return Request(
        manifest=loaded.manifest,
        organization=picture.organization,
        home_region=context.connection.home_region,
        desired=picture.desired.stack_sets,
        inventory=inventory,
        call_as=context.stack_sets.call_as,
        recover_inoperable=recover_inoperable,
        selected=narrowing(picture.organization) if narrowing else None,
        allow_removals=allow_removals,
        allow_departed=allow_departed,
        unknown=picture.unknown,
        retained={
            key: retained[desired.name]
            for key, desired in picture.desired.stack_sets.items()
            if desired.name in retained
        },
        taken=names_taken(
            context.journal, loaded.manifest.name, picture.desired.stack_sets, inventory
        ),
        opening=(_accounts(picture.desired.accounts),),
        skipped=tuple(_skipped(picture)),
        recent=recent_accounts(picture.organization, context.clock.now()),
        warnings=picture.desired.warnings,
        now=context.clock.now(),
        ledger=partial(
            ledger_then,
            picture.organization,
            picture.desired.stack_sets,
            picture.inventory,
            picture.taken,
        ),
    )


def _skipped(picture: Picture) -> Iterator[Skipped]:
    """Yield each account that is meant, and that nothing can be deployed to, once."""
    found = {
        account: why.reason
        for desired in picture.desired.stack_sets.values()
        for account, why in desired.left_out.items()
        if why.state is LeftOutState.SKIPPED
    }
    for account, reason in sorted(found.items()):
        name = picture.organization.accounts[account].name
        yield Skipped(account=account, name=name, reason=reason)


def _accounts(accounts: AccountSummary) -> str:
    """Return how many accounts there are, and why not all of them are reached."""
    parts = [f"{accounts.targeted:,} targeted"]
    parts += [
        f"{count:,} {state.lower().replace('_', ' ')}"
        for state, count in sorted(accounts.not_active.items())
    ]
    if accounts.excluded:
        parts.append(f"{accounts.excluded:,} excluded")
    if accounts.waived:
        parts.append(f"{accounts.waived:,} waived")
    if accounts.not_targeted:
        parts.append(f"{accounts.not_targeted:,} not targeted")
    if accounts.management:
        parts.append("1 management (unreachable: service-managed)")
    return f"accounts: {accounts.total:,} = {' + '.join(parts)}"
