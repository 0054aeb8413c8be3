"""One step of a rollout in the service: the same tick as everywhere, and when to come again."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orgrollout.api import Client
from orgrollout.aws.executions import Executions
from orgrollout.errors import OrgRolloutError
from orgrollout.journal.conflicts import unless_overtaken
from orgrollout.journal.port import Journal
from orgrollout.model.ids import RolloutId
from orgrollout.model.logs import log_of
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.documents.rollouts import Rollout, rollout_ids
from orgrollout.reconcile.lifecycle.notify import tell_of_rollout
from orgrollout.reconcile.lifecycle.rollback import rollback_if_ordered
from orgrollout.reconcile.tick.tick import tick
from orgrollout.rollout.rollback.rollback import NothingToRollBackError
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.summary import RolloutSummary
from orgrollout.service.jobs import Job, Kind, ensure_execution

_LOG = log_of(__name__)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)  # so that an order from a laptop is seen during a long soak
_ROLLBACK_IS_OWED = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The result of one step: when the next one is due, or that there is none."""

    wait: timedelta | None  # None: it is over
    said: str
    progress: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        """Return how long the state machine waits, in whole seconds as it needs them."""
        left = min(max(self.wait or SHORTEST_WAIT, SHORTEST_WAIT), LONGEST_WAIT)
        return math.ceil(left.total_seconds())


def advance(client: Client, name: str, executions: Executions) -> Step:
    """Do one tick of a rollout. Where nothing happens by itself any more, tell, and roll back.

    Raises:
        NoSuchRolloutError: The journal does not know it.
        OrgRolloutError: The tick failed. What was committed is kept, and the next one goes on.
    """
    rollout, context = RolloutId(name), client.context
    done = unless_overtaken(lambda: tick(rollout, context))
    if done is None:
        return Step(wait=SHORTEST_WAIT, said="another process was faster")
    state = done.rollout.state
    if done.wake_after is not None:
        return Step(wait=done.wake_after, said=state.phase.value)
    tell_of_rollout(done.rollout, context, lambda text: _LOG.warning("%s", text))
    if state.undo:
        _roll_back(rollout, client, executions)
    return Step(wait=None, said=state.outcome.value)


def needs_an_execution(rollout: Rollout, now: datetime) -> bool:
    """Return whether something would happen if the rollout was driven."""
    state = rollout.state
    if state.phase.is_over:
        owed = state.undo and state.superseded_by is None
        return owed and state.ended is not None and now - state.ended < _ROLLBACK_IS_OWED
    if state.phase is Phase.WAITING:
        return rollout.plan.waves[state.wave].index in state.approved
    return True


def to_look_at(journal: Journal, now: datetime) -> tuple[RolloutId, ...]:
    """Return the rollouts that may need an execution; where a record is damaged, all of them."""
    try:
        found = summaries(journal)
    except OrgRolloutError:  # or the others would stand still for as long as one cannot be read
        return rollout_ids(journal)
    return tuple(each.id for each in found if _may_go_on(each, now))


def _may_go_on(summary: RolloutSummary, now: datetime) -> bool:
    if not summary.phase.is_over:
        return True
    return summary.ended is not None and now - summary.ended < _ROLLBACK_IS_OWED


def _roll_back(rollout: RolloutId, client: Client, executions: Executions) -> None:
    try:
        back = rollback_if_ordered(rollout, client.context)
    except NothingToRollBackError as error:
        _LOG.warning("%s", error, extra={"rollout": rollout})
        return
    if back is not None:
        job = Job(kind=Kind.ROLLOUT, name=back.state.id)
        ensure_execution(job, client.context.journal, executions)
