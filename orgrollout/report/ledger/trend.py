"""How many pairs were in which state at the end of each rollout."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orgrollout.model.ids import RolloutId
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import iso, zoned
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.rollout.coverage import CoverageState
from orgrollout.rollout.state.state import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The ledger of one rollout's end, in numbers."""

    rollout: RolloutId
    outcome: Outcome
    when: datetime  # its end; of an open one, now
    read: datetime | None  # when what no rollout touched was read; None: the ledger is a part
    counts: Counter[CoverageState]


def trend_json(manifest: str, points: Sequence[Point], more: int) -> dict[str, Any]:
    """Return the trend, oldest first. ``more`` rollouts before are left out."""
    return {
        "format_version": FORMAT_VERSION,
        "manifest": manifest,
        "more_rollouts": more,
        "rollouts": [
            {
                "rollout": each.rollout,
                "outcome": each.outcome.value,
                "made": iso(each.when),
                "read": iso(each.read),
                "narrowed": each.read is None,
                "summary": {state.value: each.counts[state] for state in CoverageState},
            }
            for each in points
        ],
    }


def trend_blocks(points: Sequence[Point], more: int) -> Iterator[Block]:
    """Yield a line for each rollout, oldest first, and what its numbers leave out."""
    if more:
        yield Line(text=f"{more:,} older rollouts are left out", style="dim")
    yield trend_sheet(points)
    parts = [each.rollout for each in points if each.read is None]
    if parts:
        yield Line(
            text="no plan of that time tells how all stood, so only what rollouts touched is "
            f"counted: {', '.join(parts)}",
            style="yellow",
        )
    yield Line(text="from the journal alone; of drift only what was known", style="dim")


def trend_sheet(points: Sequence[Point]) -> Sheet:
    """Return the trend as a table: a column for each state that there was."""
    total = sum((each.counts for each in points), Counter[CoverageState]())
    used = [state for state in CoverageState if total[state]]
    return Sheet(
        headers=("rollout", "as of", "outcome", *(state.replace("_", " ") for state in used)),
        rows=tuple(
            (
                each.rollout,
                zoned(each.when),
                each.outcome.value,
                *(f"{each.counts[state]:,}" for state in used),
            )
            for each in points
        ),
        right=frozenset(range(3, 3 + len(used))),
    )
