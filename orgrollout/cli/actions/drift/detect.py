"""`drift --detect`: which stack sets are looked at, and what there is to tell meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic_core import PydanticCustomError
from rich.text import Text

from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.options.groups import Narrow
from orgrollout.cli.session import Session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drift.findings import Findings
from orgrollout.drivers.detecting import detect
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.values import duration
from orgrollout.model.ids import StackSetKey, StackSetName
from orgrollout.reconcile.drift.detect import DetectionPhase, DetectionStep
from orgrollout.reconcile.drift.detection_targets import detection_targets
from orgrollout.report.layout.words import span

_ENDS = {
    DetectionPhase.STOPPED: "the detection was stopped before it had looked everywhere",
    DetectionPhase.GONE: "there is no such stack set",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """How looking for drift ended, where there is something to say of it."""

    words: Mapping[StackSetKey, str] = field(default_factory=dict)
    interrupted: bool = False

    def is_short_of(self, found: Findings) -> bool:
        """Return whether a stack set was not looked at that has something to look at."""
        return any(look.key in self.words and look.instances for look in found.stack_sets)


def detect_drift(
    loaded: LoadedManifest, narrow: Narrow, session: Session, patience: timedelta
) -> Detected:
    """Look for drift in all stack sets of the manifest that are meant, and say how it goes.

    Whose organization it is, and whose stack set, is looked at before: a detection changes
    nothing, but keeps everybody else from the stack set.
    """
    targets = detection_targets(loaded, session.planning, _meant(loaded, narrow))
    if targets is None:
        return Detected()  # what follows refuses the manifest, in its own words
    words, names = dict(targets.left_out), targets.names
    telling = _Telling(session.screen, names)
    try:
        ended = detect(names, session.context, telling.follow, telling.waiting, patience=patience)
    except KeyboardInterrupt:
        session.screen.errors.print(Text(_left_alone(loaded, session)), soft_wrap=True)
        return Detected(interrupted=True)
    words |= {names[name]: text for name, step in ended.items() if (text := _ending(step))}
    return Detected(words=words)


def patience_of(timeout: str) -> timedelta:
    """Return how long operations of others are waited for.

    Raises:
        WrongUsageError: It is no duration.
    """
    try:
        return duration(timeout)
    except PydanticCustomError as error:
        raise WrongUsageError(f"--timeout {timeout}: {error.message()}") from error


def _left_alone(loaded: LoadedManifest, session: Session) -> str:
    if session.forgets:
        return "What was started is gone with the simulated organization."
    return (
        "What was started goes on in AWS, until a rollout of ours needs the stack set. To go on "
        f"with it: {session.detection(loaded)}"
    )


def _meant(loaded: LoadedManifest, narrow: Narrow) -> Iterator[StackSetKey]:
    for key in map(StackSetKey, loaded.manifest.stack_sets):
        if not narrow.stack_set or {key, str(loaded.stack_set_name(key))} & {*narrow.stack_set}:
            yield key


def _ending(step: DetectionStep) -> str:
    match step.phase:
        case DetectionPhase.YIELDING:
            return (
                f"not looked at now, since {step.held_by} is running on it; if the process that "
                f"drove it has ended, `orgrollout resume {step.held_by}` goes on with it"
            )
        case DetectionPhase.WAITING:
            busy = f" ({step.held_by})" if step.held_by else ""
            return f"not looked at now, since an operation of others goes on{busy}"
        case DetectionPhase.REFUSED:
            return f"CloudFormation does not look for drift here: {step.held_by}"
        case _:
            return _ENDS.get(step.phase, "")


class _Telling:
    """Says what is new about each stack set, once."""

    def __init__(self, screen: Screen, names: Mapping[StackSetName, StackSetKey]) -> None:
        self._screen = screen
        self._names = names
        self._said: dict[StackSetName, DetectionPhase] = {}

    def follow(self, step: DetectionStep) -> None:
        if self._said.get(step.stack_set) is step.phase:
            return
        self._said[step.stack_set] = step.phase
        if text := self._text(step):
            self._screen.progress(f"{self._names[step.stack_set]}: {text}")

    def waiting(self, error: OrgRolloutError, pause: timedelta) -> None:
        self._screen.progress(f"{error} Trying again in {span(pause)}; nothing is lost.")

    def _text(self, step: DetectionStep) -> str:
        match step.phase:
            case DetectionPhase.RUNNING:
                return "looking for drift in all stack instances. Ctrl-C leaves it running."
            case DetectionPhase.WAITING if step.wake_after is not None and step.held_by:
                return f"busy with {step.held_by}, which is not ours; waiting"
            case DetectionPhase.ENDED:
                return "looked for drift"
            case _:
                return _ending(step) if step.wake_after is None else ""
