"""What a re-sync may do that nobody watches: how much of it, and when."""

from datetime import datetime, time, timedelta
from typing import get_args

from orgrollout.drift.resync import Resync
from orgrollout.manifest.schema import ResyncWindow, Unattended, Weekday

_DAYS: tuple[str, ...] = get_args(Weekday)  # as datetime.weekday counts them
_MIDNIGHT = "24:00"
_DAY = timedelta(days=1)


def why_not_now(limits: Unattended, resync: Resync, now: datetime) -> str:
    """Return why nothing is repaired, or nothing where the whole of it may be.

    It is all or nothing: that much drift at once has a cause that a person should know before
    anything is undone.
    """
    if limits.windows and not any(is_open(window, now) for window in limits.windows):
        return f"{now:%a %H:%M} UTC is in none of drift.unattended.windows"
    if resync.instances > limits.max_instances:
        return (
            f"{resync.instances:,} stack instances would be repaired, and "
            f"drift.unattended.max_instances is {limits.max_instances:,}"
        )
    return ""


def is_open(window: ResyncWindow, now: datetime) -> bool:
    """Return whether a moment is within a window; one that ends before it starts spans midnight."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begins, ends = _of_day(window.start), _of_day(window.end)
    if ends <= begins:
        ends += _DAY
    return any(
        day + begins <= now < day + ends
        for day in (today - _DAY, today)
        if _DAYS[day.weekday()] in window.days
    )


def _of_day(text: str) -> timedelta:
    if text == _MIDNIGHT:
        return _DAY
    found = time.fromisoformat(text)
    return timedelta(hours=found.hour, minutes=found.minute)
