"""A rollout in short: what is asked of all rollouts of a journal at once."""

from dataclasses import dataclass

from pydantic import AwareDatetime

from orgrollout.model.ids import Digest, RolloutId
from orgrollout.rollout.state.state import Outcome, Phase, RolloutState


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSummary:
    """How a rollout stands, or ended. The state has the rest."""

    id: RolloutId
    plan: Digest  # of the artifact in the journal
    created: AwareDatetime
    phase: Phase
    ended: AwareDatetime | None
    failed: int  # stack instances that failed for good, apart from those that were skipped
    begun_by: str  # an ARN
    approved_by: str  # who approved last: an ARN; empty: no one has
    superseded_by: RolloutId | None

    @property
    def manifest(self) -> str:
        """Return the name of the manifest it is of: an id is that and a number."""
        return self.id.rpartition("-")[0]

    @property
    def holds(self) -> bool:
        """Return whether it may go on, so that no other rollout may change its stack sets."""
        return self.phase is not Phase.FINISHED and self.superseded_by is None

    @property
    def outcome(self) -> Outcome:
        """Return how it ended, or stands."""
        return self.phase.outcome(has_failures=self.failed > 0)


def summary_of(state: RolloutState) -> RolloutSummary:
    """Return a state in short."""
    last = max(state.approved.values(), key=lambda given: given.at, default=None)
    return RolloutSummary(
        id=state.id,
        plan=state.plan,
        created=state.created,
        phase=state.phase,
        ended=state.ended,
        failed=len(state.failed),
        begun_by=state.begun_by,
        approved_by=last.by if last else "",
        superseded_by=state.superseded_by,
    )
