"""From findings to a plan that repairs them. Reads, and changes nothing but drift detections."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from orgrollout.drift.finding import Finding, FindingKind
from orgrollout.drift.findings import Findings
from orgrollout.drift.history import Record
from orgrollout.drift.ignoring import kept_by, subjects_kept_by
from orgrollout.drift.left import Unrepaired
from orgrollout.drift.repair import Limits, Refusal
from orgrollout.drift.resync import Resync, plan_resync
from orgrollout.drift.unseen import unseen
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.schema import Unattended
from orgrollout.model.cause import Cause
from orgrollout.model.ids import Digest, Pair, RolloutId, StackSetKey, StackSetName
from orgrollout.model.operation import OperationAction
from orgrollout.plan.build.request import Request
from orgrollout.plan.model.plan import MemberRole
from orgrollout.plan.model.windows import Window, windows_of
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.findings import history, remember_findings
from orgrollout.reconcile.drift.confirm_suspects import confirm
from orgrollout.reconcile.drift.look_at_posture import look_at_posture
from orgrollout.reconcile.drift.look_now import looked_now
from orgrollout.reconcile.drift.read_findings import gather_findings
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.reconcile.reading.inventory import Progress
from orgrollout.reconcile.reading.plan_request import Narrowing, Picture, request_from

Stacks = Mapping[StackSetKey, Mapping[Pair, str]]
_FEW = 3  # stack instances: described one by one that is cheaper than a list


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncPlan:
    """What was found, and what is to be done about it."""

    findings: Findings
    resync: Resync

    @property
    def left(self) -> tuple[Unrepaired, ...]:
        """Return what is not repaired, and what could not be looked at."""
        changes = self.resync.plan.changes()
        made = {(o.stack_set, pair) for o, pair, _ in changes if o.action is OperationAction.CREATE}
        return (*self.resync.left, *unseen(self.findings, made))


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncRequest:
    """How far a re-sync may go."""

    allowed_types: tuple[str, ...] = ("*",)  # of resources
    refused_again: bool = True  # try stacks whose change set was refused before
    fought_again: bool = True  # repair what came back after it was repaired
    windows: tuple[Window, ...] = ()  # in which repairs may begin; empty: at any time
    recover_inoperable: bool = False
    recreate: bool = False  # delete and create what nothing else repairs
    look_now: bool = False  # at the stacks that are chosen, whatever the last detection told

    @classmethod
    def unattended(cls, limits: Unattended) -> "ResyncRequest":
        """Return how far a re-sync without a person may go."""
        return cls(
            allowed_types=limits.resource_types,
            refused_again=False,
            fought_again=False,
            windows=windows_of(limits.windows),
        )


def seek_repairs(
    loaded: LoadedManifest,
    picture: Picture,
    context: Context,
    progress: Progress,
    *,
    narrowing: Narrowing | None = None,
    wanted: ResyncRequest = ResyncRequest(),
) -> ResyncPlan:
    """Return what is not as deployed, and how it is repaired, after a second look at suspects.

    ``picture`` was taken with ``drift=True``. What was found is remembered.

    Raises:
        PlanRefusedError: It would do harm; all reasons at once.
        AwsError: Something could not be read.
    """
    request = request_from(
        loaded,
        picture,
        context,
        narrowing=narrowing,
        recover_inoperable=wanted.recover_inoperable,
    ).compared()
    chosen = request.selected
    posture = look_at_posture(loaded, picture, context, progress, chosen=chosen)
    found = gather_findings(loaded, picture, context, progress, chosen=chosen, posture=posture)
    role = member_role_of(loaded)
    if wanted.look_now and role is not None:
        meant = {look.key: look.meant for look in found.stack_sets}
        found = looked_now(found, _stacks(request, meant, context), role, context, progress)
    elif wanted.look_now:  # what a detection told before is not how the stacks are now
        looks = tuple(replace(look, told=frozenset()) for look in found.stack_sets)
        found = replace(found, stack_sets=looks)
    stacks = _stacks(request, _may_need_their_stack(found.findings), context)
    if role is not None:
        found = confirm(found, stacks, role, context, progress)
    remember_findings(context.journal, context.clock.now(), found, chosen)
    asked = replace(request, stacks=stacks, member_role=role)
    resync = plan_resync(
        asked,
        found.findings,
        _limits(request, wanted, context),
        held=_held(request, context),
        recreate=wanted.recreate,
    )
    return ResyncPlan(findings=found, resync=resync)


def member_role_of(loaded: LoadedManifest) -> MemberRole | None:
    """Return how member accounts are entered to repair, if the manifest says so."""
    drift = loaded.manifest.drift
    if drift.resync_role is None:
        return None
    return MemberRole(role=drift.resync_role, external_id=drift.external_id)


def _held(request: Request, context: Context) -> Mapping[StackSetKey, RolloutId]:
    """Return the stack sets that a rollout has not done with."""
    names = {desired.name: key for key, desired in request.desired.items()}
    return {names[name]: other for name, other in holders_of(context.journal, names).items()}


def _limits(request: Request, wanted: ResyncRequest, context: Context) -> Limits:
    known: Mapping[Digest, Record] = {
        key: record
        for desired in request.desired.values()
        for key, record in history(context.journal, desired.name).items()
        if record.is_open
    }
    refused = {} if wanted.refused_again else _refused(known)
    fought = () if wanted.fought_again else (k for k, r in known.items() if r.came_back)
    return Limits(
        types=wanted.allowed_types,
        keeps=lambda key, pair: kept_by(request.desired[key].accepts, pair),
        subjects=lambda key, pair: subjects_kept_by(request.desired[key].accepts, pair),
        refused=refused,
        fought=frozenset(fought),
        windows=wanted.windows,
    )


def _refused(known: Mapping[Digest, Record]) -> dict[Digest, Refusal]:
    return {
        key: Refusal(record.refused_for or Cause.REFUSED, record.refused)
        for key, record in known.items()
        if record.refused
    }


def _may_need_their_stack(findings: Iterable[Finding]) -> dict[StackSetKey, set[Pair]]:
    wanted: dict[StackSetKey, set[Pair]] = {}
    for finding in findings:
        if finding.kind is FindingKind.RESOURCE:
            wanted.setdefault(finding.stack_set, set()).add(finding.pair)
    return wanted


def _stacks(
    request: Request, wanted: Mapping[StackSetKey, Collection[Pair]], context: Context
) -> Stacks:
    """Return the ids of the stacks of stack instances.

    A list of what drifted has them, a page per hundred; a memory has not.
    """
    return {
        key: _stacks_of(request.desired[key].name, frozenset(pairs), request, key, context)
        for key, pairs in wanted.items()
        if pairs
    }


def _stacks_of(
    name: StackSetName, pairs: frozenset[Pair], request: Request, key: StackSetKey, context: Context
) -> dict[Pair, str]:
    inventory = request.deployed(request.desired[key])
    known = {
        pair: instance.stack_id
        for pair, instance in (inventory.instances if inventory else {}).items()
        if pair in pairs and instance.stack_id
    }
    if len(pairs - known.keys()) > _FEW:
        listed = context.stack_sets.instances(name, drift_status="DRIFTED")
        known |= {i.pair: i.stack_id for i in listed if i.pair in pairs and i.stack_id}
    for pair in sorted(pairs - known.keys()):
        found = context.stack_sets.describe_instance(name, pair)
        if found is not None and found.stack_id:
            known[pair] = found.stack_id
    return known
