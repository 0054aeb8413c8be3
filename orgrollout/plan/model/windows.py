"""When operations may start unattended: spans of the week, in UTC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import get_args

from orgrollout.manifest.schema import ResyncWindow, Weekday

_DAYS: tuple[str, ...] = get_args(Weekday)  # as datetime.weekday counts them
_MIDNIGHT = "24:00"
_DAY = timedelta(days=1)
_WEEK = 7  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of some days of the week; one that passes midnight is of the day it begins on."""

    days: tuple[int, ...]  # Monday is 0
    begins: timedelta  # after midnight
    ends: timedelta  # after that same midnight

    def __post_init__(self) -> None:
        """Refuse what no window is: closed for ever must not be taken for open.

        Raises:
            ValueError: It is on no day, or its times are not of a day and the one after it.
        """
        if not self.days or not set(self.days) <= set(range(_WEEK)):
            raise ValueError("a window has days that no week has")
        if not timedelta() <= self.begins <= _DAY or not self.begins < self.ends <= 2 * _DAY:
            raise ValueError("a window begins or ends at a time that no day has")


def windows_of(windows: Iterable[ResyncWindow]) -> tuple[Window, ...]:
    """Return the windows of a manifest; one that ends before it starts passes midnight."""
    return tuple(map(_window, windows))


def is_open(windows: Iterable[Window], now: datetime) -> bool:
    """Return whether a moment is within one of the windows."""
    return any(begins <= now < ends for window in windows for begins, ends in _spans(window, now))


def closed_until(windows: tuple[Window, ...], now: datetime) -> datetime | None:
    """Return when the next window begins, where there are windows and none of them is open."""
    if not windows or is_open(windows, now):
        return None
    spans = (span for window in windows for span in _spans(window, now))
    return min((begins for begins, _ in spans if begins > now), default=None)


def _window(window: ResyncWindow) -> Window:
    begins, ends = _of_day(window.start), _of_day(window.end)
    return Window(
        days=tuple(number for number, day in enumerate(_DAYS) if day in window.days),
        begins=begins,
        ends=ends if ends > begins else ends + _DAY,
    )


def _spans(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans of a window from the day before to a week later."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(-1, _WEEK + 1):
        day = today + number * _DAY
        if day.weekday() in window.days:
            yield day + window.begins, day + window.ends


def _of_day(text: str) -> timedelta:
    if text == _MIDNIGHT:
        return _DAY
    found = time.fromisoformat(text)
    return timedelta(hours=found.hour, minutes=found.minute)
