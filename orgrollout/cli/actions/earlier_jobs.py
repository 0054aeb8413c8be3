"""What earlier unattended jobs of a manifest left open: finished first, or told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgrollout.cli.actions.follow import driven
from orgrollout.cli.actions.next_steps import is_approved, next_step, other_driver
from orgrollout.cli.actions.supersede import claims_of_manifest
from orgrollout.cli.errors import DONE, FINDINGS, PENDING, UNSEEN, WAITING
from orgrollout.cli.session import Session
from orgrollout.drift.unattended import rules_of
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.report.layout.words import moment
from orgrollout.rollout.state.state import Outcome, Phase
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.still_wanted import why_not_wanted

Wanted = Callable[[], Mapping[StackSetKey, DesiredStackSet]]
_ENDED = frozenset({Outcome.SUCCEEDED, Outcome.FAILURES})


@dataclass(frozen=True, slots=True)
class EarlierJobs:
    """The rollouts of earlier jobs, as this one leaves them."""

    finished: Mapping[str, Outcome] = field(default_factory=dict)  # by rollout
    left: Mapping[str, str] = field(default_factory=dict)  # why

    def code(self, own: int) -> int:
        """Return the exit code of a job whose own work ended with ``own``."""
        return WAITING if self.left and own in {DONE, FINDINGS, UNSEEN, PENDING} else own

    @property
    def json(self) -> dict[str, Any]:
        """Return the key for programs, or none where there was no such rollout."""
        rows: list[dict[str, Any]] = [
            *({"rollout": r, "outcome": o.value, "left": None} for r, o in self.finished.items()),
            *({"rollout": r, "outcome": None, "left": why} for r, why in self.left.items()),
        ]
        return {"earlier_jobs": rows} if rows else {}


def finish_earlier_jobs(
    loaded: LoadedManifest, session: Session, wanted: Wanted, *, detach: bool = False
) -> EarlierJobs:
    """Drive what earlier unattended jobs of the manifest left open to its end.

    A job that was killed keeps its claims. What a person has to look at is told and left, as is
    what another process drives, what may not go on now, and what is not wanted any more.

    Raises:
        KeyboardInterrupt: A person has ended it, and was told how to go on.
        OrgRolloutError: It cannot go on. It stays open.
    """
    screen = session.screen
    finished: dict[str, Outcome] = {}
    left: dict[str, str] = {}
    for rollout in _open(loaded, session):
        name = rollout.state.id
        if why := _why_left(rollout, loaded, session, wanted):
            left[name] = why
            _say_left(rollout, why, session)
            continue
        screen.say(f"{name} of an earlier unattended job is not finished. It is finished first.")
        ended, _ = driven(rollout, session, detach=detach)
        if ended.state.outcome in _ENDED:
            finished[name] = ended.state.outcome
            screen.say(f"{name}: {ended.state.outcome.value}.")
        else:
            left[name] = f"it is {ended.state.phase}"
            _say_left(ended, left[name], session)
    return EarlierJobs(finished, left)


def _open(loaded: LoadedManifest, session: Session) -> list[Rollout]:
    """Return the rollouts that unattended jobs of the manifest have not done with, oldest first."""
    journal = session.context.journal
    holding = set(holders_of(journal, claims_of_manifest(loaded)).values())
    found = [load_rollout(journal, other) for other in holding]
    mine = [r for r in found if r.plan.unattended and r.plan.manifest == loaded.manifest.name]
    return sorted(mine, key=lambda rollout: rollout.state.created)


def _why_left(rollout: Rollout, loaded: LoadedManifest, session: Session, wanted: Wanted) -> str:
    """Return why this job does not finish a rollout."""
    state, now = rollout.state, session.context.clock.now()
    if state.phase.is_over:
        return f"it is {state.phase}{f': {state.note}' if state.note else ''}"
    if state.phase is Phase.WAITING and not is_approved(rollout):
        return "it waits for approval"
    if driver := other_driver(rollout, now):
        return f"{driver} drives it"
    if until := session.client.frozen_until(rollout.plan):
        return f"no operation starts before {moment(until)}"
    rules = rules_of(loaded.manifest.drift)
    return why_not_wanted(RolloutView(rollout.plan, state), wanted(), rules)


def _say_left(rollout: Rollout, why: str, session: Session) -> None:
    name = rollout.state.id
    session.screen.say(f"{name} of an earlier unattended job is left as it is: {why}.", "yellow")
    if hint := next_step(rollout, session):
        session.screen.say(hint)
