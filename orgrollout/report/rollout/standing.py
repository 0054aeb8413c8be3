"""How a rollout stands with people and with time: who began, who approved, what it waits for."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from orgrollout.plan.model.plan import Plan, PlannedWave
from orgrollout.report.layout.blocks import Line
from orgrollout.report.layout.words import iso, moment, span
from orgrollout.rollout.decide.wait_reasons import Pauses, pauses
from orgrollout.rollout.state.state import Approval, Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView


def standing_lines(plan: Plan, state: RolloutState, now: datetime) -> Iterator[Line]:
    """Yield who began a rollout and who approved what, what it waits for, and who took over."""
    if plan.planned_by:
        yield Line(text=f"planned by {plan.planned_by}", style="dim")
    if state.begun_by:
        yield Line(text=f"begun by {state.begun_by}", style="dim")
    for wave, given in _approvals(RolloutView(plan, state)):
        yield Line(text=f"after wave {wave.name}, approved by {given.by} on {moment(given.at)}, of")
        yield from (Line(text=f"  {line}", style="dim") for line in given.shown.splitlines())
    yield from (Line(text=text, style="yellow") for text in waits(plan, state, now))
    if state.superseded_by is not None:
        yield Line(text=f"superseded by {state.superseded_by}, for good")


def waits(
    plan: Plan, state: RolloutState, now: datetime, told: Callable[[datetime], str] = moment
) -> Iterator[str]:
    """Yield what an open rollout waits for, and until when; ``told`` puts a moment in words."""
    found = pauses(RolloutView(plan, state), now)
    if found.soaking_until is not None:
        over = "" if now < found.soaking_until else ", which is over: nothing has driven it since"
        yield f"soaking until {_until(found.soaking_until, now, told)}{over}"
    if found.frozen_until is not None:
        yield f"frozen: no operation starts before {_until(found.frozen_until, now, told)}"
    if found.retrying_at is not None:
        yield f"trying again at {_until(found.retrying_at, now, told)}"
    if state.phase is Phase.WAITING:
        wave = plan.waves[state.wave]
        second = " by a second person" if wave.gate.not_by_planner else ""
        given = wave.index in state.approved
        yield (
            f"approved after wave {wave.name}; nothing has driven it since"
            if given
            else f"waiting for approval{second} after wave {wave.name}"
        )


def standing_json(plan: Plan, state: RolloutState, now: datetime) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "planned_by": plan.planned_by or None,
        "begun_by": state.begun_by or None,
        "approvals": [
            {
                "wave": wave.index,
                "name": wave.name,
                "by": given.by,
                "at": iso(given.at),
                "shown": given.shown,
            }
            for wave, given in _approvals(RolloutView(plan, state))
        ],
        **pauses_json(RolloutView(plan, state), now),
        "superseded_by": state.superseded_by,
    }


def pauses_json(view: RolloutView | None, now: datetime) -> dict[str, Any]:
    """Return until when a rollout waits; None: it is over, and waits for nothing."""
    found = Pauses() if view is None else pauses(view, now)
    return {
        "soaking_until": iso(found.soaking_until),
        "frozen_until": iso(found.frozen_until),
        "retrying_at": iso(found.retrying_at),
    }


def _approvals(view: RolloutView) -> Iterator[tuple[PlannedWave, Approval]]:
    for wave in view.plan.waves:
        if wave.index in view.state.approved:
            yield wave, view.state.approved[wave.index]


def _until(then: datetime, now: datetime, told: Callable[[datetime], str]) -> str:
    return f"{told(then)} ({span(then - now)} from now)" if now < then else told(then)
