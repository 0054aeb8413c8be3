"""All rollouts of a journal, one line each."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import moment, span
from orgrollout.report.rollout.standing import waits
from orgrollout.rollout.state.summary import RolloutSummary
from orgrollout.rollout.state.view import RolloutView


def rollouts_blocks(
    found: Iterable[tuple[RolloutSummary, RolloutView | None]], now: datetime
) -> Iterator[Block]:
    """Yield the rollouts, oldest first, or that there are none; the open ones with their plans."""
    rows = tuple(
        (
            summary.id,
            moment(summary.created),
            summary.outcome.value,
            span(summary.ended - summary.created) if summary.ended else "",
            f"{summary.failed:,}",
            summary.begun_by.rpartition(":")[2],
            "; ".join(_standing(summary, view, now)),
        )
        for summary, view in found
    )
    if not rows:
        yield Line(text="There is no rollout in this journal.")
        return
    headers = ("rollout", "created", "outcome", "took", "failed", "begun by", "note")
    yield Sheet(headers=headers, rows=rows, right=frozenset({4}))


def _standing(summary: RolloutSummary, view: RolloutView | None, now: datetime) -> Iterator[str]:
    """Yield who approved it last, what it waits for, and who took over."""
    if summary.approved_by:
        yield f"approved by {summary.approved_by.rpartition(':')[2]}"
    if view is not None:
        yield from waits(view.plan, view.state, now)
    if summary.superseded_by is not None:
        yield f"superseded by {summary.superseded_by}"
