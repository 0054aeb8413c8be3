"""Reading what is not as deployed, for one manifest: a call for each drifted stack instance."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from orgrollout.aws.transport.rate_limits import STACK_SETS
from orgrollout.drift.classify import Viewpoint, classify, not_checkable
from orgrollout.drift.detections import Detections, Telling, with_operation
from orgrollout.drift.finding import ACCESS, Finding, FindingKind
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.drift.history import is_old_news
from orgrollout.drift.ignoring import rule_warnings
from orgrollout.drift.instances import instance_findings
from orgrollout.errors import OperationNotFoundError, StackSetNotFoundError
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.secrets import secrets_of
from orgrollout.model.ids import OperationId, Pair, StackSetKey, StackSetName
from orgrollout.model.stack_set import StackInstance
from orgrollout.organization.desired import DesiredStackSet, DesiredState
from orgrollout.plan.build.compare import compare
from orgrollout.plan.build.membership import membership_of
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.detections import WITHDRAWN, read_intent
from orgrollout.reconcile.documents.findings import history
from orgrollout.reconcile.reading.inventory import Progress
from orgrollout.reconcile.reading.plan_request import Picture

DRIFTED = "DRIFTED"
_TOLD = {DRIFTED, "IN_SYNC"}  # any other status: not looked at, or not possible
Chosen = Callable[[StackSetKey, Pair], bool]
_WORTH_SAYING = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read of one stack set."""

    look: StackSetLook
    findings: tuple[Finding, ...] = ()


def gather_findings(
    loaded: LoadedManifest,
    picture: Picture,
    context: Context,
    progress: Progress,
    *,
    chosen: Chosen | None = None,
    posture: Iterable[Finding] | None = None,
) -> Findings:
    """Return everything that is not as deployed, as far as it was looked at.

    ``picture`` was taken with ``drift=True``. ``chosen`` narrows what is looked at. ``posture`` is
    what was found where drift detection cannot look; None: it was not looked at.

    Raises:
        AwsError: Something could not be read.
    """
    membership = membership_of(picture.organization, loaded.manifest.guards)
    reads: list[_Read] = []
    instances: list[Finding] = []
    for key, desired in picture.desired.stack_sets.items():
        inventory = picture.inventory.stack_sets.get(desired.name)
        there = (*desired.pairs, *(inventory.instances if inventory else ()))
        if chosen is not None and not any(chosen(key, pair) for pair in there):
            continue
        differences = compare(desired, inventory, membership)
        instances += instance_findings(key, differences, inventory, context.clock.now())
        reads.append(read_drift(desired, inventory, context, progress, chosen=chosen))
    looks = tuple(read.look for read in reads)
    resources = [finding for read in reads for finding in read.findings]
    found = (*resources, *instances, *(posture or ()))
    looked = {FindingKind.RESOURCE, FindingKind.INSTANCE}
    is_meant = chosen or (lambda _key, _pair: True)
    return Findings(
        stack_sets=looks,
        findings=tuple(f for f in found if is_meant(f.stack_set, f.pair)),
        warnings=()
        if chosen is not None
        else tuple(_warnings(picture.desired, found, looks, posture)),
        kinds=frozenset(looked if posture is None else {*looked, FindingKind.POSTURE}),
        checks=dict(_checks(loaded, looks)),
    )


def read_drift(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    context: Context,
    progress: Progress,
    *,
    chosen: Chosen | None = None,
) -> _Read:
    """Return what the last detections of one stack set found, a call per drifted instance."""
    key, name = desired.key, desired.name
    look = StackSetLook(key=key, name=name)
    if inventory is None:
        return _Read(look=look)
    try:
        detections = _detections(name, context)
    except StackSetNotFoundError:  # deleted since it was listed
        return _Read(look=look)
    looking = _Looking(
        context=context,
        desired=desired,
        view=_view(desired, inventory),
    )
    meant = [
        instance
        for pair, instance in inventory.instances.items()
        if pair in desired.pairs and (chosen is None or chosen(key, pair))
    ]
    return looking.read(meant, detections, progress)


