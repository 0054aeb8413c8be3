"""Numbers, spans and moments in words."""

from collections.abc import Sequence
from datetime import datetime

from orgrollout.model.words import count, span

__all__ = ["clock_time", "count", "enumerated", "iso", "moment", "span", "word", "zoned"]


def enumerated(things: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *most, last = things or ("",)
    return f"{', '.join(most)} and {last}" if most else last


def clock_time(moment: datetime) -> str:
    """Return the time of day where the reader is."""
    return f"{moment.astimezone():%H:%M}"


def moment(then: datetime) -> str:
    """Return the day and the time of day where the reader is."""
    return f"{then.astimezone():%Y-%m-%d %H:%M}"


def zoned(then: datetime) -> str:
    """Return the same with its distance from UTC, for a reader who may be elsewhere."""
    return then.astimezone().isoformat(" ", "minutes")


def iso(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it, or nothing."""
    return None if moment is None else moment.isoformat()


def word(value: str) -> str:
    """Return what a person reads as JSON has it: `not checked` is `not_checked`."""
    return value.replace(" ", "_")
