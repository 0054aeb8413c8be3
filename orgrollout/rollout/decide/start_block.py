"""What keeps a rollout from starting anything more, for good or for a time."""

from datetime import datetime

from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.windows import closed_until
from orgrollout.rollout.decide.wave_gates import alarmed
from orgrollout.rollout.state.decision import Observations, StartBlock
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.state.waves import failed_accounts, has_too_many_failures, is_through
from orgrollout.rollout.verify.foreign_changes import foreign_changes


def why_to_halt(view: RolloutView, observations: Observations) -> str:
    """Return why nothing more may start, or nothing where it may."""
    if is_through(view):
        return ""
    wave = view.plan.waves[view.state.wave]
    if has_too_many_failures(view):
        failed = len(failed_accounts(view))
        return (
            f"wave {wave.index} {wave.name}: {failed} of {len(wave.accounts)} accounts failed, "
            f"{wave.allowed_failures} allowed"
        )
    return "; ".join(foreign_changes(view.plan, observations)) or alarmed(view, observations)


def frozen_until(plan: Plan, now: datetime) -> datetime | None:
    """Return when the freeze ends that holds now, if one does, or the next window opens."""
    ends = (f.end for f in plan.freezes if f.start <= now < f.end)
    opens = closed_until(plan.windows, now)
    return max((*ends, *(() if opens is None else (opens,))), default=None)


def start_block(view: RolloutView, observations: Observations, now: datetime) -> StartBlock:
    """Return whether anything may begin at all, also within what is under way."""
    return StartBlock(
        given_up=bool(why_to_halt(view, observations)), frozen=frozen_until(view.plan, now)
    )
