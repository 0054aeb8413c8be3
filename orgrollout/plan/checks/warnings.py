"""What a person should know before a plan is carried out, and that does not stand in its way."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set

from orgrollout.manifest.once_advice import cure, once_words
from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import STAYED, Differences
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks.doomed import (
    meets_another_manifest,
    meets_kept_stacks,
    takes_a_name_twice,
)
from orgrollout.plan.commands import for_stack_set
from orgrollout.plan.model.plan import SIDE_BY_SIDE, PlannedOperation

MANY = 200  # operations of one stack set


def warnings_of(request: Request, differences: Mapping[StackSetKey, Differences]) -> Iterator[str]:
    """Yield the warnings, each of them whole."""
    for key, difference in differences.items():
        yield from _left_alone(key, difference, request)
        yield from _inoperable(key, difference)
        yield from creation_warnings(key, difference, request)
        yield from _cannot_go(key, difference, request)
    for key, desired in request.desired.items():
        yield from _managed_execution(key, desired, request)
        inventory = request.deployed(desired)
        for operation in inventory.running if inventory else ():
            yield f"{key}: operation {operation} is under way on {desired.name}"
    for name in request.inventory.orphaned:
        yield (
            f"stack set {name} was made by this manifest, which no longer names it. It is left "
            "alone; `state: absent` would take it away."
        )


def creation_warnings(
    key: StackSetKey, differences: Differences, request: Request
) -> Iterator[str]:
    """Yield why stack instances that are to be created will fail."""
    yield from _retained(key, differences, request)
    yield from _once_only(key, differences, request)
    yield from _taken(key, differences, request)


def many_operations(
    operations: Iterable[PlannedOperation], side_by_side: Set[StackSetKey] = frozenset()
) -> Iterator[str]:
    """Yield, with the arithmetic, which stack sets take more operations than anybody wants.

    CloudFormation takes one set of overrides an operation, and one operation at a time but for
    stack sets ``side_by_side``, by managed execution.
    """
    found: dict[StackSetKey, list[PlannedOperation]] = defaultdict(list)
    for operation in operations:
        found[operation.stack_set].append(operation)
    for key, mine in found.items():
        if len(mine) > MANY:
            sets = len({operation.parameter_set for operation in mine})
            waves = len({operation.wave for operation in mine})
            each = len(mine) / (sets * waves)
            yield (
                f"{key}: {len(mine):,} operations = {sets:,} distinct sets of overrides x {waves} "
                f"waves x {each:.1f} on average for accounts with different Regions. "
                f"{_at_a_time(len(mine), parallel=key in side_by_side)} Fewer distinct values, or "
                "fewer waves, make fewer operations."
            )


def _at_a_time(operations: int, *, parallel: bool) -> str:
    if parallel:
        hours = operations / SIDE_BY_SIDE / 60
        return f"Up to {SIDE_BY_SIDE} run side by side: at a minute each, {hours:.1f} hours."
    return (
        f"They run one after another: at a minute each, {operations / 60:.1f} hours; "
        f"`managed_execution: true` lets up to {SIDE_BY_SIDE} run side by side."
    )


def _managed_execution(
    key: StackSetKey, desired: DesiredStackSet, request: Request
) -> Iterator[str]:
    """Yield what a person does where managed execution is wanted otherwise than it is.

    It is changed by an UpdateStackSet of its own, and what that does to stack instances, or to
    parameters that it leaves out, is not documented: so it is not sent from here.
    """
    wanted, inventory = desired.managed_execution, request.deployed(desired)
    if inventory is None or wanted in {None, inventory.deployed.definition.managed_execution}:
        return
    command = for_stack_set(
        "update-stack-set",
        desired.name,
        "--use-previous-template",
        "--managed-execution",
        f"Active={str(wanted).lower()}",
        home_region=request.home_region,
        model=desired.definition.permission_model,
        call_as=request.call_as,
    )
    yield (
        f"{key}: managed execution is {'off' if wanted else 'on'} for {desired.name}, and is "
        f"turned {'on' if wanted else 'off'} by hand, when none of its operations runs: "
        f"`{command}`, with UsePreviousValue for each of its parameters, and with its "
        "capabilities; what that does to stack instances is not documented. Until then its "
        "operations run one by one."
    )


def _left_alone(key: StackSetKey, differences: Differences, request: Request) -> Iterator[str]:
    alone = {pair.account: reason for pair, reason in differences.left_alone.items()}
    stays = f", so {request.desired[key].name} stays" if request.desired[key].absent else ""
    for account, reason in sorted(alone.items()):
        advice = ""
        if reason.endswith(STAYED):
            command = _by_hand(key, differences, request, account)
            advice = f". By hand, once CloudFormation takes it: `{command}`"
        elif account in request.membership.dormant:
            advice = ". `guards: {detach_suspended: true}` detaches them; the stacks stay"
        yield f"{key}: stack instances in {account} are left alone{stays}: {reason}{advice}"


def _by_hand(
    key: StackSetKey, differences: Differences, request: Request, account: AccountId
) -> str:
    """Return what detaches an account's stack instances, whatever came of it before."""
    desired = request.desired[key]
    regions = sorted({pair.region for pair in differences.left_alone if pair.account == account})
    service = desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
    root = request.organization.root
    where = (
        (
            "--deployment-targets",
            f"OrganizationalUnitIds={root},Accounts={account},AccountFilterType=INTERSECTION",
        )
        if service
        else ("--accounts", account)
    )
    return for_stack_set(
        "delete-stack-instances",
        desired.name,
        *where,
        "--regions",
        *regions,
        "--retain-stacks",
        home_region=request.home_region,
        model=desired.definition.permission_model,
        call_as=request.call_as,
    )


