"""What a manifest accepts, with owner and end, as people read it and as programs do."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orgrollout.manifest.waivers import SOON, WrittenWaiver
from orgrollout.report.layout.blocks import Block, Line, Sheet
from orgrollout.report.layout.words import count, iso, word
from orgrollout.report.plan.as_text import FORMAT_VERSION

_STATES = ("in force", "ending", "ended")
_STYLES = {"in force": "", "ending": "yellow", "ended": "red"}
_HEADERS = ("where", "waives", "stack sets", "what", "places", "until", "state", "owner", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWaiver:
    """A waiver, and how many stack instances it is about now."""

    waiver: WrittenWaiver
    pairs: int


def state_of(waiver: WrittenWaiver, now: datetime) -> str:
    """Return whether a waiver is in force, ends within 30 days, or has ended."""
    ends = waiver.ends
    if ends is None or ends - now > SOON:
        return "in force"
    return "ending" if ends > now else "ended"


def waivers_blocks(
    shown: Sequence[ShownWaiver], warnings: Iterable[str], now: datetime
) -> Iterator[Block]:
    """Yield every waiver with its reason, what ends or has ended, and how many there are."""
    states = [state_of(each.waiver, now) for each in shown]
    if shown:
        yield Sheet(
            headers=(*_HEADERS, "reason"),
            rows=tuple(_row(each, state) for each, state in zip(shown, states, strict=True)),
            right=frozenset({_HEADERS.index("places")}),
            styles=tuple(_STYLES[state] for state in states),
        )
    yield from (Line(text=f"warning: {text}", style="yellow") for text in warnings)
    found = Counter(states)
    counts = ", ".join(f"{found[state]:,} {state}" for state in _STATES)
    yield Line(text=f"{count(len(shown), 'waiver')}: {counts}.", style="bold")


def waivers_json(
    shown: Sequence[ShownWaiver], warnings: Iterable[str], now: datetime
) -> dict[str, Any]:
    """Return the same as JSON can hold it. Keys may be added, never renamed."""
    states = [word(state_of(each.waiver, now)) for each in shown]
    found = Counter(states)
    return {
        "format_version": FORMAT_VERSION,
        "as_of": iso(now),
        "summary": {word(state): found[word(state)] for state in _STATES},
        "waivers": [
            {
                "place": each.waiver.place,
                "waives": each.waiver.waives,
                "stack_sets": list(each.waiver.stack_sets),
                "what": each.waiver.what or None,
                "instances": each.pairs,
                "reason": each.waiver.terms.reason,
                "ticket": each.waiver.terms.ticket,
                "owner": each.waiver.terms.owner,
                "ends": iso(each.waiver.ends),
                "state": state,
            }
            for each, state in zip(shown, states, strict=True)
        ],
        "warnings": list(warnings),
    }


def _row(each: ShownWaiver, state: str) -> tuple[str, ...]:
    waiver, terms = each.waiver, each.waiver.terms
    return (
        waiver.place,
        waiver.waives,
        ", ".join(waiver.stack_sets),
        waiver.what,
        f"{each.pairs:,}",
        str(terms.until or "never"),
        state,
        terms.owner or "",
        terms.ticket or "",
        terms.reason,
    )
