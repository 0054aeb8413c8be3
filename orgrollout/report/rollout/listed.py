"""All rollouts of a journal, one line each."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import moment, span
from orgrollout.report.rollout.standing import waits
from orgrollout.rollout.state.state import RolloutState


def rollouts_blocks(
    found: Iterable[tuple[RolloutState, Plan | None]], now: datetime
) -> Iterator[Block]:
    """Yield the rollouts, oldest first, or that there are none; the open ones with their plans."""
    rows = tuple(
        (
            state.id,
            moment(state.created),
            state.outcome.value,
            span(state.ended - state.created) if state.ended else "",
            f"{len(state.failed):,}",
            state.begun_by.rpartition(":")[2],
            "; ".join(_standing(plan, state, now)),
        )
        for state, plan in found
    )
    if not rows:
        yield Line(text="There is no rollout in this journal.")
        return
    headers = ("rollout", "created", "outcome", "took", "failed", "begun by", "note")
    yield Sheet(headers=headers, rows=rows, right=frozenset({4}))


def _standing(plan: Plan | None, state: RolloutState, now: datetime) -> Iterator[str]:
    """Yield who approved it last, what it waits for, and who took over."""
    if state.approved:
        last = max(state.approved.values(), key=lambda given: given.at)
        yield f"approved by {last.by.rpartition(':')[2]}"
    if plan is not None:
        yield from waits(plan, state, now)
    if state.superseded_by is not None:
        yield f"superseded by {state.superseded_by}"
