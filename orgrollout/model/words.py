"""Numbers and spans of time in words."""

from datetime import timedelta


def count(number: int, thing: str, things: str | None = None) -> str:
    """Return `1 account`, `2 accounts`, `1,203 accounts`."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def span(duration: timedelta) -> str:
    """Return `35s`, `4m 10s`, `2h 05m`, `1d 9h`."""
    seconds = max(round(duration.total_seconds()), 0)
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes}m {seconds:02}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:  # noqa: PLR2004
        return f"{hours}h {minutes:02}m"
    days, hours = divmod(hours, 24)
    return f"{days:,}d {hours}h"
