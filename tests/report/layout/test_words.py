from datetime import timedelta

import pytest

from orgrollout.report.layout.words import count, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (35.4, "35s"),
        (59.6, "1m 00s"),
        (250, "4m 10s"),
        (7500, "2h 05m"),
        (118800, "1d 9h"),
        (86400 * 1000 + 5, "1,000d 0h"),
    ],
)
def test_a_span_is_as_exact_as_it_matters(seconds: float, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 accounts"), (1, "1 account"), (1203, "1,203 accounts")]
)
def test_one_is_singular(number: int, text: str) -> None:
    assert count(number, "account") == text
