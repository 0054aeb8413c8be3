"""Looking for drift without a person: step by step, then the same as `resync --unattended`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from orgrollout.api import Client, Context
from orgrollout.aws.executions import Executions
from orgrollout.drift.findings import Findings
from orgrollout.drift.unattended import as_unattended, why_not_now
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair, StackSetKey, StackSetName
from orgrollout.model.logs import log_of
from orgrollout.model.words import count
from orgrollout.reconcile.documents.detections import read_intent
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.reconcile.drift.detect import DetectionPhase, DetectionStep, detect_step, withdraw
from orgrollout.reconcile.drift.detection_targets import detection_targets
from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest
from orgrollout.reconcile.lifecycle.notify import tell_of_drift
from orgrollout.reconcile.reading.plan_request import WrongPlaceError
from orgrollout.service.driving import Step
from orgrollout.service.jobs import Job, Kind, ensure_execution

_LOG = log_of(__name__)
_ENDED = "ended"  # instead of the id of a detection
PATIENCE = timedelta(minutes=30)  # for operations of others, from the first step on
_LEAST_WAIT = timedelta(seconds=8)


class LookFailedError(OrgRolloutError):
    """Something that had to be looked at at once could not be. It is tried again."""

    def __init__(self, found: Findings, said: str) -> None:
        whys = {finding.reason for finding in found.unseen if finding.reason}
        stacks = sum(look.unknown for look in found.stack_sets)
        parts = [*([count(stacks, "stack")] if stacks else []), *sorted(whys)]
        what = "; ".join(parts or ["some findings"])
        super().__init__(
            f"could not be looked at: {what}. Of the rest: {said}. It is tried again; after five "
            "times the message is among the dead letters."
        )


def drift_step(loaded: LoadedManifest, client: Client, executions: Executions, job: Job) -> Step:
    """Bring the detections of a manifest one step further; after the last one, repair.

    Raises:
        OrgRolloutError: A step failed. The next one attaches to what was begun.
    """
    now = client.context.clock.now()
    began = str(job.progress.get("began") or now.isoformat())
    known = dict(job.progress.get("detections") or {})
    if not job.progress:
        known = dict.fromkeys(_targets(loaded, client.context), "")
    waits = []
    for name in sorted(key for key, each in known.items() if each != _ENDED):
        step = _one(StackSetName(name), client.context, known[name], datetime.fromisoformat(began))
        known[name] = _ENDED if step.wake_after is None else _id(step)
        waits += [] if step.wake_after is None else [step.wake_after]
    if waits:
        progress = {"began": began, "detections": known}
        wait = max(min(waits), _LEAST_WAIT)
        return Step(wait=wait, said="looking for drift", progress=progress)
    return Step(wait=None, said=repair(loaded, client, executions))


def _targets(loaded: LoadedManifest, context: Context) -> Mapping[StackSetName, StackSetKey]:
    """Return the stack sets to look at."""
    keys = map(StackSetKey, loaded.manifest.stack_sets)
    targets = detection_targets(loaded, context, keys)
    if targets is None:
        raise WrongPlaceError(str(loaded.path), loaded.manifest.organization)
    for key, reason in targets.left_out.items():
        _LOG.info("%s: %s", key, reason, extra={"stack_set": loaded.stack_set_name(key)})
    return targets.names


def _one(name: StackSetName, context: Context, known: str, began: datetime) -> DetectionStep:
    intent = read_intent(context.journal, name) if known else None
    mine = intent if intent and intent.operation == known else None
    step = detect_step(name, context, mine)
    waits = step.phase is DetectionPhase.WAITING and step.intent is not None
    if waits and step.intent and context.clock.now() - began > PATIENCE:
        withdraw(name, context, step.intent)
        _LOG.warning("not looked at: busy with %s", step.held_by, extra={"stack_set": name})
        return DetectionStep(stack_set=name, phase=step.phase, held_by=step.held_by)
    if step.wake_after is None and step.phase is not DetectionPhase.ENDED:
        said = f"{step.phase.value} {step.held_by}".strip()
        _LOG.warning("not looked at: %s", said, extra={"stack_set": name})
    return step


def _id(step: DetectionStep) -> str:
    return step.intent.operation if step.intent else ""


def repair(
    loaded: LoadedManifest,
    client: Client,
    executions: Executions,
    *,
    at: Mapping[Pair, int] | None = None,
) -> str:
    """Begin the rollout that repairs what may be repaired without a person, and say what it is.

    ``at``: look at these places alone, after so many events each, and at their stacks as they are
    now. What happens there again is told again.

    Raises:
        LookFailedError: Of ``at``, something could not be looked at. What was found is repaired.
    """
    context = client.context
    request = ResyncRequest.unattended(loaded.manifest.drift.unattended)
    picture = client.look(loaded, drift=True)
    if at is None:
        sought = client.plan_resync(loaded, picture, request=request)
    else:
        there = frozenset(at)
        sought = client.plan_resync(
            loaded,
            picture,
            request=replace(request, look_now=True),
            narrowing=lambda _: lambda _, pair: pair in there,
        )
    if at is None or sought.findings.real:  # of the other places it is not known what there is
        occasion = str(sorted(at.items())) if at else ""
        tell_of_drift(loaded.manifest, sought.findings, context, _warn, occasion)
    said = _repaired(sought, loaded, client, executions)
    if at is not None and not sought.findings.is_complete:
        raise LookFailedError(sought.findings, said)
    return said


def _repaired(
    sought: ResyncPlan, loaded: LoadedManifest, client: Client, executions: Executions
) -> str:
    """Begin the rollout that repairs what was found, and say what it is."""
    limits, context = loaded.manifest.drift.unattended, client.context
    left, plan = len(sought.left), as_unattended(sought.resync.plan, loaded.manifest)
    said = f"{left:,} left to a person" if left else "nothing is left"
    if plan.is_empty:
        return f"nothing is repaired; {said}"
    if why := why_not_now(limits, sought.resync, context.clock.now()):
        _LOG.warning("nothing was repaired: %s", why)
        return f"nothing was repaired: {why}"
    try:
        begun = client.begin(plan)
    except OpenRolloutError as error:
        return _held_up(error, context)
    job = Job(kind=Kind.ROLLOUT, name=begun.state.id)
    ensure_execution(job, context.journal, executions)
    return f"{begun.state.id} repairs; {said}"


def _warn(text: str) -> None:
    _LOG.warning("%s", text)


def _held_up(error: OpenRolloutError, context: Context) -> str:
    """Return why nothing was begun. What does not go on by itself, a person has to look at."""
    if load_rollout(context.journal, error.other).state.phase.is_over:
        _LOG.warning("repairs held up: %s", error, extra={"rollout": error.other})
        return f"repairs held up: {error.other} halted or was stopped, and holds a stack set"
    _LOG.warning("left to the next run: %s", error, extra={"rollout": error.other})
    return "left to the next run: another rollout holds a stack set"