def _inoperable(key: StackSetKey, differences: Differences) -> Iterator[str]:
    """Yield how many stack instances no update reaches, and the way out."""
    left = sorted(differences.inoperable.keys() - differences.recovered.keys())
    if left:
        many = f"{len(left):,} stack instances are" if len(left) > 1 else "one stack instance is"
        yield (
            f"{key}: {many} left alone, which no update reaches, e.g. {left[0]}: "
            f"{differences.inoperable[left[0]].reason}. Fix the stack in its account, then plan "
            "with --recover-inoperable: it is detached, stays as it is, and is imported again."
        )


def _retained(key: StackSetKey, differences: Differences, request: Request) -> Iterator[str]:
    """Yield which new stack instances meet a stack that was kept when they were detached."""
    kept = request.retained.get(key, {})
    meeting = sorted(meets_kept_stacks(key, differences, request))
    if meeting:
        rollouts = ", ".join(sorted({kept[pair] for pair in meeting}))
        yield (
            f"{key}: {len(meeting):,} stack instances to create were detached before, by "
            f"{rollouts}, and their stacks were kept, e.g. in {meeting[0]}. Creating them again "
            "fails where a name is taken, and makes a second copy where none is. Import the "
            "stacks (`import_stacks`, by ImportStacksToStackSet), or delete them first."
        )


def _once_only(key: StackSetKey, differences: Differences, request: Request) -> Iterator[str]:
    """Yield which new stack instances make in several Regions what an account has once."""
    twice = takes_a_name_twice(key, differences, request)
    if twice:
        desired = request.desired[key]
        yield (
            f"{key}: {len(twice):,} stack instances to create, e.g. {min(twice)}, make what there "
            f"is once: {once_words(desired.once)} {cure(key, desired.once)}"
        )


def _taken(key: StackSetKey, differences: Differences, request: Request) -> Iterator[str]:
    """Yield which new stack instances give a name that another manifest has given already."""
    meeting, taken = meets_another_manifest(key, differences, request), request.taken.get(key)
    if meeting and taken:
        yield (
            f"{key}: {len(meeting):,} to create, e.g. {min(meeting)}, would fail: {taken.what} is "
            f"there already, from stack set {taken.stack_set} of manifest {taken.manifest}. Give "
            "one of the two another name (a parameter such as NamePrefix), or leave the stack set "
            "out of one manifest."
        )


def _cannot_go(key: StackSetKey, differences: Differences, request: Request) -> Iterator[str]:
    """Yield why a stack set that is to be absent may stay: it must be empty to be deleted."""
    desired = request.desired[key]
    going = {pair.account for pairs in differences.removals.values() for pair in pairs}
    asleep = sorted(going & request.membership.dormant.keys())
    if desired.absent and asleep:
        yield (
            f"{key}: stack instances in {', '.join(asleep)}, which can be deployed to no more, "
            "are detached; their stacks stay. Should CloudFormation skip them all the same, "
            f"{desired.name} stays, too, and the next plan says so."
        )
