"""What earlier unattended jobs of a manifest left open: finished first, or told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from orgrollout.cli.actions.rollout.follow import driven
from orgrollout.cli.actions.rollout.next_steps import is_approved, next_step, other_driver
from orgrollout.cli.actions.rollout.supersede import claims_of_manifest
from orgrollout.cli.errors import DONE, FINDINGS, PENDING, UNSEEN, WAITING
from orgrollout.cli.session import Session
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.plan.checks.plan_rules import judged
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.report.layout.words import moment
from orgrollout.rollout.failures.enrolment import only_pending
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.still_wanted import (
    Desired,
    UnattendedJob,
    why_not_allowed,
    why_not_wanted,
)

_ENDED = frozenset({Outcome.SUCCEEDED, Outcome.FAILURES})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnJob:
    """The job that looks for earlier ones."""

    may: UnattendedJob
    narrowed: bool  # to a part of the manifest, which what earlier jobs left goes beyond
    wanted: Callable[[], Desired]  # by the manifest of today
    detach: bool = False


@dataclass(slots=True)
class EarlierJobs:
    """The rollouts of earlier jobs, as this one leaves them."""

    finished: dict[str, Outcome] = field(default_factory=dict)  # by rollout
    left: dict[str, str] = field(default_factory=dict)  # why
    failed: bool = False  # in some stack instances of one that was finished
    drove: bool = False  # so what was read before is old

    def code(self, own: int) -> int:
        """Return the exit code of a job whose own work ended with ``own``."""
        if self.left and own in {DONE, FINDINGS, UNSEEN, PENDING}:
            return WAITING
        return FINDINGS if self.failed and own in {DONE, UNSEEN, PENDING} else own

    @property
    def json(self) -> dict[str, Any]:
        """Return the key for programs, or none where there was no such rollout."""
        rows: list[dict[str, Any]] = [
            *({"rollout": r, "outcome": o.value, "left": None} for r, o in self.finished.items()),
            *({"rollout": r, "outcome": None, "left": why} for r, why in self.left.items()),
        ]
        return {"earlier_jobs": rows} if rows else {}


def finish_earlier_jobs(loaded: LoadedManifest, session: Session, own: OwnJob) -> EarlierJobs:
    """Drive what earlier unattended jobs of the manifest left open to its end.

    A job that was killed keeps its claims. What a person has to look at is told and left, as is
    what another process drives, what may not go on now, and what this job would not do itself. An
    error in one of them ends neither the others nor the job.

    Raises:
        KeyboardInterrupt: A person has ended it, and was told how to go on.
        OrgRolloutError: What is open, or wanted, cannot be read.
    """
    found = EarlierJobs()
    for rollout in _open(loaded, session):
        if not rollout.plan.unattended:
            _say_of_others(rollout, session)
        elif why := _why_left(rollout, loaded, session, own):
            found.left[rollout.state.id] = why
            _say_left(rollout, why, session)
        else:
            found.drove = True
            _finish(rollout, session, own, found)
    return found


def _finish(rollout: Rollout, session: Session, own: OwnJob, found: EarlierJobs) -> None:
    screen, name = session.screen, rollout.state.id
    screen.say(f"{name} of an earlier unattended job is not finished. It is finished first.")
    try:
        ended, _ = driven(rollout, session, detach=own.detach)
    except OrgRolloutError as error:
        found.left[name] = str(error)
        _say_left(rollout, found.left[name], session)
        return
    outcome = ended.state.outcome
    if outcome not in _ENDED:
        found.left[name] = f"it is {ended.state.phase}"
        _say_left(ended, found.left[name], session)
        return
    found.finished[name] = outcome
    pending = only_pending(RolloutView(ended.plan, ended.state))
    found.failed |= outcome is Outcome.FAILURES and not pending
    screen.say(f"{name}: {outcome.value}.")


def _open(loaded: LoadedManifest, session: Session) -> Iterator[Rollout]:
    """Yield the rollouts of the manifest that are not done with, oldest first.

    One that is over counts only while it holds a stack set of the manifest. One that is not counts
    also if the manifest has none of its stack sets any more.
    """
    journal, manifest = session.context.journal, loaded.manifest.name
    holding = set(holders_of(journal, claims_of_manifest(loaded)).values())
    for summary in summaries(journal):
        is_open = summary.id in holding or not summary.phase.is_over
        if summary.manifest == manifest and is_open:
            rollout = load_rollout(journal, summary.id)
            if rollout.plan.unattended or not rollout.state.phase.is_over:
                yield rollout


def _why_left(rollout: Rollout, loaded: LoadedManifest, session: Session, own: OwnJob) -> str:
    """Return why this job does not finish a rollout."""
    view = RolloutView(rollout.plan, rollout.state)
    if own.narrowed:
        return "this job is narrowed to a part of the manifest"
    return (
        _why_not_now(rollout, session)
        or why_not_allowed(view, own.may)
        or why_not_wanted(view, own.wanted())
        or _why_against_rules(rollout, loaded, session)
    )


def _why_against_rules(rollout: Rollout, loaded: LoadedManifest, session: Session) -> str:
    """Return which rule on plans would not let its plan begin now; resyncs are not under them."""
    if rollout.plan.drift_rules:
        return ""
    now = judged(rollout.plan, loaded.manifest, session.context.clock.now())
    against = [
        *now.refused,
        *(text for text in now.waits_for if text not in rollout.plan.waits_for),
    ]
    return against[0] if against else ""


def _why_not_now(rollout: Rollout, session: Session) -> str:
    state, now = rollout.state, session.context.clock.now()
    if state.phase.is_over:
        return f"it is {state.phase}{f': {state.note}' if state.note else ''}"
    if state.phase is Phase.WAITING and not is_approved(rollout):
        return "it waits for approval"
    if driver := other_driver(rollout, now):
        return f"{driver} drives it"
    if state.phase is Phase.SOAKING and state.wake and state.wake > now:
        return f"it soaks until {moment(state.wake)}"
    until = session.client.frozen_until(rollout.plan)
    return f"no operation starts before {moment(until)}" if until else ""


def _say_left(rollout: Rollout, why: str, session: Session) -> None:
    name = rollout.state.id
    # An error is a whole sentence already.
    what = f"{name} of an earlier unattended job is left as it is: {why.removesuffix('.')}."
    session.screen.say(what, "yellow")
    _say_next(rollout, session)


def _say_of_others(rollout: Rollout, session: Session) -> None:
    """Name what is open and was not begun by an unattended job: a person's, or of older code."""
    session.screen.say(
        f"{rollout.state.id} is {rollout.state.phase}. No unattended job is known to have begun "
        "it, so it is left to a person."
    )
    _say_next(rollout, session)


def _say_next(rollout: Rollout, session: Session) -> None:
    if hint := next_step(rollout, session):
        session.screen.say(hint)
