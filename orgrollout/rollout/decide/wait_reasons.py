"""What an open rollout waits for by the clock alone: a soak, a freeze, a pause before a retry."""

from dataclasses import dataclass
from datetime import datetime

from orgrollout.rollout.decide.start_block import frozen_until
from orgrollout.rollout.operations.start_operations import ready_to_start
from orgrollout.rollout.state.state import Phase
from orgrollout.rollout.state.view import RolloutView

_HELD_BY_A_FREEZE = frozenset({Phase.RUNNING, Phase.SOAKING, Phase.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Until when a rollout waits. Each is an absolute time, whatever drives it or does not."""

    soaking_until: datetime | None = None  # may be over, where nothing has driven it since
    frozen_until: datetime | None = None
    retrying_at: datetime | None = None


def pauses(view: RolloutView, now: datetime) -> Pauses:
    """Return what a rollout waits for by the clock."""
    held = view.state.phase in _HELD_BY_A_FREEZE
    return Pauses(
        soaking_until=view.state.wake if view.state.phase is Phase.SOAKING else None,
        frozen_until=frozen_until(view.plan, now) if held else None,
        retrying_at=_retrying_at(view, now),
    )


def rests(view: RolloutView, now: datetime) -> bool:
    """Return whether nothing runs, and nothing starts before the clock says so."""
    found = pauses(view, now)
    soaks = found.soaking_until is not None and now < found.soaking_until
    frozen = view.state.phase is Phase.RUNNING and found.frozen_until is not None
    return not view.state.in_flight and (soaks or frozen or found.retrying_at is not None)


def _retrying_at(view: RolloutView, now: datetime) -> datetime | None:
    """Return when the next retry starts, where nothing else starts before and nothing runs."""
    if view.state.phase is not Phase.RUNNING or view.state.in_flight:
        return None
    starts = [pending.not_before or now for pending in ready_to_start(view)]
    return first if starts and (first := min(starts)) > now else None
