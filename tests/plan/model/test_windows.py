"""Windows of the week in which operations may start unattended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgrollout.manifest.schema import ResyncWindow
from orgrollout.plan.model.windows import closed_until, is_open, windows_of

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "day", "hour", "expected"),
    [
        ({}, 5, 0, True),
        ({"days": ["mon"], "start": "08:00", "end": "17:00"}, 5, 8, True),
        ({"days": ["mon"], "start": "08:00", "end": "17:00"}, 5, 17, False),
        ({"days": ["mon"], "start": "08:00", "end": "17:00"}, 6, 9, False),
        ({"days": ["mon"], "start": "22:00", "end": "04:00"}, 6, 3, True),
        ({"days": ["mon"], "start": "22:00", "end": "04:00"}, 5, 3, False),
        ({"days": ["sun"], "start": "22:00", "end": "24:00"}, 4, 23, True),
    ],
)
def test_a_window_is_of_the_day_on_which_it_begins(
    window: dict[str, Any], day: int, hour: int, *, expected: bool
) -> None:
    moment = MONDAY.replace(day=day, hour=hour)

    assert is_open(windows_of([ResyncWindow(**window)]), moment) is expected


def test_outside_of_all_windows_the_next_one_tells_when_to_go_on() -> None:
    windows = windows_of(
        [
            ResyncWindow(days=("mon",), start="22:00", end="04:00"),
            ResyncWindow(days=("thu",), start="08:00", end="09:00"),
        ]
    )
    after_the_first = MONDAY + timedelta(days=1, hours=4)

    assert closed_until(windows, MONDAY.replace(hour=23)) is None
    assert closed_until(windows, after_the_first) == MONDAY + timedelta(days=3, hours=8)
    assert closed_until(windows, MONDAY + timedelta(days=3, hours=9)) == MONDAY + timedelta(
        days=7, hours=22
    )


def test_without_windows_nothing_is_ever_closed() -> None:
    assert closed_until((), MONDAY) is None
