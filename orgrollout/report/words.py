"""Numbers, spans and moments in words."""

from collections.abc import Sequence
from datetime import datetime, timedelta


def count(number: int, thing: str, things: str | None = None) -> str:
    """Return `1 account`, `2 accounts`, `1,203 accounts`."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def span(duration: timedelta) -> str:
    """Return `35s`, `4m 10s`, `2h 05m`."""
    seconds = max(round(duration.total_seconds()), 0)
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes}m {seconds:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m"


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


def iso(moment: datetime | None) -> str | None:
    """Return a moment as JSON has it, or nothing."""
    return None if moment is None else moment.isoformat()


def word(value: str) -> str:
    """Return what a person reads as JSON has it: `not checked` is `not_checked`."""
    return value.replace(" ", "_")
