"""What keeps a rollout from starting anything more, for good or for a time."""

from datetime import datetime

from orgrollout.model.ids import AccountId
from orgrollout.plan.plan import Plan
from orgrollout.plan.windows import closed_until
from orgrollout.rollout.decision import Seen
from orgrollout.rollout.gates import alarmed
from orgrollout.rollout.state import Phase, RolloutState
from orgrollout.rollout.wanted import is_through
from orgrollout.rollout.watch import foreign_changes


def why_to_halt(plan: Plan, state: RolloutState, seen: Seen) -> str:
    """Return why nothing more may start, or nothing where it may."""
    if is_through(plan, state):
        return ""
    wave = plan.waves[state.wave]
    failed = len(_failed_accounts(plan, state))
    if failed > wave.allowed_failures:
        return (
            f"wave {wave.index} {wave.name}: {failed} of {len(wave.accounts)} accounts failed, "
            f"{wave.allowed_failures} allowed"
        )
    return "; ".join(foreign_changes(plan, seen)) or alarmed(plan, state, seen)


def _failed_accounts(plan: Plan, state: RolloutState) -> set[AccountId]:
    """Return the accounts that failed for good in this wave: one bad Region is one account."""
    wave = plan.waves[state.wave].index
    return {
        f.pair.account
        for f in state.failed
        if f.kind.weighs and plan.operations[f.planned].wave == wave
    }


def frozen_until(plan: Plan, now: datetime) -> datetime | None:
    """Return when the freeze ends that holds now, if one does, or the next window opens."""
    ends = (f.end for f in plan.freezes if f.start <= now < f.end)
    opens = closed_until(plan.windows, now)
    return max((*ends, *(() if opens is None else (opens,))), default=None)


def is_given_up(plan: Plan, state: RolloutState, seen: Seen, now: datetime) -> bool:
    """Return whether nothing may begin any more, also not within what is under way."""
    return (
        state.phase is Phase.STOPPING
        or frozen_until(plan, now) is not None
        or bool(why_to_halt(plan, state, seen))
    )