def _detections(name: StackSetName, context: Context) -> Detections:
    """Return what is known of detections, the newest of ours included: lists lag behind."""
    found = context.stack_sets.detections(name)
    intent = read_intent(context.journal, name)
    if intent is None or intent.ended == WITHDRAWN:
        return found
    if any(operation.id == intent.operation for operation in found.operations):
        return found
    ours = context.stack_sets.describe_operation(name, intent.operation)
    return found if ours is None else with_operation(found, ours)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looking:
    """Looking at the stack instances of one stack set."""

    context: Context
    desired: DesiredStackSet
    view: Viewpoint

    def read(self, meant: list[StackInstance], detections: Detections, progress: Progress) -> _Read:
        telling = Telling(detections)
        looked = (i for i in meant if i.drift_status in _TOLD)
        told = {i.pair: o for i in looked if (o := telling.operation(i)) is not None}
        drifted = [i for i in meant if i.pair in told and i.drift_status == DRIFTED]
        self._announce(len(drifted), progress)
        unseen: Counter[str] = Counter()
        findings: list[Finding] = []
        for instance in drifted:
            found = self._findings(instance, told[instance.pair], unseen)
            if found is None:
                told.pop(instance.pair)
            else:
                findings += found
        records = history(self.context.journal, self.desired.name)
        still = tuple(f for f in findings if not is_old_news(records, f))
        old_news = [finding for finding in findings if is_old_news(records, finding)]
        look = StackSetLook(
            key=self.desired.key,
            name=self.desired.name,
            view=self.view,
            detection=detections.last,
            running=detections.running,
            meant=frozenset(instance.pair for instance in meant),
            told=frozenset(told),
            not_checkable=dict(sorted(unseen.items())),
            repaired_since=len(old_news),
            repaired_at=frozenset(finding.pair for finding in old_news),
        )
        return _Read(look=look, findings=still)

    def _findings(
        self, instance: StackInstance, operation: OperationId, unseen: Counter[str]
    ) -> list[Finding] | None:
        """Return what was found in one stack instance; None where it is not known any more.

        CloudFormation may call an instance DRIFTED and name no resource that is.
        """
        try:
            drifts = self.context.stack_sets.resource_drifts(
                self.desired.name, instance.pair, operation
            )
        except OperationNotFoundError:
            return None
        unseen.update(not_checkable(drifts))
        found = list(classify(self.view, instance.pair, drifts, instance.last_drift_check))
        return found or None

    def _announce(self, calls: int, progress: Progress) -> None:
        takes = timedelta(seconds=round(calls / STACK_SETS.per_second))
        what = f"{self.desired.name}: reading what drifted in {calls:,} stack instances"
        if takes >= _WORTH_SAYING:
            progress(f"{what}: about {takes} at {STACK_SETS.per_second:g} a second")
        elif calls:
            progress(what)


def _checks(
    loaded: LoadedManifest, looks: Iterable[StackSetLook]
) -> Iterator[tuple[StackSetKey, frozenset[str]]]:
    """Yield the names of the posture checks of each stack set that has something to look at."""
    for look in looks:
        template = loaded.templates.get(look.key)
        if template is not None and template.metadata.posture and look.meant:
            yield look.key, frozenset(check.name for check in template.metadata.posture)


def _view(desired: DesiredStackSet, inventory: StackSetInventory) -> Viewpoint:
    definition = inventory.deployed.definition
    overrides = [i.overrides for i in inventory.instances.values() if i.overrides]
    values = (definition.parameters, *desired.parameter_sets.values(), *overrides)
    return Viewpoint(
        stack_set=desired.key,
        rules=desired.accepts,
        secrets=secrets_of(definition.template_body, values),
    )


def _warnings(
    desired: DesiredState,
    findings: Collection[Finding],
    looks: Iterable[StackSetLook],
    posture: Iterable[Finding] | None,
) -> Iterator[str]:
    known = [look for look in looks if look.told]
    whole = [look.key for look in known if not look.unknown]
    unseen = [finding for finding in posture or () if finding.unseen]
    is_checked = posture is not None and not any(finding.what == ACCESS for finding in unseen)
    dark = {finding.stack_set for finding in unseen}
    checked = [look.key for look in known if is_checked and look.key not in dark]
    rules = [rule for each in desired.stack_sets.values() for rule in each.accepts]
    yield from desired.ending
    yield from rule_warnings(rules, findings, whole, checked)
