"""All rollouts of a journal, one line each."""

from collections.abc import Iterable, Iterator

from orgrollout.report.blocks import Block, Line, Sheet
from orgrollout.report.words import span
from orgrollout.rollout.state import RolloutState


def rollouts_blocks(found: Iterable[RolloutState]) -> Iterator[Block]:
    """Yield the rollouts, oldest first, or that there are none."""
    rows = tuple(
        (
            state.id,
            f"{state.created.astimezone():%Y-%m-%d %H:%M}",
            state.outcome.value,
            span(state.ended - state.created) if state.ended else "",
            f"{len(state.failed):,}",
        )
        for state in found
    )
    if not rows:
        yield Line(text="There is no rollout in this journal.")
        return
    headers = ("rollout", "created", "outcome", "took", "failed")
    yield Sheet(headers=headers, rows=rows, right=frozenset({4}))
